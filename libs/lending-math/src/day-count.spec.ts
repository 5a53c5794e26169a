import { localDate } from '@daftari/kernel';
import fc from 'fast-check';
import { addDays } from '@daftari/kernel';
import { DAY_COUNTS, daysBy, yearDenominator, yearFraction } from './day-count.js';
import { sameRatio } from './ratio.js';

/**
 * ISDA, "Calculation examples of 30/360 and 30E/360 in the 2006 ISDA Definitions" (30-360-2006ISDADefs.xls), sheet
 * Comparison: start, end, days by 30/360 (bond basis), 30E/360 (Eurobond basis) and actual.
 */
const ISDA: [string, string, number, number, number][] = [
  ['2007-01-15', '2007-01-30', 15, 15, 15],
  ['2007-01-15', '2007-02-15', 30, 30, 31],
  ['2007-01-15', '2007-07-15', 180, 180, 181],
  ['2007-09-30', '2008-03-31', 180, 180, 183],
  ['2007-09-30', '2007-10-31', 30, 30, 31],
  ['2007-09-30', '2008-09-30', 360, 360, 366],
  ['2007-01-15', '2007-01-31', 16, 15, 16],
  ['2007-01-31', '2007-02-28', 28, 28, 28],
  ['2007-02-28', '2007-03-31', 33, 32, 31],
  ['2006-08-31', '2007-02-28', 178, 178, 181],
  ['2007-02-28', '2007-08-31', 183, 182, 184],
  ['2007-02-14', '2007-02-28', 14, 14, 14],
  ['2007-02-26', '2008-02-29', 363, 363, 368],
  ['2008-02-29', '2009-02-28', 359, 359, 365],
  ['2008-02-29', '2008-03-30', 31, 31, 30],
  ['2008-02-29', '2008-03-31', 32, 31, 31],
  ['2007-02-28', '2007-03-05', 7, 7, 5],
  ['2007-10-31', '2007-11-28', 28, 28, 28],
  ['2007-08-31', '2008-02-29', 179, 179, 182],
  ['2008-02-29', '2008-08-31', 182, 181, 184],
  ['2008-08-31', '2009-02-28', 178, 178, 181],
  ['2009-02-28', '2009-08-31', 183, 182, 184],
];

describe('day counts', () => {
  it.each(ISDA)('count as the examples of ISDA do: %s to %s', (from, to, bond, euro, actual) => {
    const [a, b] = [localDate(from), localDate(to)];
    expect(daysBy('30/360_us', a, b)).toBe(bond);
    expect(daysBy('30e/360', a, b)).toBe(euro);
    expect(daysBy('actual/360', a, b)).toBe(actual);
    expect(yearFraction('30/360_us', a, b)).toEqual({ n: BigInt(bond), d: 360n });
    expect(yearFraction('actual/360', a, b)).toEqual({ n: BigInt(actual), d: 360n });
    expect(yearFraction('actual/365', a, b)).toEqual({ n: BigInt(actual), d: 365n });
  });

  // ISDA, "EMU and market conventions: recent developments" (1998) and "The actual/actual day count fraction" (1999).
  it.each([
    ['2003-11-01', '2004-05-01', 61n, 121n],
    ['1999-02-01', '1999-07-01', 150n, 0n],
    ['1999-07-01', '2000-07-01', 184n, 182n],
    ['2002-08-15', '2003-07-15', 334n, 0n],
    ['2003-07-15', '2004-01-15', 170n, 14n],
    ['1999-07-30', '2000-01-30', 155n, 29n],
    ['2000-01-30', '2000-06-30', 0n, 152n],
    ['1999-11-30', '2000-04-30', 32n, 120n],
  ])('splits actual/actual at the year end: %s to %s', (from, to, ordinary, leap) => {
    const share = yearFraction('actual/actual', localDate(from), localDate(to));
    expect(sameRatio(share, { n: ordinary * 366n + leap * 365n, d: 365n * 366n })).toBe(true);
  });

  it('give a whole year of actual/actual as one, and all others by their denominator', () => {
    for (const year of ['2023', '2024', '2100']) {
      const next = String(Number(year) + 1);
      const share = yearFraction(
        'actual/actual',
        localDate(`${year}-01-01`),
        localDate(`${next}-01-01`),
      );
      expect(sameRatio(share, { n: 1n, d: 1n })).toBe(true);
    }
  });

  const dates = fc.tuple(fc.integer({ min: 0, max: 9000 }), fc.integer({ min: 0, max: 3000 }));

  it('change nothing when both dates move by 400 years', () => {
    fc.assert(
      fc.property(dates, fc.constantFrom(...DAY_COUNTS), ([start, length], dayCount) => {
        const from = addDays(localDate('2001-01-01'), start);
        const to = addDays(from, length);
        const later = (date: string) =>
          localDate(String(Number(date.slice(0, 4)) + 400) + date.slice(4));
        expect(yearFraction(dayCount, later(from), later(to))).toEqual(
          yearFraction(dayCount, from, to),
        );
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  it('add up when a period by actual days is cut, and never leave their denominator', () => {
    const actual = DAY_COUNTS.filter((name) => name.startsWith('actual'));
    fc.assert(
      fc.property(
        dates,
        fc.integer({ min: 0, max: 900 }),
        fc.constantFrom(...actual),
        ([start, length], more, dayCount) => {
          const from = addDays(localDate('2001-01-01'), start);
          const middle = addDays(from, length);
          const to = addDays(middle, more);
          const [a, b, whole] = [
            yearFraction(dayCount, from, middle),
            yearFraction(dayCount, middle, to),
            yearFraction(dayCount, from, to),
          ];
          expect(a.n + b.n).toBe(whole.n);
          expect([a.d, b.d, whole.d]).toEqual(Array(3).fill(yearDenominator(dayCount)));
        },
      ),
      { numRuns: 300, seed: 6 },
    );
  });
});
