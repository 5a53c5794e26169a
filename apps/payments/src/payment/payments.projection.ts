import { parseMoney } from '@daftari/kernel';
import type { Projection } from '@daftari/event-store';
import type { PaymentEvent } from './domain/payment.js';

/** The status that an event moves the row to; null keeps it. */
const statusAfter = (type: PaymentEvent['type']): string | null => {
  switch (type) {
    case 'PaymentInitiated':
    case 'SubmitNotSent':
      return 'initiated';
    case 'SubmitStarted':
    case 'CustomerPrompted':
    case 'OutcomeUnknown':
      return 'pending';
    case 'PaymentSucceeded':
      return 'succeeded';
    case 'PaymentFailed':
      return 'failed';
    case 'PaymentExpired':
      return 'expired';
    case 'PaymentReversed':
      return 'reversed';
    case 'CallbackReported':
    case 'ContradictoryEvidence':
    case 'PaymentAllocated':
    case 'RefundMarked':
      return null;
  }
};

/** One row per payment, for lists. */
export const paymentsProjection: Projection = {
  name: 'payments',
  filter: { on: 'stream', prefixes: ['payment-'] },
  handles: [
    'PaymentInitiated',
    'SubmitNotSent',
    'SubmitStarted',
    'CustomerPrompted',
    'OutcomeUnknown',
    'PaymentSucceeded',
    'PaymentFailed',
    'PaymentExpired',
    'PaymentReversed',
    'PaymentAllocated',
  ],
  ignores: ['CallbackReported', 'ContradictoryEvidence', 'RefundMarked'],
  async apply(recorded, tx) {
    const event = { type: recorded.type, data: recorded.data } as PaymentEvent;
    const id = recorded.stream.slice('payment-'.length);
    if (event.type === 'PaymentInitiated') {
      const { loanId, customerId, method, amount } = event.data;
      await tx.query(
        `insert into read_payments(payment_id, tenant_id, loan_id, customer_id, method, amount, currency, status, created_at, updated_at) values ($1,$2,$3,$4,$5,$6,$7,'initiated',$8,$8) on conflict do nothing`,
        [
          id,
          recorded.metadata.tenantId,
          loanId,
          customerId,
          method,
          parseMoney(amount).minor.toString(),
          amount.currency,
          recorded.recordedAt,
        ],
      );
      return;
    }
    if (event.type === 'PaymentAllocated') {
      const { loanId, customerId } = event.data;
      await tx.query(
        'update read_payments set loan_id = $2, customer_id = $3, updated_at = $4 where payment_id = $1',
        [id, loanId, customerId, recorded.recordedAt],
      );
      return;
    }
    const settled = event.type === 'PaymentSucceeded' ? event.data : null;
    await tx.query(
      'update read_payments set status = coalesce($2, status), receipt = coalesce($3, receipt), amount = coalesce($4, amount), updated_at = $5 where payment_id = $1',
      [
        id,
        statusAfter(event.type),
        settled?.receipt ?? null,
        settled ? parseMoney(settled.amount).minor.toString() : null,
        recorded.recordedAt,
      ],
    );
  },
  async reset(tx) {
    await tx.query('delete from read_payments');
  },
};
