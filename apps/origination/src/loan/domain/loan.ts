import type { MoneyJson } from '@daftari/kernel';
import type { LoanState, PaymentShare } from '@daftari/lending-math';
import type { ProductTerms } from '../../product/domain/product.js';

/** Where a loan stands. `none`: not created yet. */
export type LoanStatus = 'none' | 'approved' | 'disbursed' | 'active' | 'completed' | 'defaulted';

/** What every loan event says, so that each can be published without looking anywhere else. */
export interface LoanRef {
  readonly loanId: string;
  readonly customerId: string;
  readonly accountReference: string;
}

/** What was approved. */
export interface LoanFacts extends LoanRef {
  readonly tenantId: string;
  readonly applicationId: string;
  readonly productId: string;
  readonly productVersion: number;
  readonly productName: string;
  readonly principal: MoneyJson;
  readonly numberOfInstallments: number;
  readonly phone: string;
  readonly terms: ProductTerms;
  readonly approvedOn: string;
}

/** One installment as it is published: amounts are decimal strings in the loan's currency. */
export interface Installment {
  readonly number: number;
  readonly dueOn: string;
  readonly principal: string;
  readonly interest: string;
  readonly fees: string;
  readonly penalties: string;
  readonly paidPrincipal: string;
  readonly paidInterest: string;
  readonly paidFees: string;
  readonly paidPenalties: string;
}

/** A settled payment and what it was for; with the overpayment the parts sum to the amount. */
export interface Allocation {
  readonly paymentId: string;
  readonly receipt: string;
  readonly effectiveOn: string;
  readonly currency: string;
  readonly amount: string;
  readonly principal: string;
  readonly interest: string;
  readonly fees: string;
  readonly penalties: string;
  readonly overpayment: string;
  readonly outstanding: string;
  readonly nextDueOn: string | null;
  readonly nextDueAmount: string | null;
  readonly installments: readonly Installment[];
}

/** A payment that was taken back: its allocation, undone, and why. `reopened`: the loan had been completed. */
export interface Reversal extends Allocation {
  readonly providerReference: string;
  readonly reason: string;
  readonly reopened: boolean;
}

/** Something that happened to a loan. */
export type LoanEvent =
  | { readonly type: 'LoanCreated'; readonly data: LoanFacts }
  | {
      readonly type: 'DisbursementRequested';
      readonly data: LoanRef & {
        readonly commandId: string;
        readonly principal: MoneyJson;
        readonly phone: string;
        readonly effectiveOn: string;
      };
    }
  | {
      readonly type: 'DisbursementFailed';
      readonly data: LoanRef & { readonly reason: string; readonly on: string };
    }
  | {
      readonly type: 'LoanDisbursed';
      readonly data: LoanRef & {
        readonly disbursedOn: string;
        readonly disbursementReference: string;
      };
    }
  | {
      readonly type: 'LoanActivated';
      readonly data: LoanRef & {
        readonly currency: string;
        readonly principal: string;
        readonly disbursedOn: string;
        readonly disbursementReference: string;
        readonly installments: readonly Installment[];
      };
    }
  | { readonly type: 'RepaymentAllocated'; readonly data: LoanRef & Allocation }
  | { readonly type: 'RepaymentReversed'; readonly data: LoanRef & Reversal }
  | { readonly type: 'LoanCompleted'; readonly data: LoanRef & { readonly completedOn: string } }
  | {
      readonly type: 'LoanDefaulted';
      readonly data: LoanRef & {
        readonly commandId: string;
        readonly defaultedOn: string;
        readonly reason: string;
      };
    };

/** What can be asked of a loan. */
export type LoanCommand =
  | { readonly type: 'CreateLoan'; readonly data: LoanFacts }
  | {
      readonly type: 'RequestDisbursement';
      readonly data: { readonly commandId: string; readonly effectiveOn: string };
    }
  | {
      readonly type: 'RecordDisbursement';
      readonly data: {
        readonly amount: MoneyJson;
        readonly receipt: string;
        readonly effectiveOn: string;
      };
    }
  | {
      readonly type: 'RecordDisbursementFailure';
      readonly data: { readonly reason: string; readonly on: string };
    }
  | {
      readonly type: 'RecordRepayment';
      readonly data: {
        readonly paymentId: string;
        readonly receipt: string;
        readonly amount: MoneyJson;
        readonly effectiveOn: string;
      };
    }
  | {
      readonly type: 'ReverseRepayment';
      readonly data: {
        readonly paymentId: string;
        readonly providerReference: string;
        readonly reason: string;
        readonly effectiveOn: string;
      };
    }
  | {
      readonly type: 'DefaultLoan';
      readonly data: {
        readonly commandId: string;
        readonly on: string;
        readonly reason: string;
      };
    };

/** Why a command is refused. */
export type LoanRejection =
  | 'loan/illegal-transition'
  | 'loan/disbursement-pending'
  | 'loan/not-in-arrears'
  | 'loan/not-active'
  | 'loan/payment-unknown'
  | 'loan/later-payments-first'
  | 'loan/wrong-currency'
  | 'loan/wrong-amount';

/** A loan as its events tell it. `math` is there once it is active; arrears are never stored. */
export interface Loan {
  readonly status: LoanStatus;
  readonly facts: LoanFacts | null;
  readonly disbursementPending: boolean;
  readonly disbursedOn: string | null;
  readonly disbursementReference: string | null;
  readonly failure: string | null;
  readonly math: LoanState | null;
  readonly allocations: readonly Allocation[];
  /** What each allocation paid, row by row, by payment. */
  readonly shares: Readonly<Record<string, PaymentShare>>;
  readonly reversals: readonly Reversal[];
  readonly commandIds: readonly string[];
}

/** Nothing created yet. */
export const initialLoan: Loan = {
  status: 'none',
  facts: null,
  disbursementPending: false,
  disbursedOn: null,
  disbursementReference: null,
  failure: null,
  math: null,
  allocations: [],
  shares: {},
  reversals: [],
  commandIds: [],
};
