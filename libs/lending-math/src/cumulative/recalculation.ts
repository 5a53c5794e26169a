import type { LocalDate } from '@daftari/kernel';
import { at, later } from '../calendar.js';
import { refresh, replan, rowOutstanding, type LoanRow, type LoanState } from '../loan-state.js';
import { max, sumOf } from '../numbers.js';

/** True when payments change the interest of this classic loan. */
export const planFollowsPayments = ({ terms }: LoanState): boolean =>
  terms.convention === 'cumulative' &&
  terms.recalculation !== undefined &&
  terms.interestMethod !== 'flat';

const runningPeriod = (state: LoanState, date: LocalDate): number =>
  state.plan.findIndex(({ from, due }, i) => (from < date || i === 0) && date <= due);

const settle = (state: LoanState, changed: Partial<LoanState['adjustments']>): void => {
  state.adjustments = { ...state.adjustments, ...changed };
  replan(state);
  refresh(state);
};

/**
 * Makes principal (and, when it compounds, interest) of installments due before `date` and unpaid bear interest in the
 * running period up to `date`. Source: Apache Fineract, recalculation of cumulative schedules.
 */
export const accrueOverduePlan = (state: LoanState, date: LocalDate): void => {
  const { recalculation } = state.terms;
  const period = runningPeriod(state, date);
  if (period < 0 || recalculation?.noInterestOnPastDue === true) return;
  const owed = ({ due, paid }: LoanRow): bigint =>
    due.principalMinor -
    paid.principalMinor +
    (recalculation?.compounding === 'interest' ? due.interestMinor - paid.interestMinor : 0n);
  const overdue = sumOf(
    state.rows.filter((row) => row.dueDate < date),
    owed,
  );
  const { overdueTo, changes } = state.adjustments;
  const { from } = at(state.plan, period);
  const start = overdueTo === null ? from : later(from, overdueTo);
  if (overdue <= 0n || start >= date) return;
  const added = [
    { period, date: start, amount: overdue },
    { period, date, amount: -overdue },
  ];
  settle(state, { changes: [...changes, ...added], overdueTo: date });
};

/**
 * Prepares the plan for money coming in on `date`: what is left of it after earlier installments lowers the balance of
 * the running period from that date on. More than the running installment is all principal of it, and its interest is
 * due only on its date: then this is true, unless the money repays the whole loan.
 */
export const payAhead = (state: LoanState, date: LocalDate, amountMinor: bigint): boolean => {
  const period = runningPeriod(state, date);
  const row = state.rows.find((r) => r.period === period);
  if (!row) return false;
  const before = sumOf(
    state.rows.filter((r) => r.dueDate < row.dueDate),
    rowOutstanding,
  );
  const money = amountMinor - before;
  if (money <= 0n) return false;
  const { due, paid } = row;
  const excess = money > rowOutstanding(row);
  const charges = due.feesMinor + due.penaltiesMinor - paid.feesMinor - paid.penaltiesMinor;
  const early = date < row.dueDate;
  const { changes, collected, prepaid } = state.adjustments;
  if (early) {
    settle(state, {
      changes: [...changes, { period, date, amount: charges - money }],
      collected: [...collected, { period, interest: paid.interestMinor }],
    });
  }
  const laterPrincipal = sumOf(
    state.rows.filter((r) => r.dueDate > row.dueDate),
    (r) => r.due.principalMinor - r.paid.principalMinor,
  );
  // Money paid early lowers the interest, so it may repay the loan without being more than the installment was.
  if (!excess && money < rowOutstanding(row) + laterPrincipal) return false;
  const interest = early ? 0n : due.interestMinor - paid.interestMinor;
  const principal = paid.principalMinor + max(0n, money - charges - interest);
  settle(state, { prepaid: [...prepaid, { period, principal }] });
  return early && row.due.principalMinor >= principal;
};

/** What is owed of everything once all principal is repaid on `date`: interest up to it, and charges. Changes the draft. */
export const closePlan = (state: LoanState, date: LocalDate): void => {
  payAhead(state, date, sumOf(state.rows, rowOutstanding));
};
