import { localDate } from '@daftari/kernel';
import fc from 'fast-check';
import {
  annuity,
  decimal,
  minus,
  over,
  percent,
  percentOf,
  plus,
  ratio,
  round,
  roundInstallment,
  times,
} from './ratio.js';
import type { LoanTerms, RoundingMode } from './terms.js';

const terms: LoanTerms = {
  convention: 'progressive',
  currency: 'KES',
  decimals: 2,
  principalMinor: 1n,
  annualRatePercent: '0',
  numberOfInstallments: 1,
  repaymentEvery: { n: 1, unit: 'months' },
  disbursementDate: localDate('2026-01-01'),
  daysInYear: '360',
  daysInMonth: '30',
  roundingMode: 'HALF_EVEN',
};

describe('rounding', () => {
  // Halves, and what is just off them, on both sides of zero.
  it.each<[RoundingMode, string]>([
    ['HALF_EVEN', '-2 -2 -2 -2 -1 0 0 0 0 1 1 2 2 2'],
    ['HALF_UP', '-3 -2 -2 -2 -1 -1 0 0 1 1 1 2 2 3'],
    ['FLOOR', '-3 -3 -2 -2 -2 -1 -1 0 0 0 1 1 2 2'],
    ['CEILING', '-2 -2 -2 -1 -1 0 0 0 1 1 2 2 2 3'],
  ])('%s', (mode, expected) => {
    const tenths = [-25, -21, -20, -15, -14, -5, -4, 0, 5, 6, 14, 15, 20, 25];
    expect(tenths.map((n) => String(round(ratio(n, 10), mode))).join(' ')).toBe(expected);
  });

  it('is never further off than it may be', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
        fc.bigInt({ min: 1n, max: 10n ** 20n }),
        (n, d) => {
          const off = (mode: RoundingMode): bigint => round({ n, d }, mode) * d - n;
          expect(off('FLOOR') <= 0n && off('FLOOR') > -d).toBe(true);
          expect(off('CEILING') >= 0n && off('CEILING') < d).toBe(true);
          for (const mode of ['HALF_UP', 'HALF_EVEN'] as const) {
            const twice = 2n * off(mode);
            expect(twice <= d && twice >= -d).toBe(true);
          }
        },
      ),
      { numRuns: 200, seed: 211 },
    );
  });

  it.each([
    [null, 12_349n, 12_349n],
    ['1', 12_349n, 12_300n],
    ['1', 12_350n, 12_400n],
    ['0.5', 12_320n, 12_300n],
    ['0.5', 12_330n, 12_350n],
    ['10', 12_500n, 12_000n],
  ])('to a multiple of %s', (installmentAmountInMultiplesOf, minor, expected) => {
    const of = { ...terms, installmentAmountInMultiplesOf };
    expect(roundInstallment(ratio(minor), of)).toBe(expected);
  });

  it('without a multiple is to the minor unit, by the mode of the terms', () => {
    expect(roundInstallment(ratio(5, 2), terms)).toBe(2n);
    expect(roundInstallment(ratio(5, 2), { ...terms, roundingMode: 'CEILING' })).toBe(3n);
  });

  it('to a multiple of a currency without decimals', () => {
    const yen = { ...terms, decimals: 0, installmentAmountInMultiplesOf: '100' };
    expect(roundInstallment(ratio(1_249n), yen)).toBe(1_200n);
  });
});

describe('fractions', () => {
  it('are read from decimal strings', () => {
    expect(decimal('12')).toEqual({ n: 12n, d: 1n });
    expect(decimal('9.482')).toEqual({ n: 9_482n, d: 1_000n });
    expect(decimal('-0.5')).toEqual({ n: -5n, d: 10n });
    expect(percent('7.5')).toEqual({ n: 75n, d: 1_000n });
  });

  it('add, subtract, multiply and divide exactly', () => {
    expect(plus(ratio(1, 3), ratio(1, 3))).toEqual({ n: 2n, d: 3n });
    expect(plus(ratio(1, 2), ratio(1, 3))).toEqual({ n: 5n, d: 6n });
    expect(minus(ratio(1, 2), ratio(1, 3))).toEqual({ n: 1n, d: 6n });
    expect(times(ratio(2, 3), ratio(5, 7))).toEqual({ n: 10n, d: 21n });
    expect(over(ratio(2, 3), 5)).toEqual({ n: 2n, d: 15n });
    expect(ratio(4)).toEqual({ n: 4n, d: 1n });
  });

  it('give a percentage of an amount', () => {
    expect(percentOf(1_000n, '2.55', 'HALF_EVEN')).toBe(26n);
    expect(percentOf(1_000n, '2.55', 'FLOOR')).toBe(25n);
  });
});

describe('the annuity', () => {
  it('repays a principal exactly', () => {
    // 100 at 10 % over 2: x / 1.1 + x / 1.21 = 100.
    expect(annuity(100n, ratio(1, 10), 2)).toEqual({ n: 100n * 121n, d: 10n * (121n - 100n) });
    const { n, d } = annuity(100n, ratio(1, 10), 2);
    const present = plus(
      over(times({ n, d }, ratio(10)), 11),
      over(times({ n, d }, ratio(100)), 121),
    );
    expect(present.n).toBe(100n * present.d);
  });

  it('without a rate is an equal share', () => {
    expect(annuity(100n, ratio(0n), 3)).toEqual({ n: 100n, d: 3n });
  });
});
