import { localDate, type LocalDate } from '@daftari/kernel';
import fc from 'fast-check';
import { anyProduct } from '../testing/any-product.js';
import { productTable, type ProductRow } from './table.js';

const lentIn = (rows: readonly ProductRow[]): bigint =>
  rows.reduce(
    (sum, r) => (r.type === 'disbursement' ? sum + r.amountMinor + r.capitalisedMinor : sum),
    0n,
  );

const later = (date: LocalDate): LocalDate =>
  localDate(`${String(Number(date.slice(0, 4)) + 400)}${date.slice(4)}`);

/** Every date of some data 400 years later: the Gregorian calendar and its week repeat then. */
const moved = <T>(data: T): T =>
  JSON.parse(
    JSON.stringify(data, (_key, value: unknown) =>
      typeof value === 'bigint' ? `${String(value)}n` : value,
    ),
    (_key, value: unknown) => {
      if (typeof value !== 'string') return value;
      if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return later(localDate(value));
      return /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value;
    },
  ) as T;

describe('every product', () => {
  it('repays exactly what was lent, ends at zero, and has no negative part', () => {
    fc.assert(
      fc.property(anyProduct, (terms) => {
        const rows = productTable(terms);
        const due = rows.flatMap((row) => (row.type === 'disbursement' ? [] : [row]));
        expect(due.reduce((sum, row) => sum + row.principalMinor, 0n)).toBe(lentIn(rows));
        expect(rows.at(-1)?.balanceMinor).toBe(0n);
        expect(due.filter((row) => row.type === 'installment')).toHaveLength(
          terms.numberOfInstallments,
        );
        for (const row of due) {
          expect(row.principalMinor >= 0n && row.interestMinor >= 0n && row.feesMinor >= 0n).toBe(
            true,
          );
          expect(row.balanceMinor >= 0n && row.dueDate >= row.fromDate).toBe(true);
        }
      }),
      { numRuns: 250, seed: 21 },
    );
  });

  it('is the same 400 years later', () => {
    fc.assert(
      fc.property(anyProduct, (terms) => {
        expect(productTable(moved(terms))).toEqual(moved(productTable(terms)));
      }),
      { numRuns: 100, seed: 22 },
    );
  });

  it('bears no interest at a rate of zero, whatever else is agreed', () => {
    fc.assert(
      fc.property(anyProduct, ({ rateChanges: _changes, ...terms }) => {
        const rows = productTable({ ...terms, annualRatePercent: '0' });
        expect(rows.every((row) => row.type === 'disbursement' || row.interestMinor === 0n)).toBe(
          true,
        );
      }),
      { numRuns: 100, seed: 23 },
    );
  });
});
