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
import { max, min, sumOf } from './numbers.js';
import { payAhead, planFollowsPayments } from './cumulative/recalculation.js';
import { accrue } from './payoff.js';
import {
  payableInAdvance,
  payInterest,
  payPrincipal,
  type Advance,
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

/** One amount that an allocation paid, with what was owed of that part just before. Minor units. */
export interface PaidPart {
  readonly row: LoanRow;
  readonly part: Part;
  readonly amountMinor: bigint;
  readonly owedMinor: bigint;
  readonly owedByNowMinor: bigint;
}

type InAdvance = () => (index: number) => Advance;

const owedNow = (
  state: LoanState,
  row: LoanRow,
  part: Part,
  date: LocalDate,
  inAdvance: InAdvance,
): bigint => {
  const key = keyOf(part);
  const owed = max(0n, row.due[key] - row.paid[key]);
  if (!followsPayments(state) || row.period === null || row.dueDate <= date) return owed;
  if (part !== 'principal' && part !== 'interest') return owed;
  return inAdvance()(row.period)[part];
};

/** Of a row that is due, everything; before that only charges whose own date has come. */
const owedByNow = (row: LoanRow, part: Part, date: LocalDate): bigint => {
  const key = keyOf(part);
  if (row.dueDate <= date) return max(0n, row.due[key] - row.paid[key]);
  const reached = row.charges.filter((c) => c.part === part && c.date <= date);
  return max(0n, sumOf(reached, (c) => c.amountMinor) - row.paid[key]);
};

/** The installments of a draft as a payment sees them; what it pays is added to `parts`. */
const payables = (
  state: LoanState,
  date: LocalDate,
  parts: Parts,
  { principalOnly, note }: { principalOnly: boolean; note: ((paid: PaidPart) => void) | undefined },
): Payable[] => {
  let advance: ((index: number) => Advance) | undefined;
  // What can be paid in advance changes with every part paid, and is asked for many times in between.
  const inAdvance: InAdvance = () => {
    advance ??= followsPayments(state) ? payableInAdvance(state.model, date) : undefined;
    return advance ?? (() => ({ interest: 0n, principal: 0n }));
  };
  const owed = (row: LoanRow, part: Part): bigint =>
    principalOnly && part === 'interest' && row.dueDate > date
      ? 0n
      : owedNow(state, row, part, date, inAdvance);
  return state.rows.map((row) => ({
    fromDate: row.fromDate,
    dueDate: row.dueDate,
    owed: (part) => owed(row, part),
    owedByNow: (part) => owedByNow(row, part, date),
    pay: (part, amount) => {
      const now = note ? owed(row, part) : 0n;
      note?.({
        row,
        part,
        amountMinor: amount,
        // What rounding left is paid beyond what can be paid ahead: then all of the row's part is owed.
        owedMinor: amount > now ? row.due[keyOf(part)] - row.paid[keyOf(part)] : now,
        owedByNowMinor: owedByNow(row, part, date),
      });
      record(row, part, amount, date);
      parts[keyOf(part)] += amount;
      advance = undefined;
      if (!followsPayments(state) || row.period === null) return;
      if (part === 'principal') payPrincipal(state.model, row.period, amount, date);
      if (part === 'interest') payInterest(state.model, row.period, amount, date);
      refresh(state);
    },
  }));
};

const takesPrincipalAhead = (rule: AllocationRule, type: string): boolean => {
  if (rule.strategy !== 'rules') return true;
  const order = rule.rules[type] ?? rule.rules['default'];
  return order?.order.includes('in_advance_principal') ?? false;
};

/**
 * Where interest follows the payments, what can be paid ahead of an installment is its level amount; what rounding
 * leaves of the principal beyond those is paid with money that is left, and once no principal is left, the interest
 * that was carried on. Gives what is left then.
 */
const payResidual = (state: LoanState, rows: readonly Payable[], money: bigint): bigint => {
  let left = money;
  for (const part of ['principal', 'interest'] as const) {
    const owed = (row: LoanRow): bigint => row.due[keyOf(part)] - row.paid[keyOf(part)];
    [...state.rows].forEach((row, i) => {
      const amount = min(left, owed(row));
      if (amount <= 0n) return;
      rows[i]?.pay(part, amount);
      left -= amount;
    });
    if (sumOf(state.rows, owed) > 0n) break;
  }
  return left;
};

const allocate = (
  state: LoanState,
  rows: readonly Payable[],
  payment: Required<Payment>,
  rule: AllocationRule,
): bigint => {
  const left = allocatePayment(rows, payment, rule);
  if (left === 0n || !followsPayments(state) || !takesPrincipalAhead(rule, payment.type)) {
    return left;
  }
  return payResidual(state, rows, left);
};

/** Allocates a payment on the draft, and gives the loan after it; `note` hears of every amount as it is paid. */
export const receive = (
  state: LoanState,
  payment: Payment,
  rule: AllocationRule,
  note?: (paid: PaidPart) => void,
): { state: LoanState; parts: PaymentParts } => {
  const { date, amountMinor, type = 'repayment' } = payment;
  accrue(state, date);
  const principalOnly = planFollowsPayments(state) && payAhead(state, date, amountMinor);
  const parts = noParts();
  const rows = payables(state, date, parts, { principalOnly, note });
  const overpaymentMinor = allocate(state, rows, { date, amountMinor, type }, rule);
  state.overpaidMinor += overpaymentMinor;
  for (const row of state.rows) {
    if (rowOutstanding(row) === 0n) row.completedOn ??= date;
  }
  invariant(totalOf(parts) + overpaymentMinor === amountMinor, 'parts must sum to the payment');
  return { state, parts: { ...parts, overpaymentMinor } };
};
