import type { MoneyJson } from '@daftari/kernel';

/** What a collection is. */
export interface PaymentOrder {
  readonly paymentId: string;
  readonly loanId: string | null;
  readonly customerId: string | null;
  readonly method: 'mpesa-stk' | 'mpesa-c2b';
  readonly amount: MoneyJson;
  readonly phone: string;
  readonly accountReference: string;
  /** The money is for this loan, but the loan is not active yet: it waits in suspense. */
  readonly waitsForLoanId?: string | null;
}
/** Which loan a payment in suspense belongs to, and why. */
export interface PaymentAllocation {
  readonly loanId: string;
  readonly customerId: string;
  readonly accountReference: string;
  readonly reason: string;
}
/** Money that went back to the payer, by the provider's word. */
export interface Reversal {
  readonly reason: string;
  readonly providerReference: string;
  readonly effectiveOn: string;
}
/** What a callback says; hearsay until the provider confirms it. */
export interface CallbackReport {
  readonly checkoutRequestId: string;
  readonly success: boolean;
  readonly receipt: string | null;
  readonly amount: MoneyJson | null;
}
/** How a payment was settled. */
export interface Settlement {
  readonly receipt: string;
  readonly amount: MoneyJson;
  readonly effectiveOn: string;
  readonly confirmedBy: string;
}
interface Problem {
  readonly reason: string;
}
interface Refusal extends Problem {
  readonly code: string;
}

/** Stored events of a payment. */
export type PaymentEvent =
  | { readonly type: 'PaymentInitiated'; readonly data: PaymentOrder }
  | { readonly type: 'SubmitStarted'; readonly data: PaymentOrder }
  | { readonly type: 'SubmitNotSent'; readonly data: Problem }
  | { readonly type: 'CustomerPrompted'; readonly data: { readonly checkoutRequestId: string } }
  | { readonly type: 'OutcomeUnknown'; readonly data: Problem }
  | { readonly type: 'CallbackReported'; readonly data: CallbackReport }
  | { readonly type: 'ContradictoryEvidence'; readonly data: Problem }
  | { readonly type: 'PaymentSucceeded'; readonly data: PaymentOrder & Settlement }
  | { readonly type: 'PaymentFailed'; readonly data: PaymentOrder & Refusal }
  | { readonly type: 'PaymentExpired'; readonly data: PaymentOrder & Problem }
  | {
      readonly type: 'PaymentAllocated';
      readonly data: PaymentOrder &
        Problem & { readonly receipt: string; readonly effectiveOn: string };
    }
  | { readonly type: 'RefundMarked'; readonly data: PaymentOrder & Problem }
  | {
      readonly type: 'PaymentReversed';
      readonly data: PaymentOrder & Reversal & { readonly receipt: string };
    };

/** Where a payment stands. */
export type PaymentStatus =
  'none' | 'initiated' | 'submitting' | 'pending' | 'succeeded' | 'failed' | 'expired' | 'reversed';

/** A payment folded. */
export interface Payment {
  readonly status: PaymentStatus;
  readonly order: PaymentOrder | null;
  readonly checkoutRequestId: string | null;
  readonly reported: CallbackReport | null;
  readonly receipt: string | null;
  /** The day that a settled payment counts for. */
  readonly effectiveOn: string | null;
  /** The money is to go back to the payer; nobody may allocate it any more. */
  readonly refundDue: boolean;
}

/** Before the first event. */
export const noPayment: Payment = {
  status: 'none',
  order: null,
  checkoutRequestId: null,
  reported: null,
  receipt: null,
  effectiveOn: null,
  refundDue: false,
};

/** Given up by us; the provider may still say that it succeeded. */
const isGivenUp = (status: PaymentStatus): boolean => status === 'failed' || status === 'expired';

/** Folds one event; checks nothing. */
export const evolvePayment = (state: Payment, event: PaymentEvent): Payment => {
  switch (event.type) {
    case 'PaymentInitiated':
      return { ...state, status: 'initiated', order: event.data };
    case 'SubmitStarted':
      return { ...state, status: 'submitting' };
    case 'SubmitNotSent':
      return { ...state, status: 'initiated' };
    case 'CustomerPrompted':
      return { ...state, status: 'pending', checkoutRequestId: event.data.checkoutRequestId };
    case 'OutcomeUnknown':
      return { ...state, status: 'pending' };
    case 'CallbackReported':
      return {
        ...state,
        status: isGivenUp(state.status) ? state.status : 'pending',
        checkoutRequestId: event.data.checkoutRequestId,
        reported: event.data,
      };
    case 'ContradictoryEvidence':
      return state;
    case 'PaymentSucceeded':
      return {
        ...state,
        status: 'succeeded',
        receipt: event.data.receipt,
        effectiveOn: event.data.effectiveOn,
        order: state.order && { ...state.order, amount: event.data.amount },
      };
    case 'PaymentAllocated': {
      const { loanId, customerId, accountReference } = event.data;
      return {
        ...state,
        order: state.order && { ...state.order, loanId, customerId, accountReference },
      };
    }
    case 'RefundMarked':
      return { ...state, refundDue: true };
    case 'PaymentFailed':
      return { ...state, status: 'failed' };
    case 'PaymentExpired':
      return { ...state, status: 'expired' };
    case 'PaymentReversed':
      return { ...state, status: 'reversed' };
  }
};

/** What can be asked of a payment. */
export type PaymentCommand =
  | { readonly type: 'Initiate'; readonly data: PaymentOrder }
  | { readonly type: 'StartSubmit' }
  | { readonly type: 'RecordNotSent'; readonly data: Problem }
  | { readonly type: 'RecordPrompt'; readonly data: { readonly checkoutRequestId: string } }
  | { readonly type: 'RecordUnknown'; readonly data: Problem }
  | { readonly type: 'RecordCallback'; readonly data: CallbackReport }
  | { readonly type: 'Succeed'; readonly data: Settlement }
  | { readonly type: 'Fail'; readonly data: Refusal }
  | { readonly type: 'Expire'; readonly data: Problem }
  | { readonly type: 'Allocate'; readonly data: PaymentAllocation }
  | { readonly type: 'MarkRefund'; readonly data: Problem }
  | { readonly type: 'Reverse'; readonly data: Reversal };

/** Why a command is refused. */
export type PaymentRejection =
  | 'payment/illegal-transition'
  | 'payment/unknown'
  | 'payment/allocated-already'
  | 'payment/refund-due';
