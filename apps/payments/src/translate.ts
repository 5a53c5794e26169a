import {
  disbursementCompleted,
  disbursementFailed,
  paymentReversed,
  paymentSettled,
  paymentStatusChanged,
  postTransaction,
} from '@daftari/contracts';
import { deterministicId, type MoneyJson } from '@daftari/kernel';
import type { RecordedEvent } from '@daftari/event-store';
import type { IntegrationMessage } from '@daftari/messaging';
import { integrationMessage } from '@daftari/service-kit';
import type { DisbursementEvent, PayoutOrder } from './disbursement/domain/disbursement.js';
import type { PaymentEvent, PaymentOrder } from './payment/domain/payment.js';

const status = (
  event: RecordedEvent,
  order: PaymentOrder,
  to: string,
  reason: string | null = null,
): IntegrationMessage => {
  const { paymentId, loanId, customerId, method, amount } = order;
  return integrationMessage(event, paymentStatusChanged, paymentId, {
    paymentId,
    loanId,
    customerId,
    method,
    amount,
    status: to,
    reason,
  });
};

const post = (
  event: RecordedEvent,
  kind: string,
  id: string,
  money: MoneyJson,
  more: { loanId: string | null; effectiveOn: string; reference: string },
  /** A second transaction of the same kind about the same thing. */
  again: readonly string[] = [],
): IntegrationMessage => {
  const data = {
    transactionId: deterministicId(kind, id, ...again),
    kind,
    currency: money.currency,
    amounts: {
      amount: money.amount,
      ...(kind.startsWith('disbursement') ? { principal: money.amount } : {}),
    },
    paymentId: id,
    ...more,
  };
  return integrationMessage(event, postTransaction, event.metadata.tenantId ?? '', data);
};

const settled = (
  event: RecordedEvent,
  data: PaymentOrder & { readonly receipt: string; readonly effectiveOn: string },
): IntegrationMessage => {
  const { paymentId, loanId, customerId, method, amount, receipt, effectiveOn } = data;
  return integrationMessage(event, paymentSettled, loanId ?? paymentId, {
    paymentId,
    loanId,
    customerId,
    method,
    amount,
    receipt,
    effectiveOn,
  });
};

/** What a loan must give back; money in suspense touched no loan. */
const reversed = (
  event: RecordedEvent,
  data: Extract<PaymentEvent, { type: 'PaymentReversed' }>['data'],
): IntegrationMessage[] => {
  const { paymentId, loanId, customerId, amount, receipt, providerReference, reason, effectiveOn } =
    data;
  if (loanId === null || customerId === null) return [];
  return [
    integrationMessage(event, paymentReversed, loanId, {
      paymentId,
      loanId,
      customerId,
      amount,
      receipt,
      providerReference,
      reason,
      effectiveOn,
    }),
  ];
};

const ofPayment = (recorded: RecordedEvent, event: PaymentEvent): IntegrationMessage[] => {
  switch (event.type) {
    case 'PaymentInitiated':
      return [status(recorded, event.data, 'initiated')];
    case 'SubmitStarted':
      return [status(recorded, event.data, 'pending')];
    case 'PaymentFailed':
      return [status(recorded, event.data, 'failed', event.data.reason)];
    case 'PaymentExpired':
      return [status(recorded, event.data, 'expired', event.data.reason)];
    case 'PaymentReversed': {
      const { paymentId, amount, loanId, effectiveOn, providerReference } = event.data;
      const about = { loanId, effectiveOn, reference: providerReference };
      return [
        post(recorded, 'repayment-reversed', paymentId, amount, about),
        ...reversed(recorded, event.data),
        status(recorded, event.data, 'reversed', event.data.reason),
      ];
    }
    case 'PaymentSucceeded': {
      const { paymentId, loanId, amount, receipt, effectiveOn } = event.data;
      const about = { loanId, effectiveOn, reference: receipt };
      return [
        post(recorded, 'repayment-received', paymentId, amount, about),
        settled(recorded, event.data),
        status(recorded, event.data, 'succeeded'),
      ];
    }
    // The ledger has the money already; only the loan hears of it now.
    case 'PaymentAllocated':
      return [settled(recorded, event.data), status(recorded, event.data, 'succeeded')];
    case 'SubmitNotSent':
    case 'CustomerPrompted':
    case 'OutcomeUnknown':
    case 'CallbackReported':
    case 'ContradictoryEvidence':
    case 'RefundMarked':
      return [];
  }
};

const ofDisbursement = (
  recorded: RecordedEvent,
  event: DisbursementEvent,
): IntegrationMessage[] => {
  const ask = (
    kind: string,
    { disbursementId, amount, loanId, effectiveOn }: PayoutOrder,
    reference: string,
    again: readonly string[] = [],
  ): IntegrationMessage =>
    post(recorded, kind, disbursementId, amount, { loanId, effectiveOn, reference }, again);
  const failed = (
    { disbursementId, loanId, customerId }: PayoutOrder,
    reason: string,
  ): IntegrationMessage =>
    integrationMessage(recorded, disbursementFailed, loanId, {
      disbursementId,
      loanId,
      customerId,
      reason,
    });
  switch (event.type) {
    case 'DisbursementStarted':
      return [ask('disbursement-reserved', event.data, event.data.disbursementId)];
    case 'PayoutRecovered':
      return [ask('disbursement-reserved', event.data, event.data.receipt, ['recovery'])];
    case 'RecoveryReserved':
    case 'PayoutSettled':
      return [ask('disbursement-paid', event.data, event.data.receipt)];
    case 'PayoutDeclined':
      return [ask('disbursement-released', event.data, event.data.disbursementId)];
    case 'DisbursementCompleted': {
      const { disbursementId, loanId, customerId, amount, receipt, effectiveOn } = event.data;
      return [
        integrationMessage(recorded, disbursementCompleted, loanId, {
          disbursementId,
          loanId,
          customerId,
          amount,
          receipt,
          effectiveOn,
        }),
      ];
    }
    case 'ReservationRefused':
    case 'DisbursementFailed':
      return [failed(event.data, event.data.reason)];
    case 'FundsReserved':
    case 'PayoutSubmitStarted':
    case 'PayoutNotSent':
    case 'PayoutAccepted':
    case 'PayoutUnknown':
    case 'ContradictoryPayoutEvidence':
    case 'RecoveryRefused':
    case 'ReviewDismissed':
      return [];
  }
};

/** What of the log other services hear, and what is asked of the ledger. */
export const translate = (recorded: RecordedEvent): readonly IntegrationMessage[] => {
  const event: unknown = { type: recorded.type, data: recorded.data };
  return recorded.stream.startsWith('payment-')
    ? ofPayment(recorded, event as PaymentEvent)
    : ofDisbursement(recorded, event as DisbursementEvent);
};
