import type { LocalDate } from '@daftari/kernel';
import { at } from './calendar.js';
import { outstanding } from './loan.js';
import { copyLoan, followsPayments, refresh, type LoanState } from './loan-state.js';
import { max } from './numbers.js';
import { copyModel, figures, settleResidual } from './progressive/model.js';
import { accrueOverdue, closureDate } from './progressive/recalculation.js';

/** Brings overdue principal's interest up to a date; a loan without recalculation stays as it is. */
export const accrueTo = (state: LoanState, date: LocalDate): LoanState => {
  if (!followsPayments(state)) return state;
  const next = copyLoan(state);
  if (next.model) accrueOverdue(next.model, date);
  refresh(next);
  return next;
};

/**
 * What closes the loan on a date: principal and charges outstanding, and interest accrued to that date (to the end
 * of the running period under `till_rest_frequency_date`). Without recalculation: everything outstanding.
 */
export const payoffAmount = (state: LoanState, date: LocalDate): bigint => {
  const current = accrueTo(state, date);
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
