import type { MoneyJson } from '@daftari/kernel';
import type { ProductFacts } from '../../product/domain/product.js';
import type { Score } from './score.js';

/** Where an application stands. `none`: nothing was sent in yet. */
export type ApplicationStatus = 'none' | 'pending' | 'under_review' | 'approved' | 'rejected';

/** The figures of a customer that decide; null where the profile says nothing. */
export interface CustomerFigures {
  readonly monthlyIncome: MoneyJson | null;
  readonly employed: boolean;
  readonly completedLoans: number;
}

/** What was applied for; the product is kept as it was on that day. */
export interface ApplicationFacts {
  readonly applicationId: string;
  readonly tenantId: string;
  readonly customerId: string;
  readonly product: ProductFacts;
  readonly principal: MoneyJson;
  readonly numberOfInstallments: number;
  readonly phone: string;
  readonly purpose: string | null;
  /** Whose goods the loan is for; absent in applications from before vendors were named. */
  readonly vendorId?: string | null;
  readonly submittedOn: string;
}

/** Who decided, when, caused by which command. */
export interface DecidedBy {
  readonly actorId: string;
  readonly commandId: string;
  readonly on: string;
}

/** Something that happened to an application. */
export type ApplicationEvent =
  | { readonly type: 'ApplicationSubmitted'; readonly data: ApplicationFacts }
  | {
      readonly type: 'ApplicationScored';
      readonly data: Score & { readonly applicationId: string; readonly installment: MoneyJson };
    }
  | {
      readonly type: 'ApplicationReviewStarted';
      readonly data: DecidedBy & { readonly applicationId: string };
    }
  | {
      readonly type: 'ApplicationApproved';
      readonly data: DecidedBy & {
        readonly applicationId: string;
        readonly customerId: string;
        readonly loanId: string;
      };
    }
  | {
      readonly type: 'ApplicationRejected';
      readonly data: DecidedBy & {
        readonly applicationId: string;
        readonly customerId: string;
        readonly vendorId?: string | null;
        readonly reason: string;
        readonly nextSteps: string;
      };
    };

/** A new application as it is sent in: nothing of it is trusted yet. `product` null: there is none with the id. */
export interface Submission {
  readonly applicationId: string;
  readonly tenantId: string;
  readonly customerId: string;
  readonly emailVerified: boolean;
  readonly product: ProductFacts | null;
  readonly principal: MoneyJson;
  readonly numberOfInstallments: number;
  readonly phone: string;
  readonly purpose: string | null;
  readonly vendorId?: string | null;
  readonly submittedOn: string;
  readonly customer: CustomerFigures;
}

/** What can be asked of an application. */
export type ApplicationCommand =
  | { readonly type: 'SubmitApplication'; readonly data: Submission }
  | { readonly type: 'ReviewApplication'; readonly data: DecidedBy }
  | {
      readonly type: 'ApproveApplication';
      readonly data: DecidedBy & { readonly loanId: string };
    }
  | {
      readonly type: 'RejectApplication';
      readonly data: DecidedBy & { readonly reason: string; readonly nextSteps: string };
    };

/** Why a command is refused. */
export type ApplicationRejection =
  | 'application/email-not-verified'
  | 'application/invalid'
  | 'application/illegal-transition'
  | 'application/same-person';

/** An application as its events tell it. */
export interface Application {
  readonly status: ApplicationStatus;
  readonly facts: ApplicationFacts | null;
  readonly score: Score | null;
  readonly installment: MoneyJson | null;
  readonly reviewedBy: DecidedBy | null;
  readonly decidedBy: DecidedBy | null;
  readonly loanId: string | null;
  readonly reason: string | null;
  readonly nextSteps: string | null;
}

/** Nothing sent in yet. */
export const initialApplication: Application = {
  status: 'none',
  facts: null,
  score: null,
  installment: null,
  reviewedBy: null,
  decidedBy: null,
  loanId: null,
  reason: null,
  nextSteps: null,
};
