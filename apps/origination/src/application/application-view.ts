import type { MoneyJson } from '@daftari/kernel';
import { type Viewer, visible } from '../aggregates.js';
import type { Application, ApplicationStatus } from './domain/application.js';
import type { Score } from './domain/score.js';

/** An application as it is shown. Staff also see the score's inputs and who reviewed and decided. */
export interface ApplicationView {
  readonly applicationId: string;
  readonly customerId: string;
  readonly status: ApplicationStatus;
  readonly productId: string;
  readonly productName: string;
  readonly productVersion: number;
  readonly principal: MoneyJson;
  readonly numberOfInstallments: number;
  readonly installment: MoneyJson | null;
  readonly phone: string;
  readonly purpose: string | null;
  readonly vendorId: string | null;
  readonly submittedOn: string;
  readonly grade: string | null;
  readonly score?: Score | null;
  readonly reviewedBy?: string | null;
  readonly decidedBy?: string | null;
  readonly decidedOn: string | null;
  readonly loanId: string | null;
  readonly reason: string | null;
  readonly nextSteps: string | null;
}

/** What of an application the viewer sees. Errors: NotFound when it may not know of it. */
export const applicationView = (state: Application, viewer: Viewer): ApplicationView => {
  const facts = visible('application', state.facts, viewer);
  const forStaff = {
    score: state.score,
    reviewedBy: state.reviewedBy?.actorId ?? null,
    decidedBy: state.decidedBy?.actorId ?? null,
  };
  return {
    applicationId: facts.applicationId,
    customerId: facts.customerId,
    status: state.status,
    productId: facts.product.productId,
    productName: facts.product.name,
    productVersion: facts.product.version,
    principal: facts.principal,
    numberOfInstallments: facts.numberOfInstallments,
    installment: state.installment,
    phone: facts.phone,
    purpose: facts.purpose,
    vendorId: facts.vendorId ?? null,
    submittedOn: facts.submittedOn,
    grade: state.score?.grade ?? null,
    ...(viewer.ownedBy === null ? forStaff : {}),
    decidedOn: state.decidedBy?.on ?? null,
    loanId: state.loanId,
    reason: state.reason,
    nextSteps: state.nextSteps,
  };
};
