import { Type } from '@sinclair/typebox';
import {
  Amount,
  Currency,
  DateOnly,
  type DataOf,
  defineMessage,
  Id,
  Instant,
  Text,
} from './define.js';
import { TOPIC } from './topics.js';

const id = '0198c2f0-0000-7000-8000-000000000001';

/** What the ledger can be asked to post; its posting rules turn each kind into balanced postings. */
export const TransactionKind = Type.Union([
  Type.Literal('capital-injected'),
  Type.Literal('disbursement-reserved'),
  Type.Literal('disbursement-paid'),
  Type.Literal('disbursement-released'),
  Type.Literal('repayment-received'),
  Type.Literal('repayment-allocated'),
  Type.Literal('repayment-deallocated'),
  Type.Literal('repayment-reversed'),
]);

/** The parts of a transaction; absent parts are zero. `amount` is the whole, the others say how it splits. */
export const TransactionAmounts = Type.Object({
  amount: Amount,
  principal: Type.Optional(Amount),
  interest: Type.Optional(Amount),
  fees: Type.Optional(Amount),
  penalties: Type.Optional(Amount),
  overpayment: Type.Optional(Amount),
});

/** Asks the ledger to post; the same transactionId posts once, for ever. */
export const postTransaction = defineMessage({
  type: 'daftari.ledger.post-transaction.v1',
  topic: TOPIC.ledgerCommandsV1,
  summary: 'Post one business transaction (command).',
  schema: Type.Object({
    transactionId: Id,
    kind: TransactionKind,
    currency: Currency,
    amounts: TransactionAmounts,
    effectiveOn: DateOnly,
    loanId: Type.Union([Id, Type.Null()]),
    paymentId: Type.Union([Id, Type.Null()]),
    reference: Text,
  }),
  example: {
    transactionId: id,
    kind: 'repayment-allocated',
    currency: 'KES',
    amounts: { amount: '8668.00', principal: '8168.00', interest: '500.00' },
    effectiveOn: '2026-02-28',
    loanId: id,
    paymentId: id,
    reference: 'SGR7X1ABCD',
  },
});
export type PostTransaction = DataOf<typeof postTransaction>;

/** One leg: a positive amount on one side of one account. */
export const PostingSchema = Type.Object({
  account: Text,
  side: Type.Union([Type.Literal('debit'), Type.Literal('credit')]),
  amount: Amount,
});

/** The ledger posted. */
export const transactionPosted = defineMessage({
  type: 'daftari.ledger.transaction-posted.v1',
  topic: TOPIC.ledgerTransactionV1,
  summary: 'A transaction stands in the journal with all its postings.',
  schema: Type.Object({
    transactionId: Id,
    kind: TransactionKind,
    currency: Currency,
    amounts: TransactionAmounts,
    effectiveOn: DateOnly,
    loanId: Type.Union([Id, Type.Null()]),
    paymentId: Type.Union([Id, Type.Null()]),
    reference: Text,
    revision: Text,
    recordedAt: Instant,
    postings: Type.Array(PostingSchema),
  }),
  example: {
    transactionId: id,
    kind: 'repayment-received',
    currency: 'KES',
    amounts: { amount: '8668.00' },
    effectiveOn: '2026-02-28',
    loanId: id,
    paymentId: id,
    reference: 'SGR7X1ABCD',
    revision: '12',
    recordedAt: '2026-02-28T08:00:00Z',
    postings: [
      { account: 'asset:float', side: 'debit', amount: '8668.00' },
      { account: 'liability:repayment-clearing', side: 'credit', amount: '8668.00' },
    ],
  },
});
export type TransactionPosted = DataOf<typeof transactionPosted>;

/** The ledger refused by a rule; the refusal is an event of the journal too. */
export const transactionRefused = defineMessage({
  type: 'daftari.ledger.transaction-refused.v1',
  topic: TOPIC.ledgerTransactionV1,
  summary: 'A rule of the ledger refused a transaction.',
  schema: Type.Object({
    transactionId: Id,
    kind: TransactionKind,
    loanId: Type.Union([Id, Type.Null()]),
    paymentId: Type.Union([Id, Type.Null()]),
    code: Text,
    reason: Text,
  }),
  example: {
    transactionId: id,
    kind: 'disbursement-reserved',
    loanId: id,
    paymentId: null,
    code: 'ledger/insufficient-funds',
    reason: 'asset:float would fall below zero',
  },
});
export type TransactionRefused = DataOf<typeof transactionRefused>;
