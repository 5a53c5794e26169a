import type { LocalDate } from '@daftari/kernel';
import { addCharge, refresh, rowOutstanding, type LoanRow, type LoanState } from './loan-state.js';
import { sumOf } from './numbers.js';
import { percentOf } from './ratio.js';
import type { InstallmentBasis, RoundingMode } from './terms.js';

/** What a percentage of a whole loan is taken of. */
export type LoanBasis =
  'disbursed_amount' | 'loan_principal' | 'loan_interest' | 'loan_principal_plus_total_interest';

/** A charge whose amount is a share of something. */
export interface PercentCharge {
  readonly chargeType: 'fee' | 'penalty';
  readonly when: 'at_disbursement' | 'each_installment' | 'due_date';
  readonly basis: LoanBasis | InstallmentBasis;
  readonly percent: string;
}

const planned = (state: LoanState): LoanRow[] =>
  state.rows.filter((row) => row.kind === 'installment');

const installmentBasis = ({ due }: LoanRow, basis: PercentCharge['basis']): bigint => {
  if (basis === 'installment_principal') return due.principalMinor;
  if (basis === 'installment_interest') return due.interestMinor;
  return due.principalMinor + due.interestMinor;
};

const chargeRow = (
  row: LoanRow,
  { basis, percent, chargeType: part }: Pick<PercentCharge, 'basis' | 'percent' | 'chargeType'>,
  mode: RoundingMode,
): void => {
  const amountMinor = percentOf(installmentBasis(row, basis), percent, mode);
  addCharge(row, { part, date: row.dueDate, amountMinor });
};

/** The amount of a charge on the whole loan. Minor units. */
export const chargeOnLoan = (state: LoanState, { basis, percent }: PercentCharge): bigint => {
  const interest = sumOf(planned(state), (row) => row.due.interestMinor);
  const principal = state.disbursedMinor;
  const of =
    basis === 'loan_interest'
      ? interest
      : basis === 'loan_principal_plus_total_interest'
        ? principal + interest
        : principal;
  return percentOf(of, percent, state.terms.roundingMode);
};

/** Charges every installment its share. */
export const chargeInstallments = (state: LoanState, item: PercentCharge): void => {
  for (const row of planned(state)) {
    chargeRow(row, item, state.terms.roundingMode);
  }
  refresh(state);
};

/**
 * Charges installments that are overdue at the end of a day and were not charged before, by the `overdueCharge` of the
 * terms; gives the due dates of those that were.
 */
export const chargeOverdue = (
  state: LoanState,
  date: LocalDate,
  charged: readonly LocalDate[],
): LocalDate[] => {
  const item = state.terms.overdueCharge;
  if (!item) return [];
  const overdue = planned(state).filter(
    (row) => row.dueDate < date && rowOutstanding(row) > 0n && !charged.includes(row.dueDate),
  );
  for (const row of overdue) {
    chargeRow(row, item, state.terms.roundingMode);
  }
  refresh(state);
  return overdue.map((row) => row.dueDate);
};
