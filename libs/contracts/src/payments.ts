import { Type } from '@sinclair/typebox';
import { DateOnly, type DataOf, defineMessage, Id, MoneySchema, Text } from './define.js';
import { TOPIC } from './topics.js';

const id = '0198c2f0-0000-7000-8000-000000000001';

/** Money came in and is final. */
export const paymentSettled = defineMessage({
  type: 'daftari.payments.payment-settled.v1',
  topic: TOPIC.paymentV1,
  summary:
    'A payment by a customer is final at the provider. loanId is null when nobody could be matched (suspense).',
  schema: Type.Object({
    paymentId: Id,
    loanId: Type.Union([Id, Type.Null()]),
    customerId: Type.Union([Id, Type.Null()]),
    method: Text,
    amount: MoneySchema,
    receipt: Text,
    effectiveOn: DateOnly,
  }),
  example: {
    paymentId: id,
    loanId: id,
    customerId: id,
    method: 'mpesa-stk',
    amount: { amount: '8668.00', currency: 'KES' },
    receipt: 'SGR7X1ABCD',
    effectiveOn: '2026-02-28',
  },
});
export type PaymentSettled = DataOf<typeof paymentSettled>;

/** Money that had paid a loan went back to its payer. */
export const paymentReversed = defineMessage({
  type: 'daftari.payments.payment-reversed.v1',
  topic: TOPIC.paymentV1,
  summary: 'A settled payment of a loan was reversed at the provider; the loan owes it again.',
  schema: Type.Object({
    paymentId: Id,
    loanId: Id,
    customerId: Id,
    amount: MoneySchema,
    receipt: Text,
    providerReference: Text,
    reason: Text,
    effectiveOn: DateOnly,
  }),
  example: {
    paymentId: id,
    loanId: id,
    customerId: id,
    amount: { amount: '8668.00', currency: 'KES' },
    receipt: 'SGR7X1ABCD',
    providerReference: 'SGR7X1ABCE',
    reason: 'Sent by mistake, reversed by M-Pesa',
    effectiveOn: '2026-03-01',
  },
});
export type PaymentReversed = DataOf<typeof paymentReversed>;

/** A payment moved to another state. */
export const paymentStatusChanged = defineMessage({
  type: 'daftari.payments.payment-status-changed.v1',
  topic: TOPIC.paymentV1,
  summary: 'A payment moved: initiated, pending, succeeded, failed, expired, reversed.',
  schema: Type.Object({
    paymentId: Id,
    loanId: Type.Union([Id, Type.Null()]),
    customerId: Type.Union([Id, Type.Null()]),
    method: Text,
    amount: MoneySchema,
    status: Text,
    reason: Type.Union([Text, Type.Null()]),
  }),
  example: {
    paymentId: id,
    loanId: id,
    customerId: id,
    method: 'mpesa-stk',
    amount: { amount: '8668.00', currency: 'KES' },
    status: 'pending',
    reason: null,
  },
});
export type PaymentStatusChanged = DataOf<typeof paymentStatusChanged>;

/** The payout of a loan is confirmed by the provider and posted in the ledger. */
export const disbursementCompleted = defineMessage({
  type: 'daftari.payments.disbursement-completed.v1',
  topic: TOPIC.disbursementV1,
  summary: 'The payout of a loan is final and posted.',
  schema: Type.Object({
    disbursementId: Id,
    loanId: Id,
    customerId: Id,
    amount: MoneySchema,
    receipt: Text,
    effectiveOn: DateOnly,
  }),
  example: {
    disbursementId: id,
    loanId: id,
    customerId: id,
    amount: { amount: '25000.00', currency: 'KES' },
    receipt: 'SGR7X1ABCD',
    effectiveOn: '2026-01-31',
  },
});
export type DisbursementCompleted = DataOf<typeof disbursementCompleted>;

/** The payout of a loan definitely did not happen; the reservation is released. */
export const disbursementFailed = defineMessage({
  type: 'daftari.payments.disbursement-failed.v1',
  topic: TOPIC.disbursementV1,
  summary: 'The payout of a loan definitely failed and nothing stays reserved.',
  schema: Type.Object({ disbursementId: Id, loanId: Id, customerId: Id, reason: Text }),
  example: {
    disbursementId: id,
    loanId: id,
    customerId: id,
    reason: 'The receiver is not registered',
  },
});
export type DisbursementFailed = DataOf<typeof disbursementFailed>;
