import { Inject, Injectable } from '@nestjs/common';
import type { TransactionalEventStore } from '@daftari/event-store';
import { deterministicId } from '@daftari/kernel';
import {
  Database,
  EVENT_STORE,
  eventMeta,
  expectedOf,
  newEvents,
  type RequestMeta,
  retryConflict,
  Tenants,
  type Tx,
} from '@daftari/service-kit';
import { applicationStream, loadApplication, loanStream, visible } from '../../aggregates.js';
import { reserveAccountReference } from '../../loan/reserve-account-reference.js';
import { decideLoan } from '../../loan/domain/decide-loan.js';
import { initialLoan, type LoanFacts } from '../../loan/domain/loan.js';
import { errorFor } from '../../rejections.js';
import type {
  Application,
  ApplicationCommand,
  ApplicationFacts,
  DecidedBy,
} from '../domain/application.js';
import { decideApplication, evolveApplication } from '../domain/decide-application.js';

const loanOf = (
  facts: ApplicationFacts,
  loan: Pick<LoanFacts, 'loanId' | 'accountReference' | 'approvedOn'>,
): LoanFacts => ({
  ...loan,
  tenantId: facts.tenantId,
  customerId: facts.customerId,
  applicationId: facts.applicationId,
  productId: facts.product.productId,
  productVersion: facts.product.version,
  productName: facts.product.name,
  principal: facts.principal,
  numberOfInstallments: facts.numberOfInstallments,
  phone: facts.phone,
  terms: facts.product.terms,
});

/** Review, approval and rejection. An approval and the loan that it makes commit together. */
@Injectable()
export class DecideApplicationHandler {
  constructor(
    @Inject(EVENT_STORE) private readonly store: TransactionalEventStore,
    private readonly db: Database,
    private readonly tenants: Tenants,
  ) {}

  /** Errors: NotFound; Rejected 409 for an illegal transition, 403 for the same person. */
  async execute(
    id: string,
    meta: RequestMeta,
    toCommand: (by: DecidedBy) => ApplicationCommand,
  ): Promise<Application> {
    const on = await this.tenants.today(meta.tenantId);
    const command = toCommand({ actorId: meta.userId, commandId: meta.commandId, on });
    return retryConflict(async () => {
      const { state, revision } = await loadApplication(this.store, id);
      const viewer = { tenantId: meta.tenantId, ownedBy: null };
      const facts = visible('application', state.facts, viewer);
      const decision = decideApplication(command, state);
      if (!decision.accepted) throw errorFor(decision.rejection);
      const { events } = decision;
      if (events.length === 0) return state;
      await this.db.transaction(async (tx) => {
        if (command.type === 'ApproveApplication')
          await this.createLoan(tx, facts, { loanId: command.data.loanId, approvedOn: on }, meta);
        const appended = newEvents(eventMeta(meta), meta.commandId, events);
        const options = { expected: expectedOf(revision) };
        await this.store.appendIn(tx.client, applicationStream(id), appended, options);
      });
      return events.reduce(evolveApplication, state);
    });
  }

  private async createLoan(
    tx: Tx,
    facts: ApplicationFacts,
    loan: Pick<LoanFacts, 'loanId' | 'approvedOn'>,
    meta: RequestMeta,
  ): Promise<void> {
    const { loanId } = loan;
    const accountReference = await reserveAccountReference(tx.client, meta.tenantId, loanId);
    const data = loanOf(facts, { ...loan, accountReference });
    const decision = decideLoan({ type: 'CreateLoan', data }, initialLoan);
    if (!decision.accepted) throw errorFor(decision.rejection);
    const commandId = deterministicId('create-loan', meta.commandId);
    const events = newEvents(eventMeta(meta), commandId, decision.events);
    await this.store.appendIn(tx.client, loanStream(loanId), events, { expected: 'no_stream' });
  }
}
