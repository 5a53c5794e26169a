import { Inject, Injectable } from '@nestjs/common';
import type { EventStore } from '@daftari/event-store';
import { deterministicId, NotFound } from '@daftari/kernel';
import {
  EVENT_STORE,
  eventMeta,
  expectedOf,
  newEvents,
  type RequestMeta,
  retryConflict,
  Tenants,
} from '@daftari/service-kit';
import { applicationStream, loadApplication, loadProduct } from '../../aggregates.js';
import { CustomerProfiles } from '../../customer/customer-profiles.js';
import type { ProductFacts } from '../../product/domain/product.js';
import { errorFor } from '../../rejections.js';
import type { Application, Submission } from '../domain/application.js';
import { decideApplication, evolveApplication } from '../domain/decide-application.js';
import { failedRules } from '../domain/rules.js';
import type { SubmitApplicationRequest } from './submit-application.request.js';

/** Sends an application in: the customer's figures are fetched first, then one pure decision is made. */
@Injectable()
export class SubmitApplicationHandler {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly tenants: Tenants,
    private readonly profiles: CustomerProfiles,
  ) {}

  /** Errors: Rejected 403 `application/email-not-verified`, 422 `application/invalid` with every failed rule. */
  async execute(body: SubmitApplicationRequest, meta: RequestMeta): Promise<Application> {
    const data = await this.submission(body, meta);
    return retryConflict(async () => {
      const { state, revision } = await loadApplication(this.store, data.applicationId);
      const decision = decideApplication({ type: 'SubmitApplication', data }, state);
      if (!decision.accepted) {
        const fields = decision.rejection === 'application/invalid' ? failedRules(data) : [];
        throw errorFor(decision.rejection, fields);
      }
      if (decision.events.length > 0) {
        const events = newEvents(eventMeta(meta), meta.commandId, decision.events);
        const options = { expected: expectedOf(revision) };
        await this.store.append(applicationStream(data.applicationId), events, options);
      }
      return decision.events.reduce(evolveApplication, state);
    });
  }

  private async submission(body: SubmitApplicationRequest, meta: RequestMeta): Promise<Submission> {
    const profile = await this.profiles.of(meta.userId, meta.tenantId);
    const { emailVerified, monthlyIncome, employed, completedLoans } = profile;
    return {
      applicationId: deterministicId('application', meta.commandId),
      tenantId: meta.tenantId,
      customerId: meta.userId,
      emailVerified,
      product: await this.product(body.productId, meta.tenantId),
      principal: { amount: body.principal.amount, currency: body.principal.currency },
      numberOfInstallments: body.numberOfInstallments,
      phone: body.phone,
      purpose: body.purpose,
      vendorId: body.vendorId,
      submittedOn: await this.tenants.today(meta.tenantId),
      customer: { monthlyIncome, employed, completedLoans },
    };
  }

  private async product(productId: string, tenantId: string): Promise<ProductFacts | null> {
    try {
      const { state } = await loadProduct(this.store, productId);
      return state.facts?.tenantId === tenantId ? state.facts : null;
    } catch (error) {
      if (error instanceof NotFound) return null; // An unknown product is one of the failed rules.
      throw error;
    }
  }
}
