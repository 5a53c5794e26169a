import { addDays, addMonths, localDate } from '@daftari/kernel';
import fc from 'fast-check';
import { Decimal } from '../numbers.js';
import { effectiveAnnualRate } from './effective.js';
import { euApr, euAprRate, euInterval, type EuIntervalUnit } from './eu.js';
import { regZApr, regZAprRate } from './reg-z.js';
import type { CreditFlows, DatedAmount } from './solve.js';
import { unitPeriodOf, unitPeriodsBetween } from './unit-period.js';

const flow = (date: string, amount: string): DatedAmount => ({
  date: localDate(date),
  amountMinor: BigInt(new Decimal(amount).times(100).toFixed(0)),
});

describe('EU annual percentage rate of charge', () => {
  // European Commission, Guidelines on the application of Directive 2008/48/EC (SWD(2012) 128), annex 1: intervals.
  it.each<[EuIntervalUnit, string, string, number, number, number]>([
    ['month', '2019-01-12', '2020-01-12', 12, 12, 0],
    ['month', '2012-01-12', '2012-02-15', 1, 12, 3 * 1000 + 365],
    ['month', '2012-01-12', '2012-03-15', 2, 12, 3 * 1000 + 365],
    ['month', '2012-01-12', '2012-04-15', 3, 12, 3 * 1000 + 365],
    ['month', '2013-01-12', '2013-02-15', 1, 12, 3 * 1000 + 366],
    ['month', '2013-01-12', '2013-03-15', 2, 12, 3 * 1000 + 366],
    ['month', '2013-02-25', '2013-03-28', 1, 12, 3 * 1000 + 366],
    ['month', '2013-02-26', '2013-03-29', 1, 12, 2 * 1000 + 366],
    ['month', '2012-02-26', '2012-03-29', 1, 12, 3 * 1000 + 366],
    ['year', '2012-01-12', '2012-02-15', 0, 1, 34 * 1000 + 365],
    ['year', '2012-01-12', '2013-02-15', 1, 1, 34 * 1000 + 365],
    ['year', '2020-01-01', '2021-03-15', 1, 1, 74 * 1000 + 366],
    ['week', '2012-01-12', '2012-01-26', 2, 52, 0],
    ['week', '2012-01-12', '2013-01-10', 52, 52, 0],
    ['week', '2012-01-12', '2012-01-30', 2, 52, 4 * 1000 + 365],
    ['week', '2012-01-12', '2013-01-12', 52, 52, 2 * 1000 + 365],
  ])('counts %s intervals back from the later date: %s to %s', (unit, from, to, n, d, left) => {
    const days = Math.floor(left / 1000);
    const year = left % 1000 || 1;
    const interval = euInterval(localDate(from), localDate(to), unit);
    const wanted = { n: BigInt(n * year + days * d), d: BigInt(d * year) };
    expect(interval.n * wanted.d).toBe(wanted.n * interval.d);
  });

  // Directive 98/7/EC, annex III (amending 87/102/EEC): examples of calculation, A on a calendar basis, B in months.
  const lent = flow('1994-01-01', '1000');
  const examples: [string, EuIntervalUnit, CreditFlows, string, string][] = [
    ['A.1', 'year', { advances: [lent], payments: [flow('1995-07-01', '1200')] }, '12.96', '13.0'],
    [
      'A.2: 50 kept for enquiries',
      'year',
      { advances: [flow('1994-01-01', '950')], payments: [flow('1995-07-01', '1200')] },
      '16.90',
      '16.9',
    ],
    [
      'A.3',
      'year',
      { advances: [lent], payments: [flow('1995-01-01', '600'), flow('1996-01-01', '600')] },
      '13.07',
      '13.1',
    ],
    [
      'A.4',
      'year',
      {
        advances: [lent],
        payments: [flow('1994-04-01', '272'), flow('1994-07-01', '272'), flow('1995-01-01', '544')],
      },
      '13.23',
      '13.2',
    ],
    ['B.1', 'month', { advances: [lent], payments: [flow('1995-07-01', '1200')] }, '12.92', '12.9'],
    [
      'B.2: 50 kept for enquiries',
      'month',
      { advances: [flow('1994-01-01', '950')], payments: [flow('1995-07-01', '1200')] },
      '16.85',
      '16.9',
    ],
    [
      'B.4',
      'month',
      {
        advances: [lent],
        payments: [flow('1994-04-01', '272'), flow('1994-07-01', '272'), flow('1995-01-01', '544')],
      },
      '13.19',
      '13.2',
    ],
  ];
  it.each(examples)('gives example %s of the directive', (_name, unit, flows, two, one) => {
    expect(euApr(flows, 2, unit)).toBe(two);
    expect(euApr(flows, 1, unit)).toBe(one);
  });

  it('chooses months where all intervals are whole months', () => {
    const flows = { advances: [lent], payments: [flow('1995-07-01', '1200')] };
    expect(euApr(flows, 2)).toBe('12.92');
    const uneven = { advances: [lent], payments: [flow('1995-07-02', '1200')] };
    expect(euApr(uneven, 2)).toBe(euApr(uneven, 2, 'year'));
  });

  it('refuses flows without a rate, each with its code', () => {
    const refusals: CreditFlows[] = [
      { advances: [], payments: [lent] },
      { advances: [lent], payments: [] },
      { advances: [lent], payments: [{ ...lent, amountMinor: 0n }] },
      { advances: [lent], payments: [flow('1993-12-31', '1')] },
      { advances: [lent], payments: [flow('1994-01-01', '1200')] },
    ];
    for (const flows of refusals) {
      expect(() => euAprRate(flows)).toThrow(
        expect.objectContaining({ fields: [expect.objectContaining({ code: 'apr/no-solution' })] }),
      );
    }
  });

  it('is the rate at which both sides have the same present value, gains and losses alike', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1_000n, max: 1_000_000n }),
        fc.array(
          fc.record({
            after: fc.integer({ min: 20, max: 900 }),
            share: fc.integer({ min: 10, max: 90 }),
          }),
          {
            minLength: 1,
            maxLength: 6,
          },
        ),
        (amountMinor, plan) => {
          const start = localDate('2024-01-31');
          const payments = plan.map(({ after, share }) => ({
            date: addDays(start, after),
            amountMinor: (amountMinor * BigInt(share)) / 100n + 1n,
          }));
          const rate = euAprRate({ advances: [{ date: start, amountMinor }], payments }, 'year');
          const present = payments.reduce((sum, p) => {
            const { n, d } = euInterval(start, p.date, 'year');
            const years = new Decimal(n.toString()).div(d.toString());
            return sum.plus(rate.plus(1).pow(years.neg()).times(p.amountMinor.toString()));
          }, new Decimal(0));
          expect(present.minus(amountMinor.toString()).abs().lt('1e-6')).toBe(true);
        },
      ),
      { numRuns: 40, seed: 3 },
    );
  });
});

