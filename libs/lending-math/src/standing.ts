import { daysBetween, type LocalDate } from '@daftari/kernel';
import {
  noParts,
  rowOutstanding,
  totalOf,
  type LoanRow,
  type LoanState,
  type Parts,
} from './loan-state.js';
import { sumOf } from './numbers.js';

/** What is owed on the whole loan by part, due or not. Minor units. */
export const outstanding = (state: LoanState): Parts & { totalMinor: bigint } => {
  const parts = noParts();
  for (const { due, paid } of state.rows) {
    parts.principalMinor += due.principalMinor - paid.principalMinor;
    parts.interestMinor += due.interestMinor - paid.interestMinor;
    parts.feesMinor += due.feesMinor - paid.feesMinor;
    parts.penaltiesMinor += due.penaltiesMinor - paid.penaltiesMinor;
  }
  return { ...parts, totalMinor: totalOf(parts) };
};

/** How far a loan is behind. */
export interface Arrears {
  readonly overdueMinor: bigint;
  readonly oldestUnpaidDueDate: LocalDate | null;
  readonly daysPastDue: number;
  readonly overdueInstallments: number;
}

/** What was due before `asOf` and is unpaid; an installment due on `asOf` itself is not overdue. */
export const arrears = (state: LoanState, asOf: LocalDate): Arrears => {
  const overdue = state.rows.filter((row) => row.dueDate < asOf && rowOutstanding(row) > 0n);
  const oldest = overdue[0]?.dueDate ?? null;
  return {
    overdueMinor: sumOf(overdue, rowOutstanding),
    oldestUnpaidDueDate: oldest,
    daysPastDue: oldest === null ? 0 : daysBetween(oldest, asOf),
    overdueInstallments: overdue.length,
  };
};

/** The next unpaid installment due on `asOf` or later, and what is left of it; null when there is none. */
export const nextDue = (
  state: LoanState,
  asOf: LocalDate,
): { dueDate: LocalDate; amountMinor: bigint } | null => {
  const owing = (row: LoanRow): boolean => row.dueDate >= asOf && rowOutstanding(row) > 0n;
  const row = state.rows.find(owing);
  return row ? { dueDate: row.dueDate, amountMinor: rowOutstanding(row) } : null;
};
