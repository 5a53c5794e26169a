import { Type } from '@sinclair/typebox';
import {
  Amount,
  Currency,
  DateOnly,
  type DataOf,
  defineMessage,
  Id,
  MoneySchema,
  Text,
} from './define.js';
import { TOPIC } from './topics.js';

const id = '0198c2f0-0000-7000-8000-000000000001';
const kes = (amount: string): { amount: string; currency: string } => ({ amount, currency: 'KES' });

/** An application was sent in. */
export const applicationSubmitted = defineMessage({
  type: 'daftari.origination.application-submitted.v1',
  topic: TOPIC.applicationV1,
  summary: 'A customer applied for a loan.',
  schema: Type.Object({
    applicationId: Id,
    customerId: Id,
    productId: Id,
    principal: MoneySchema,
    numberOfInstallments: Type.Integer(),
    vendorId: Type.Optional(Type.Union([Id, Type.Null()])),
  }),
  example: {
    applicationId: id,
    customerId: id,
    productId: id,
    vendorId: id,
    principal: kes('25000.00'),
    numberOfInstallments: 3,
  },
});
export type ApplicationSubmitted = DataOf<typeof applicationSubmitted>;

/** An application was decided. */
export const applicationDecided = defineMessage({
  type: 'daftari.origination.application-decided.v1',
  topic: TOPIC.applicationV1,
  summary:
    'An application was approved (then loanId is set) or rejected, with reason and next steps.',
  schema: Type.Object({
    applicationId: Id,
    customerId: Id,
    decision: Type.Union([Type.Literal('approved'), Type.Literal('rejected')]),
    loanId: Type.Union([Id, Type.Null()]),
    reason: Type.Union([Text, Type.Null()]),
    nextSteps: Type.Union([Text, Type.Null()]),
    vendorId: Type.Optional(Type.Union([Id, Type.Null()])),
  }),
  example: {
    applicationId: id,
    customerId: id,
    decision: 'rejected',
    loanId: null,
    reason: 'Income too low',
    nextSteps: 'Apply again in 30 days',
    vendorId: id,
  },
});
export type ApplicationDecided = DataOf<typeof applicationDecided>;

/** One instalment as it stands: what is due by part and what of it has been paid. */
export const InstallmentSchema = Type.Object({
  number: Type.Integer(),
  dueOn: DateOnly,
  principal: Amount,
  interest: Amount,
  fees: Amount,
  penalties: Amount,
  paidPrincipal: Amount,
  paidInterest: Amount,
  paidFees: Amount,
  paidPenalties: Amount,
});

/** Money is to be paid out for an approved loan. */
export const disbursementRequested = defineMessage({
  type: 'daftari.origination.disbursement-requested.v1',
  topic: TOPIC.loanV1,
  summary: 'Staff asked for the payout of an approved loan.',
  schema: Type.Object({
    loanId: Id,
    customerId: Id,
    accountReference: Text,
    principal: MoneySchema,
    phone: Text,
    effectiveOn: DateOnly,
  }),
  example: {
    loanId: id,
    customerId: id,
    accountReference: 'LN10000001',
    principal: kes('25000.00'),
    phone: '254700000001',
    effectiveOn: '2026-01-31',
  },
});
export type DisbursementRequested = DataOf<typeof disbursementRequested>;

/** A loan is running: it was paid out and has its schedule. */
export const loanActivated = defineMessage({
  type: 'daftari.origination.loan-activated.v1',
  topic: TOPIC.loanV1,
  summary: 'The payout is confirmed and posted; the schedule is set.',
  schema: Type.Object({
    loanId: Id,
    customerId: Id,
    accountReference: Text,
    currency: Currency,
    principal: Amount,
    disbursedOn: DateOnly,
    disbursementReference: Text,
    installments: Type.Array(InstallmentSchema),
  }),
  example: {
    loanId: id,
    customerId: id,
    accountReference: 'LN10000001',
    currency: 'KES',
    principal: '25000.00',
    disbursedOn: '2026-01-31',
    disbursementReference: 'SGR7X1ABCD',
    installments: [
      {
        number: 1,
        dueOn: '2026-02-28',
        principal: '8168.00',
        interest: '500.00',
        fees: '0.00',
        penalties: '0.00',
        paidPrincipal: '0.00',
        paidInterest: '0.00',
        paidFees: '0.00',
        paidPenalties: '0.00',
      },
    ],
  },
});
export type LoanActivated = DataOf<typeof loanActivated>;

