import type { DisbursementEvent } from '../disbursement/domain/disbursement.js';
import type { PaymentEvent, PaymentOrder } from '../payment/domain/payment.js';
import type { ReviewItem, ReviewKind } from './review-item.js';

/** What an event asks people to look at, and which of its subject's items it settles. */
export interface ReviewChange {
  readonly open: ReviewItem | null;
  readonly close: readonly ReviewKind[];
  /** Why, as whoever caused the event said. */
  readonly reason: string;
}

const nothing: ReviewChange = { open: null, close: [], reason: '' };
const opens = (open: ReviewItem, close: readonly ReviewKind[] = []): ReviewChange => ({
  open,
  close,
  reason: open.reason,
});
const closes = (close: readonly ReviewKind[], reason: string): ReviewChange => ({
  open: null,
  close,
  reason,
});

const DECIDED: readonly ReviewKind[] = ['undecided-payment', 'stopped-work'];
const PAID_OUT: readonly ReviewKind[] = ['undecided-payout', 'stopped-work'];

const unallocated = (data: PaymentOrder & { readonly receipt: string }): ReviewItem => {
  const { accountReference, waitsForLoanId = null, amount, receipt, method } = data;
  const reason =
    waitsForLoanId === null
      ? `no loan has the account reference "${accountReference}"`
      : `the loan ${accountReference} is not active yet`;
  const details = { accountReference, receipt, method, waitsForLoanId };
  return { kind: 'unallocated-payment', reason, amount, details, waitsForLoanId };
};

/** Of a payment's event. */
export const reviewOfPayment = (event: PaymentEvent): ReviewChange => {
  switch (event.type) {
    case 'PaymentSucceeded':
      return event.data.loanId === null
        ? opens(unallocated(event.data), DECIDED)
        : closes(DECIDED, event.data.confirmedBy);
    case 'PaymentAllocated':
      return closes(['unallocated-payment'], event.data.reason);
    case 'RefundMarked': {
      const { reason, amount, accountReference } = event.data;
      const details = { accountReference };
      return opens({ kind: 'refund-due', reason, amount, details }, ['unallocated-payment']);
    }
    case 'PaymentReversed':
      return closes(
        ['refund-due', 'unallocated-payment', 'contradictory-payment'],
        event.data.reason,
      );
    case 'PaymentFailed': {
      const { code, reason, amount } = event.data;
      return code === 'payment/receipt-used'
        ? opens({ kind: 'receipt-reused', reason, amount, details: {} }, DECIDED)
        : closes(DECIDED, reason);
    }
    case 'ContradictoryEvidence': {
      const { reason } = event.data;
      return opens({ kind: 'contradictory-payment', reason, amount: null, details: {} });
    }
    case 'PaymentExpired':
      return closes(DECIDED, event.data.reason);
    case 'PaymentInitiated':
    case 'SubmitStarted':
    case 'SubmitNotSent':
    case 'CustomerPrompted':
    case 'OutcomeUnknown':
    case 'CallbackReported':
      return nothing;
  }
};

/** Of a disbursement's event. */
export const reviewOfDisbursement = (event: DisbursementEvent): ReviewChange => {
  switch (event.type) {
    case 'PayoutSettled':
      return closes(PAID_OUT, event.data.note ?? 'the provider said so');
    case 'PayoutDeclined':
      return closes(PAID_OUT, event.data.reason);
    case 'ContradictoryPayoutEvidence':
    case 'RecoveryRefused': {
      const { reason } = event.data;
      return opens({ kind: 'contradictory-payout', reason, amount: null, details: {} });
    }
    case 'PayoutRecovered':
      return closes(['contradictory-payout'], event.data.note);
    case 'ReviewDismissed':
      return closes(['contradictory-payout'], event.data.reason);
    case 'DisbursementStarted':
    case 'FundsReserved':
    case 'ReservationRefused':
    case 'PayoutSubmitStarted':
    case 'PayoutNotSent':
    case 'PayoutAccepted':
    case 'PayoutUnknown':
    case 'RecoveryReserved':
    case 'DisbursementCompleted':
    case 'DisbursementFailed':
      return nothing;
  }
};
