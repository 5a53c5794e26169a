import type { LocalDate } from '@daftari/kernel';
import type { LoanRow, LoanState } from './loan-state.js';

/** A payout in the table of a running loan. Minor units. */
export interface PayoutRow {
  readonly type: 'disbursement';
  readonly date: LocalDate;
  readonly amountMinor: bigint;
  readonly balanceMinor: bigint;
}

/** An installment in the table of a running loan, with the principal that is still to be due after it. */
export interface DueRow {
  readonly type: 'installment' | 'down_payment' | 'prepayment';
  readonly row: LoanRow;
  readonly balanceMinor: bigint;
}

type Entry = { date: LocalDate; order: number; add: bigint; row: LoanRow | null };

/** Payouts and installments of a running loan in posting order: of one date, installment, payout, down payment. */
export const loanTable = (state: LoanState): (PayoutRow | DueRow)[] => {
  const start = state.tranches[0]?.date;
  const entries: Entry[] = [
    ...state.tranches.map(({ date, amountMinor }) => ({
      date,
      order: 1,
      add: amountMinor,
      row: null,
    })),
    ...state.rows.map((row) => ({
      date: row.dueDate,
      order:
        row.kind === 'down_payment' || row.kind === 'prepayment'
          ? 2
          : row.dueDate === start
            ? 3
            : 0,
      add: -row.due.principalMinor,
      row,
    })),
  ].sort((a, b) => (a.date === b.date ? a.order - b.order : a.date < b.date ? -1 : 1));
  let balanceMinor = 0n;
  return entries.map(({ date, add, row }) => {
    balanceMinor += add;
    if (!row) return { type: 'disbursement', date, amountMinor: add, balanceMinor };
    const type =
      row.kind === 'down_payment' || row.kind === 'prepayment' ? row.kind : 'installment';
    return { type, row, balanceMinor };
  });
};