/** A repayment was allocated to instalments; carries the whole schedule as it stands now. */
export const repaymentAllocated = defineMessage({
  type: 'daftari.origination.repayment-allocated.v1',
  topic: TOPIC.loanV1,
  summary: 'A settled payment was allocated to a loan.',
  schema: Type.Object({
    loanId: Id,
    customerId: Id,
    paymentId: Id,
    receipt: Text,
    effectiveOn: DateOnly,
    currency: Currency,
    amount: Amount,
    principal: Amount,
    interest: Amount,
    fees: Amount,
    penalties: Amount,
    overpayment: Amount,
    outstanding: Amount,
    nextDueOn: Type.Union([DateOnly, Type.Null()]),
    nextDueAmount: Type.Union([Amount, Type.Null()]),
    installments: Type.Array(InstallmentSchema),
  }),
  example: {
    loanId: id,
    customerId: id,
    paymentId: id,
    receipt: 'SGR7X1ABCD',
    effectiveOn: '2026-02-28',
    currency: 'KES',
    amount: '8668.00',
    principal: '8168.00',
    interest: '500.00',
    fees: '0.00',
    penalties: '0.00',
    overpayment: '0.00',
    outstanding: '17000.00',
    nextDueOn: '2026-03-31',
    nextDueAmount: '8668.00',
    installments: [],
  },
});
export type RepaymentAllocated = DataOf<typeof repaymentAllocated>;

/** A repayment was taken back: its parts are owed again; carries the whole schedule as it stands now. */
export const repaymentReversed = defineMessage({
  type: 'daftari.origination.repayment-reversed.v1',
  topic: TOPIC.loanV1,
  summary: 'A payment that had been allocated to a loan was reversed; what it paid is owed again.',
  schema: Type.Object({
    loanId: Id,
    customerId: Id,
    paymentId: Id,
    receipt: Text,
    providerReference: Text,
    reason: Text,
    effectiveOn: DateOnly,
    currency: Currency,
    amount: Amount,
    principal: Amount,
    interest: Amount,
    fees: Amount,
    penalties: Amount,
    overpayment: Amount,
    outstanding: Amount,
    nextDueOn: Type.Union([DateOnly, Type.Null()]),
    nextDueAmount: Type.Union([Amount, Type.Null()]),
    installments: Type.Array(InstallmentSchema),
  }),
  example: {
    loanId: id,
    customerId: id,
    paymentId: id,
    receipt: 'SGR7X1ABCD',
    providerReference: 'SGR7X1ABCE',
    reason: 'Sent by mistake, reversed by M-Pesa',
    effectiveOn: '2026-03-01',
    currency: 'KES',
    amount: '8668.00',
    principal: '8168.00',
    interest: '500.00',
    fees: '0.00',
    penalties: '0.00',
    overpayment: '0.00',
    outstanding: '25668.00',
    nextDueOn: '2026-03-31',
    nextDueAmount: '8668.00',
    installments: [],
  },
});
export type RepaymentReversed = DataOf<typeof repaymentReversed>;

/** A loan moved to another status. */
export const loanStatusChanged = defineMessage({
  type: 'daftari.origination.loan-status-changed.v1',
  topic: TOPIC.loanV1,
  summary:
    'A loan moved: approved, disbursed, active, completed, defaulted; or back to approved when its payout failed.',
  schema: Type.Object({
    loanId: Id,
    customerId: Id,
    accountReference: Text,
    status: Text,
    on: DateOnly,
    reason: Type.Union([Text, Type.Null()]),
  }),
  example: {
    loanId: id,
    customerId: id,
    accountReference: 'LN10000001',
    status: 'completed',
    on: '2026-04-30',
    reason: null,
  },
});
export type LoanStatusChanged = DataOf<typeof loanStatusChanged>;
