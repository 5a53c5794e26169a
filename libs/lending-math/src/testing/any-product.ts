import { addDays, localDate, type LocalDate } from '@daftari/kernel';
import fc from 'fast-check';
import { DAY_COUNTS } from '../day-count.js';
import { PRODUCT_KINDS } from '../products/shapes.js';
import type { ProductTerms } from '../products/terms.js';
import { validateProduct } from '../products/validate.js';

const start = localDate('2023-01-01');
const percent = (max: number) => fc.integer({ min: 0, max }).map((bp) => (bp / 100).toFixed(2));

/** Any product, with tranches, rate changes, pauses, fees, grace, calendars and currencies of every scale. */
export const anyProduct: fc.Arbitrary<ProductTerms> = fc
  .record({
    kind: fc.constantFrom(...PRODUCT_KINDS),
    currency: fc.constant('XTS'),
    decimals: fc.constantFrom(0, 2, 3),
    principalMinor: fc.bigInt({ min: 1n, max: 10_000_000_000n }),
    annualRatePercent: percent(12_000),
    numberOfInstallments: fc.integer({ min: 1, max: 30 }),
    repaymentEvery: fc.constantFrom(
      { n: 1, unit: 'days' as const },
      { n: 1, unit: 'weeks' as const },
      { n: 2, unit: 'weeks' as const },
      { n: 1, unit: 'months' as const },
      { n: 3, unit: 'months' as const },
    ),
    disbursementDate: fc.integer({ min: 0, max: 1500 }).map((days) => addDays(start, days)),
    dayCount: fc.constantFrom(...DAY_COUNTS),
    roundingMode: fc.constantFrom('HALF_EVEN', 'HALF_UP', 'FLOOR', 'CEILING'),
    gracePrincipal: fc.integer({ min: 0, max: 5 }),
    graceInterest: fc.integer({ min: 0, max: 5 }),
    interestFreePeriods: fc.integer({ min: 0, max: 4 }),
    balloonPercent: percent(9_000),
    step: fc.record({
      every: fc.integer({ min: 1, max: 5 }),
      percent: fc.constantFrom('10', '-10', '2.5'),
    }),
    roll: fc.constantFrom(
      'none',
      'following',
      'modified_following',
      'preceding',
      'modified_preceding',
    ),
    interestTo: fc.constantFrom('moved', 'unmoved'),
    downPaymentPercent: fc.constantFrom(undefined, '10', '33.3'),
    multiple: fc.constantFrom(null, '1', '100'),
    second: fc.option(
      fc.tuple(fc.integer({ min: 0, max: 100 }), fc.bigInt({ min: 1n, max: 5_000_000n })),
    ),
    change: fc.option(fc.tuple(fc.integer({ min: 1, max: 200 }), percent(9_000))),
    pause: fc.option(fc.tuple(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 1, max: 120 }))),
    capitalised: fc.option(percent(1_000)),
  })
  .map(({ second, change, pause, capitalised, multiple, downPaymentPercent, ...terms }) => {
    const n = terms.numberOfInstallments;
    const day = (offset: number): LocalDate => addDays(terms.disbursementDate, offset);
    const tranches = second
      ? [
          { date: terms.disbursementDate, amountMinor: terms.principalMinor },
          { date: day(Math.min(second[0], n - 1)), amountMinor: second[1] },
        ]
      : undefined;
    return {
      ...terms,
      principalMinor: terms.principalMinor + (second?.[1] ?? 0n),
      gracePrincipal: Math.min(terms.gracePrincipal, n - 1),
      graceInterest: Math.min(terms.graceInterest, n - 1),
      interestFreePeriods: Math.min(terms.interestFreePeriods, n - 1),
      calendar: { weekend: ['sunday' as const], holidays: [], yearly: ['12-25', '12-26'] },
      installmentAmountInMultiplesOf: multiple,
      ...(downPaymentPercent && { downPaymentPercent }),
      ...(tranches && { disbursements: tranches }),
      ...(change && {
        rateChanges: [{ effectiveDate: day(change[0]), annualRatePercent: change[1] }],
      }),
      ...(pause && { pauses: [{ from: day(pause[0]), to: day(pause[0] + pause[1]) }] }),
      ...(capitalised && {
        fees: [{ name: 'fee', percent: capitalised, due: 'capitalised' as const }],
      }),
    };
  })
  .filter((terms) => validateProduct(terms).length === 0);
