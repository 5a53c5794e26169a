import type { LocalDate } from '@daftari/kernel';
import { at } from './calendar.js';
import { accrueOverduePlan, closePlan, planFollowsPayments } from './cumulative/recalculation.js';
import { outstanding } from './standing.js';
import { copyLoan, followsPayments, refresh, type LoanState } from './loan-state.js';
import { max } from './numbers.js';
import { copyModel, figures, settleResidual } from './progressive/model.js';
import { accrueOverdue, closureDate } from './progressive/recalculation.js';

/** Brings interest on overdue principal up to a date, on the draft. */
export const accrue = (state: LoanState, date: LocalDate): void => {
  if (planFollowsPayments(state)) accrueOverduePlan(state, date);
  if (!followsPayments(state)) return;
  accrueOverdue(state.model, date);
  refresh(state);
};

/** Brings overdue principal's interest up to a date; a loan without recalculation stays as it is. */
export const accrueTo = (state: LoanState, date: LocalDate): LoanState => {
  if (!followsPayments(state) && !planFollowsPayments(state)) return state;
  const next = copyLoan(state);
  accrue(next, date);
  return next;
};

/**
 * What closes the loan on a date: principal and charges outstanding, and interest accrued to that date (to the end
 * of the running period under `till_rest_frequency_date`). Without recalculation: everything outstanding.
 */
export const payoffAmount = (state: LoanState, date: LocalDate): bigint => {
  const current = copyLoan(state);
  accrue(current, date);
  if (planFollowsPayments(current)) closePlan(current, date);
  const owed = outstanding(current);
  if (!followsPayments(current)) return owed.totalMinor;
  const target = closureDate(current.model, date);
  const cut = copyModel(current.model);
  settleResidual(cut, target);
  const interest = figures(cut, target).reduce(
    (sum, f, i) => sum + max(0n, f.dueInterest - at(cut.periods, i).paidInterest),
    0n,
  );
  return owed.totalMinor - owed.interestMinor + interest;
};
