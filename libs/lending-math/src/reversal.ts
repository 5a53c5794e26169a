import { invariant } from '@daftari/kernel';
import { rowOutstanding, type LoanRow, type LoanState, type Parts } from './loan-state.js';

interface RowShare {
  readonly paid: Parts;
  readonly inAdvanceMinor: bigint;
  readonly lateMinor: bigint;
}

/** What one payment paid, row by row, and what of it was too much. Minor units. */
export interface PaymentShare {
  readonly rows: readonly RowShare[];
  readonly overpaidMinor: bigint;
  /** Where interest follows the payments: the loan as it was before this one. */
  readonly before?: LoanState;
}

const less = (a: Parts, b: Parts): Parts => ({
  principalMinor: a.principalMinor - b.principalMinor,
  interestMinor: a.interestMinor - b.interestMinor,
  feesMinor: a.feesMinor - b.feesMinor,
  penaltiesMinor: a.penaltiesMinor - b.penaltiesMinor,
});
/** What a payment paid: the difference that it made; with recalculated interest, which changes the rows, all that was before. */
export const shareOf = (before: LoanState, after: LoanState): PaymentShare => {
  if (after.terms.recalculation) return { rows: [], overpaidMinor: 0n, before };
  invariant(before.rows.length === after.rows.length, 'a payment adds no rows');
  return {
    rows: after.rows.map((row, i) => {
      const old = before.rows[i] ?? row;
      return {
        paid: less(row.paid, old.paid),
        inAdvanceMinor: row.paidInAdvanceMinor - old.paidInAdvanceMinor,
        lateMinor: row.paidLateMinor - old.paidLateMinor,
      };
    }),
    overpaidMinor: after.overpaidMinor - before.overpaidMinor,
  };
};

const owedAgain = (row: LoanRow, share: RowShare | undefined): LoanRow => {
  if (!share) return row;
  const again: LoanRow = {
    ...row,
    paid: less(row.paid, share.paid),
    paidInAdvanceMinor: row.paidInAdvanceMinor - share.inAdvanceMinor,
    paidLateMinor: row.paidLateMinor - share.lateMinor,
  };
  return rowOutstanding(again) > 0n ? { ...again, completedOn: null } : again;
};

/**
 * The loan without a payment: exactly what it had paid is owed again, as the ledger's mirror posting has it. Payments
 * that came after keep what they paid.
 */
export const withoutPayment = (state: LoanState, share: PaymentShare): LoanState =>
  share.before ?? {
    ...state,
    rows: state.rows.map((row, i) => owedAgain(row, share.rows[i])),
    overpaidMinor: state.overpaidMinor - share.overpaidMinor,
  };
