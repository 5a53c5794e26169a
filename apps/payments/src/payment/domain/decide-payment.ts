import { accept, type Decision, reject } from '@daftari/kernel';
import type {
  Payment,
  PaymentAllocation,
  PaymentCommand,
  PaymentEvent,
  PaymentOrder,
  PaymentRejection,
  PaymentStatus,
} from './payment.js';

const FROM: Readonly<Record<PaymentCommand['type'], readonly PaymentStatus[]>> = {
  Initiate: ['none'],
  StartSubmit: ['initiated'],
  RecordNotSent: ['submitting'],
  RecordPrompt: ['submitting'],
  RecordUnknown: ['submitting'],
  RecordCallback: ['submitting', 'pending', 'failed', 'expired'],
  Succeed: ['initiated', 'submitting', 'pending', 'failed', 'expired'],
  Fail: ['initiated', 'submitting', 'pending'],
  Expire: ['pending'],
  Allocate: ['succeeded'],
  MarkRefund: ['succeeded'],
  Reverse: ['succeeded'],
};
/** What is already so, or was overtaken by a callback, changes nothing. */
const NOTHING_NEW: Readonly<Record<PaymentStatus, readonly PaymentCommand['type'][]>> = {
  none: [],
  initiated: [],
  submitting: [],
  pending: ['RecordPrompt', 'RecordUnknown'],
  succeeded: ['Succeed', 'RecordCallback', 'RecordPrompt', 'RecordUnknown', 'Expire'],
  failed: ['Fail', 'RecordPrompt', 'RecordUnknown', 'Expire'],
  expired: ['Fail', 'RecordPrompt', 'RecordUnknown', 'Expire'],
  reversed: ['Succeed', 'RecordCallback', 'RecordPrompt', 'RecordUnknown', 'Expire', 'Reverse'],
};

/** Decides one command. A success is only undone by a reversal; a failure or an expiry gives way to a confirmed success. */
export const decidePayment = (
  command: PaymentCommand,
  state: Payment,
): Decision<PaymentEvent, PaymentRejection> => {
  if (command.type === 'Initiate')
    return state.order
      ? accept()
      : accept<PaymentEvent>({ type: 'PaymentInitiated', data: command.data });
  if (!state.order) return reject('payment/unknown');
  if ((state.status === 'succeeded' || state.status === 'reversed') && command.type === 'Fail')
    return accept<PaymentEvent>({
      type: 'ContradictoryEvidence',
      data: { reason: command.data.reason },
    });
  if (NOTHING_NEW[state.status].includes(command.type)) return accept();
  if (!FROM[command.type].includes(state.status)) return reject('payment/illegal-transition');
  if (command.type === 'Allocate') return allocate(command.data, state, state.order);
  if (command.type === 'MarkRefund' && state.order.loanId !== null)
    return reject('payment/allocated-already');
  if (command.type === 'MarkRefund' && state.refundDue) return accept();
  return accept<PaymentEvent>(eventOf(command, state.order, state.receipt ?? ''));
};

/** Money leaves suspense once: to the loan it belongs to, or back to who paid it. */
const allocate = (
  { reason, ...to }: PaymentAllocation,
  { receipt, effectiveOn, refundDue }: Payment,
  order: PaymentOrder,
): Decision<PaymentEvent, PaymentRejection> => {
  if (order.loanId === to.loanId) return accept();
  if (order.loanId !== null) return reject('payment/allocated-already');
  if (refundDue) return reject('payment/refund-due');
  const settled = { receipt: receipt ?? '', effectiveOn: effectiveOn ?? '' };
  return accept<PaymentEvent>({
    type: 'PaymentAllocated',
    data: { ...order, ...to, ...settled, reason },
  });
};

const eventOf = (
  command: Exclude<PaymentCommand, { type: 'Initiate' | 'Allocate' }>,
  order: PaymentOrder,
  receipt: string,
): PaymentEvent => {
  switch (command.type) {
    case 'StartSubmit':
      return { type: 'SubmitStarted', data: order };
    case 'RecordNotSent':
      return { type: 'SubmitNotSent', data: command.data };
    case 'RecordPrompt':
      return { type: 'CustomerPrompted', data: command.data };
    case 'RecordUnknown':
      return { type: 'OutcomeUnknown', data: command.data };
    case 'RecordCallback':
      return { type: 'CallbackReported', data: command.data };
    case 'Succeed':
      return { type: 'PaymentSucceeded', data: { ...order, ...command.data } };
    case 'Fail':
      return { type: 'PaymentFailed', data: { ...order, ...command.data } };
    case 'Expire':
      return { type: 'PaymentExpired', data: { ...order, ...command.data } };
    case 'MarkRefund':
      return { type: 'RefundMarked', data: { ...order, ...command.data } };
    case 'Reverse':
      return { type: 'PaymentReversed', data: { ...order, ...command.data, receipt } };
  }
};
