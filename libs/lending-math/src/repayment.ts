import { invariant, type LocalDate } from '@daftari/kernel';
import { allocatePayment, type AllocationRule, type Part, type Payable } from './allocation.js';
import {
  followsPayments,
  keyOf,
  noParts,
  refresh,
  rowOutstanding,
  totalOf,
  type LoanRow,
  type LoanState,
  type Parts,
} from './loan-state.js';
import { max } from './numbers.js';
import {
  accrueOverdue,
  payableInAdvance,
  payInterest,
  payPrincipal,
} from './progressive/recalculation.js';

/** Money that comes in. `type` chooses the order of the allocation rule; absent: `repayment`. */
export interface Payment {
  readonly date: LocalDate;
  readonly amountMinor: bigint;
  readonly type?: string;
}

/** What a payment was for; with the overpayment it sums to the amount. */
export interface PaymentParts extends Parts {
  overpaymentMinor: bigint;
}

const record = (row: LoanRow, part: Part, amount: bigint, date: LocalDate): void => {
  row.paid[keyOf(part)] += amount;
  if (date < row.dueDate) row.paidInAdvanceMinor += amount;
  if (date > row.dueDate) row.paidLateMinor += amount;
};

const owedNow = (state: LoanState, row: LoanRow, part: Part, date: LocalDate): bigint => {
  const key = keyOf(part);
  const owed = max(0n, row.due[key] - row.paid[key]);
  if (!followsPayments(state) || row.period === null || row.dueDate <= date) return owed;
  if (part !== 'principal' && part !== 'interest') return owed;
  return payableInAdvance(state.model, row.period, date)[part];
};

const payable = (state: LoanState, row: LoanRow, date: LocalDate, parts: Parts): Payable => ({
  fromDate: row.fromDate,
  dueDate: row.dueDate,
  owed: (part) => owedNow(state, row, part, date),
  pay: (part, amount) => {
    record(row, part, amount, date);
    parts[keyOf(part)] += amount;
    if (!followsPayments(state) || row.period === null) return;
    if (part === 'principal') payPrincipal(state.model, row.period, amount, date);
    if (part === 'interest') payInterest(state.model, row.period, amount, date);
    refresh(state);
  },
});

/** Allocates a payment on the draft. */
export const receive = (state: LoanState, payment: Payment, rule: AllocationRule): PaymentParts => {
  const { date, amountMinor, type = 'repayment' } = payment;
  if (followsPayments(state)) {
    accrueOverdue(state.model, date);
    refresh(state);
  }
  const parts = noParts();
  const rows = state.rows.map((row) => payable(state, row, date, parts));
  const overpaymentMinor = allocatePayment(rows, { date, amountMinor, type }, rule);
  state.overpaidMinor += overpaymentMinor;
  refresh(state);
  for (const row of state.rows) {
    if (rowOutstanding(row) === 0n) row.completedOn ??= date;
  }
  invariant(totalOf(parts) + overpaymentMinor === amountMinor, 'parts must sum to the payment');
  return { ...parts, overpaymentMinor };
};