describe('Regulation Z annual percentage rate', () => {
  const every = (
    first: string,
    count: number,
    amount: string,
    next: (date: ReturnType<typeof localDate>, k: number) => ReturnType<typeof localDate>,
  ): DatedAmount[] =>
    Array.from({ length: count }, (_, k) => ({
      ...flow(first, amount),
      date: next(localDate(first), k),
    }));
  const monthly = (n: number) => (date: ReturnType<typeof localDate>, k: number) =>
    addMonths(date, n * k);
  const weekly = (n: number) => (date: ReturnType<typeof localDate>, k: number) =>
    addDays(date, 7 * n * k);
  const onFirstAndSixteenth = (date: ReturnType<typeof localDate>, k: number) =>
    addDays(addMonths(date, Math.floor(k / 2)), k % 2 === 0 ? 0 : 15);

  // 12 CFR part 1026, appendix J (c): examples for the actuarial method.
  const examples: [string, CreditFlows, string][] = [
    [
      '(c)(1)(i) monthly, regular first period',
      {
        advances: [flow('1978-01-10', '5000')],
        payments: every('1978-02-10', 24, '230', monthly(1)),
      },
      '9.69',
    ],
    [
      '(c)(1)(ii) monthly, long first period',
      {
        advances: [flow('1978-02-10', '6000')],
        payments: every('1978-04-01', 36, '200', monthly(1)),
      },
      '11.82',
    ],
    [
      '(c)(1)(iii) semimonthly, short first period',
      {
        advances: [flow('1978-02-23', '5000')],
        payments: every('1978-03-01', 24, '219.17', onFirstAndSixteenth),
      },
      '10.34',
    ],
    [
      '(c)(1)(iv) quarterly, long first period',
      {
        advances: [flow('1978-05-23', '10000')],
        payments: every('1978-10-01', 40, '385', monthly(3)),
      },
      '8.97',
    ],
    [
      '(c)(1)(v) weekly, long first period',
      {
        advances: [flow('1978-03-20', '500')],
        payments: every('1978-04-21', 30, '17.60', weekly(1)),
      },
      '14.96',
    ],
    [
      '(c)(2)(i) monthly, irregular first payment',
      {
        advances: [flow('1978-01-10', '5000')],
        payments: [flow('1978-02-10', '250'), ...every('1978-03-10', 23, '230', monthly(1))],
      },
      '10.08',
    ],
    [
      '(c)(2)(ii) every four weeks, long first period and irregular first payment',
      {
        advances: [flow('1978-03-18', '400')],
        payments: [flow('1978-04-20', '39.50'), ...every('1978-05-18', 11, '38.31', weekly(4))],
      },
      '28.50',
    ],
    [
      '(c)(3)(i) monthly, irregular final payment',
      {
        advances: [flow('1978-01-10', '5000')],
        payments: [...every('1978-02-10', 23, '230', monthly(1)), flow('1980-01-10', '280')],
      },
      '10.50',
    ],
    [
      '(c)(3)(ii) every two weeks, short first period and irregular final payment',
      {
        advances: [flow('1978-04-03', '200')],
        payments: [...every('1978-04-11', 19, '9.50', weekly(2)), flow('1979-01-02', '30')],
      },
      '12.22',
    ],
    [
      '(c)(4)(i) monthly, irregular first and final payment',
      {
        advances: [flow('1978-01-10', '5000')],
        payments: [
          flow('1978-02-10', '250'),
          ...every('1978-03-10', 22, '230', monthly(1)),
          flow('1980-01-10', '280'),
        ],
      },
      '10.90',
    ],
    [
      '(c)(4)(ii) every two months, short first period, irregular first and final payment',
      {
        advances: [flow('1978-01-10', '8000')],
        payments: [
          flow('1978-03-01', '449.36'),
          ...every('1978-05-01', 18, '465', monthly(2)),
          flow('1981-05-01', '200'),
        ],
      },
      '7.30',
    ],
    [
      '(c)(5)(i) single payment, term in days',
      { advances: [flow('1978-01-03', '1000')], payments: [flow('1978-09-15', '1080')] },
      '11.45',
    ],
  ];
  it.each(examples)('gives example %s', (_name, flows, percent) => {
    expect(regZApr(flows)).toBe(percent);
  });

  it('measures odd days as the examples print them', () => {
    const odd = (from: string, to: string, n: number, unit: 'months' | 'weeks' | 'half_months') => {
      const { full, oddDays, daysInUnit } = unitPeriodsBetween(localDate(from), localDate(to), {
        n,
        unit,
      });
      return [full, oddDays, daysInUnit];
    };
    expect(odd('1978-02-10', '1978-04-01', 1, 'months')).toEqual([1, 19, 30]);
    expect(odd('1978-02-23', '1978-03-01', 1, 'half_months')).toEqual([0, 6, 15]);
    expect(odd('1978-05-23', '1978-10-01', 3, 'months')).toEqual([1, 39, 90]);
    expect(odd('1978-03-20', '1978-04-21', 1, 'weeks')).toEqual([4, 4, 7]);
    expect(odd('1978-01-10', '1978-03-01', 2, 'months')).toEqual([0, 52, 60]);
    expect(odd('1978-01-31', '1978-02-28', 1, 'months')).toEqual([1, 0, 30]);
  });

  it('takes the smallest of equally common periods', () => {
    const start = flow('2026-01-01', '100');
    const payments = ['2026-02-01', '2026-03-01', '2026-03-15', '2026-03-29'].map((d) =>
      flow(d, '30'),
    );
    expect(unitPeriodOf({ advances: [start], payments })).toEqual({ n: 2, unit: 'weeks' });
  });

  it('of a level loan by months is its nominal rate', () => {
    // 100 000 at 1 % a month: the payment is known to 30 digits, so the rate must come back to 15.
    const i = new Decimal('0.01');
    const payment = i.times(1e12).div(new Decimal(1).minus(i.plus(1).pow(-12)));
    const minor = BigInt(payment.toFixed(0));
    const start = localDate('2025-01-31');
    const payments = Array.from({ length: 12 }, (_, k) => ({
      date: addMonths(start, k + 1),
      amountMinor: minor,
    }));
    const flows = { advances: [{ date: start, amountMinor: 1_000_000_000_000n }], payments };
    expect(regZAprRate(flows).minus('0.12').abs().lt('1e-10')).toBe(true);
    expect(regZApr(flows, 4)).toBe('12.0000');
  });
});

describe('effective annual rate', () => {
  it.each([
    ['12', 12, '12.6825'],
    ['10', 2, '10.2500'],
    ['5.25', 4, '5.3543'], // Microsoft, documentation of EFFECT: 0.0525 at 4 is 0.0535427.
    ['0', 12, '0.0000'],
  ])('of %s percent, %d times a year', (nominal, times, effective) => {
    expect(effectiveAnnualRate(nominal, times)).toBe(effective);
  });
});
