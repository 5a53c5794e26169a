import type { MoneyJson } from '@daftari/kernel';

/** What is to be paid out. */
export interface PayoutOrder {
  readonly disbursementId: string;
  readonly loanId: string;
  readonly customerId: string;
  readonly amount: MoneyJson;
  readonly phone: string;
  readonly effectiveOn: string;
}

/** Stored events of a disbursement. */
export type DisbursementEvent =
  | { readonly type: 'DisbursementStarted'; readonly data: PayoutOrder }
  | { readonly type: 'FundsReserved'; readonly data: Record<string, never> }
  | {
      readonly type: 'ReservationRefused';
      readonly data: PayoutOrder & { readonly reason: string };
    }
  | { readonly type: 'PayoutSubmitStarted'; readonly data: Record<string, never> }
  | { readonly type: 'PayoutNotSent'; readonly data: { readonly reason: string } }
  | { readonly type: 'PayoutAccepted'; readonly data: { readonly providerRef: string } }
  | { readonly type: 'PayoutUnknown'; readonly data: { readonly reason: string } }
  | {
      readonly type: 'PayoutSettled';
      /** `note`: why a person says so, when it was not the provider's own callback. */
      readonly data: PayoutOrder & { readonly receipt: string; readonly note?: string };
    }
  | {
      readonly type: 'PayoutDeclined';
      readonly data: PayoutOrder & { readonly code: string; readonly reason: string };
    }
  | { readonly type: 'ContradictoryPayoutEvidence'; readonly data: { readonly reason: string } }
  /** A payout that was called failed was executed after all: its money is reserved again. */
  | {
      readonly type: 'PayoutRecovered';
      readonly data: PayoutOrder & { readonly receipt: string; readonly note: string };
    }
  | { readonly type: 'RecoveryReserved'; readonly data: PayoutOrder & { readonly receipt: string } }
  | { readonly type: 'RecoveryRefused'; readonly data: { readonly reason: string } }
  | { readonly type: 'ReviewDismissed'; readonly data: { readonly reason: string } }
  | {
      readonly type: 'DisbursementCompleted';
      readonly data: PayoutOrder & { readonly receipt: string };
    }
  | {
      readonly type: 'DisbursementFailed';
      readonly data: PayoutOrder & { readonly reason: string };
    };

/** Where the process stands. Before `settled` it can go back; after it only forward. */
export type DisbursementStatus =
  | 'none'
  | 'reserving'
  | 'reserved'
  | 'submitting'
  | 'accepted'
  | 'unknown'
  | 'settled'
  | 'releasing'
  | 'recovering'
  | 'completed'
  | 'failed';

/** A disbursement folded. */
export interface Disbursement {
  readonly status: DisbursementStatus;
  readonly order: PayoutOrder | null;
  readonly receipt: string | null;
  readonly reason: string | null;
  /** Why people must look at it: evidence against how it ended. */
  readonly review: string | null;
}

/** Before the first event. */
export const noDisbursement: Disbursement = {
  status: 'none',
  order: null,
  receipt: null,
  reason: null,
  review: null,
};

/** Folds one event; checks nothing. */
export const evolveDisbursement = (state: Disbursement, event: DisbursementEvent): Disbursement => {
  switch (event.type) {
    case 'DisbursementStarted':
      return { ...noDisbursement, status: 'reserving', order: event.data };
    case 'FundsReserved':
    case 'PayoutNotSent':
      return { ...state, status: 'reserved' };
    case 'ReservationRefused':
      return { ...state, status: 'failed', reason: event.data.reason };
    case 'PayoutSubmitStarted':
      return { ...state, status: 'submitting' };
    case 'PayoutAccepted':
      return { ...state, status: 'accepted' };
    case 'PayoutUnknown':
      return { ...state, status: 'unknown' };
    case 'PayoutSettled':
      return { ...state, status: 'settled', receipt: event.data.receipt };
    case 'PayoutDeclined':
      return { ...state, status: 'releasing', reason: event.data.reason };
    case 'ContradictoryPayoutEvidence':
      return { ...state, review: event.data.reason };
    case 'PayoutRecovered':
      return { ...state, status: 'recovering', receipt: event.data.receipt, review: null };
    case 'RecoveryReserved':
      return { ...state, status: 'settled' };
    case 'RecoveryRefused':
      return { ...state, status: 'failed', receipt: null, review: event.data.reason };
    case 'ReviewDismissed':
      return { ...state, review: null };
    case 'DisbursementCompleted':
      return { ...state, status: 'completed' };
    case 'DisbursementFailed':
      return { ...state, status: 'failed' };
  }
};

/** What can happen to a disbursement. */
export type DisbursementCommand =
  | { readonly type: 'Start'; readonly data: PayoutOrder }
  | { readonly type: 'ConfirmReservation' }
  | { readonly type: 'RefuseReservation'; readonly data: { readonly reason: string } }
  | { readonly type: 'StartSubmit' }
  | { readonly type: 'RecordNotSent'; readonly data: { readonly reason: string } }
  | { readonly type: 'RecordAccepted'; readonly data: { readonly providerRef: string } }
  | { readonly type: 'RecordUnknown'; readonly data: { readonly reason: string } }
  | { readonly type: 'Settle'; readonly data: { readonly receipt: string } }
  | { readonly type: 'Decline'; readonly data: { readonly code: string; readonly reason: string } }
  | { readonly type: 'ConfirmPosting' }
  | { readonly type: 'ConfirmRelease' }
  | { readonly type: 'ConfirmRecovery' }
  | { readonly type: 'RefuseRecovery'; readonly data: { readonly reason: string } }
  | { readonly type: 'ConfirmExecuted'; readonly data: OperatorsWord }
  | { readonly type: 'ConfirmFailed'; readonly data: OperatorsWord }
  | { readonly type: 'DismissReview'; readonly data: { readonly reason: string } };

/** What a person found out at the provider. */
export interface OperatorsWord {
  readonly providerReference: string;
  readonly reason: string;
}

/** Why a command is refused. */
export type DisbursementRejection =
  | 'disbursement/illegal-transition'
  | 'disbursement/already-executed'
  | 'disbursement/nothing-to-review';
