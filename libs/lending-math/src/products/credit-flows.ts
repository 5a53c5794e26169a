import type { CreditFlows } from '../apr/solve.js';
import type { ProductRow } from './table.js';

/**
 * The money that changes hands in a table: tranches less the fees due with them, and what every installment and down
 * payment costs. Capitalised fees never reach the borrower, so they are in the payments only. A tranche that its own
 * fees and down payment use up counts as nothing.
 */
export const creditFlows = (rows: readonly ProductRow[]): CreditFlows => {
  const advances = rows.flatMap((row) =>
    row.type === 'disbursement'
      ? [{ date: row.date, amountMinor: row.amountMinor - row.feesMinor }]
      : [],
  );
  const payments = rows.flatMap((row) =>
    row.type === 'disbursement'
      ? []
      : [
          {
            date: row.dueDate,
            amountMinor:
              row.principalMinor + row.interestMinor + row.feesMinor + row.penaltiesMinor,
          },
        ],
  );
  return {
    advances: advances.filter((flow) => flow.amountMinor > 0n),
    payments: payments.filter((flow) => flow.amountMinor > 0n),
  };
};
