import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addDays, localDate, type LocalDate } from '@daftari/kernel';
import { euApr } from '../apr/eu.js';
import { regZApr } from '../apr/reg-z.js';
import { roundDiv } from '../ratio.js';
import type { LoanTerms } from '../terms.js';
import { minorOf, parseVector } from '../vectors.js';
import { applyRepayment, openLoan } from '../loan.js';
import { outstanding } from '../standing.js';
import { buildSchedule } from '../schedule.js';
import { validateTerms } from '../validate-terms.js';
import { creditFlows } from './credit-flows.js';
import { floatingRate } from './floating.js';
import { productSchedule, productTable, type ProductRow } from './table.js';
import type { ProductTerms } from './terms.js';
import { validateProduct } from './validate.js';

const plain: ProductTerms = {
  kind: 'declining_balance',
  currency: 'KES',
  decimals: 2,
  principalMinor: 12_000_000n,
  annualRatePercent: '12',
  numberOfInstallments: 12,
  repaymentEvery: { n: 1, unit: 'months' },
  disbursementDate: localDate('2026-01-15'),
  dayCount: '30e/360',
  roundingMode: 'HALF_EVEN',
};
const of = (changes: Partial<ProductTerms>): ProductTerms => ({ ...plain, ...changes });
const installments = (terms: ProductTerms): [bigint, bigint][] =>
  productSchedule(terms).map((row) => [row.principalMinor, row.interestMinor]);
const totals = (terms: ProductTerms): bigint[] =>
  productSchedule(terms).map((row) => row.principalMinor + row.interestMinor);

describe('products and the figures of others', () => {
  const folder = join(import.meta.dirname, '..', 'vectors', 'schedules');
  interface Vector {
    readonly id: string;
    readonly expected: { readonly rows: readonly Record<string, string>[] };
  }
  /** Other calculators' conventions come to the same where they count 30 days a month, or days of 365. */
  const productOf = (terms: LoanTerms): ProductTerms => {
    const byDays = terms.interestCalculationPeriod === 'daily' && terms.daysInMonth === 'actual';
    const monthly = terms.repaymentEvery.unit === 'months' && !byDays;
    const { weekendShift, ...shared } = terms;
    return {
      ...shared,
      kind: terms.interestMethod === 'flat' ? 'flat' : 'declining_balance',
      dayCount: monthly ? '30e/360' : 'actual/365',
      interestTo: 'unmoved',
      roll: 'following',
      ...(weekendShift && { calendar: weekendShift }),
    };
  };
  const ids = [
    ...['002', '003', '004', '006', '007', '011', '014', '015', '016', '017', '019', '021'].map(
      (n) => `sched-cumu-${n}`,
    ),
    ...['001', '003', '005', '006', '007', '010', '011', '012', '015'].map(
      (n) => `sched-lvlp-${n}`,
    ),
    ...['015', '020', '021'].map((n) => `sched-rbal-${n}`),
  ];
  const vectors = readdirSync(folder)
    .filter((name) => ids.includes(name.replace('.json', '')))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Vector);

  it('are all there', () => {
    expect(vectors).toHaveLength(ids.length);
  });

  // Apache Fineract (cumulative), FSharp.Finance.Personal (level payment), OpenCBS: `source` in each file.
  it.each(vectors.map((v) => [v.id, v] as const))('come to the same in %s', (_id, vector) => {
    const { terms } = parseVector(vector);
    const minor = (text: string | undefined) => minorOf(text ?? '0', terms.decimals);
    const rows = productTable(productOf(terms)).map((row) =>
      row.type === 'disbursement'
        ? [row.type, row.amountMinor, row.balanceMinor]
        : [row.type, row.dueDate, row.principalMinor, row.interestMinor, row.balanceMinor],
    );
    const wanted = vector.expected.rows.map((row) =>
      row['type'] === 'disbursement'
        ? [row['type'], minor(row['amount']), minor(row['balance'])]
        : [
            row['type'],
            row['dueDate'],
            minor(row['principal']),
            minor(row['interest']),
            minor(row['balance']),
          ],
    );
    expect(rows).toEqual(wanted);
  });

  // Microsoft, documentation of PMT, IPMT and PPMT: 10 000 at 8 % over 10 months; 8 000 at 10 % over 36 months, first
  // interest; 2 000 at 10 % over 24 months, first principal.
  it('are those of the spreadsheet functions', () => {
    const loan = (
      principalMinor: bigint,
      annualRatePercent: string,
      numberOfInstallments: number,
    ) => installments(of({ principalMinor, annualRatePercent, numberOfInstallments }));
    const [first] = loan(1_000_000n, '8', 10);
    expect((first?.[0] ?? 0n) + (first?.[1] ?? 0n)).toBe(103_703n);
    expect(loan(800_000n, '10', 36)[0]?.[1]).toBe(6_667n);
    expect(loan(200_000n, '10', 24)[0]?.[0]).toBe(7_562n);
  });
});

describe('products', () => {
  it('flat: interest on what was lent, spread evenly', () => {
    const rows = installments(of({ kind: 'flat' }));
    expect(rows).toEqual(Array(12).fill([1_000_000n, 120_000n]));
  });

  it('flat: a remainder is in the last installment, and grace moves interest to the others', () => {
    const rows = installments(
      of({ kind: 'flat', principalMinor: 100_000n, numberOfInstallments: 3, graceInterest: 1 }),
    );
    expect(rows).toEqual([
      [33_333n, 0n],
      [33_333n, 1_500n],
      [33_334n, 1_500n],
    ]);
  });

  it('equal principal: interest falls with the balance', () => {
    const rows = installments(of({ kind: 'equal_principal', numberOfInstallments: 4 }));
    expect(rows).toEqual([
      [3_000_000n, 120_000n],
      [3_000_000n, 90_000n],
      [3_000_000n, 60_000n],
      [3_000_000n, 30_000n],
    ]);
  });

  it('interest only: all principal at the end', () => {
    expect(installments(of({ kind: 'interest_only', numberOfInstallments: 3 }))).toEqual([
      [0n, 120_000n],
      [0n, 120_000n],
      [12_000_000n, 120_000n],
    ]);
  });

  it('bullet: principal and interest at the end, interest without interest on it', () => {
    expect(installments(of({ kind: 'bullet', numberOfInstallments: 3 }))).toEqual([
      [0n, 0n],
      [0n, 0n],
      [12_000_000n, 360_000n],
    ]);
  });

  it('balloon: level installments that leave a share to the last one', () => {
    const terms = of({ kind: 'balloon', balloonPercent: '40' });
    const each = totals(terms);
    expect(new Set(each.slice(0, -1)).size).toBe(1);
    const left = (each.at(-1) ?? 0n) - (each[0] ?? 0n);
    expect(left - 4_800_000n >= -6n && left - 4_800_000n <= 6n).toBe(true);
  });

  it('step-up: each step is so much higher than the one before', () => {
    const each = totals(of({ kind: 'step_up', step: { every: 4, percent: '10' } }));
    const [first = 0n, , , , second = 0n, , , , third = 0n] = each;
    expect(each.slice(0, 4)).toEqual(Array(4).fill(first));
    expect(each.slice(8, 11)).toEqual(Array(3).fill(third));
    const near = (total: bigint, wanted: bigint) => total - wanted >= -1n && total - wanted <= 1n;
    expect(near(second, (first * 110n) / 100n)).toBe(true);
    expect(near(third, (first * 121n) / 100n)).toBe(true);
    const difference = (each.at(-1) ?? 0n) - third;
    expect(difference >= -12n && difference <= 12n).toBe(true);
  });

  it('step-down is a negative step', () => {
    const each = totals(of({ kind: 'step_up', step: { every: 6, percent: '-20' } }));
    expect((each[6] ?? 0n) < (each[0] ?? 0n)).toBe(true);
  });

  it.each([
    ['days', 7, '2026-01-22'],
    ['weeks', 1, '2026-01-22'],
    ['weeks', 2, '2026-01-29'],
    ['months', 1, '2026-02-15'],
    ['months', 3, '2026-04-15'],
  ] as const)('are due every %s x %s', (unit, n, first) => {
    const rows = productSchedule(of({ repaymentEvery: { n, unit }, dayCount: 'actual/365' }));
    expect(rows[0]?.dueDate).toBe(first);
    expect(rows.at(-1)?.balanceMinor).toBe(0n);
  });

  it('take due dates as they are given', () => {
    const dueDates = ['2026-02-01', '2026-05-20', '2026-06-01'].map((date) => localDate(date));
    const rows = productSchedule(of({ numberOfInstallments: 3, dueDates, dayCount: 'actual/365' }));
    expect(rows.map((row) => row.dueDate)).toEqual(dueDates);
    // 108 days of the middle period at 12 % of the balance.
    const balance = rows[0]?.balanceMinor ?? 0n;
    expect(rows[1]?.interestMinor).toBe((balance * 12n * 108n + 18_250n) / 36_500n);
  });
});

describe('grace', () => {
  it('of principal leaves interest, and the others carry all principal', () => {
    const rows = installments(of({ gracePrincipal: 3 }));
    expect(rows.slice(0, 3)).toEqual(Array(3).fill([0n, 120_000n]));
    expect(rows.slice(3).reduce((sum, [principal]) => sum + principal, 0n)).toBe(12_000_000n);
  });

  it('of interest payment puts interest off to the installment after it', () => {
    const usual = installments(plain);
    const rows = installments(of({ graceInterest: 2 }));
    expect(rows.map(([principal]) => principal)).toEqual(usual.map(([principal]) => principal));
    expect(rows.slice(0, 2).map(([, interest]) => interest)).toEqual([0n, 0n]);
    const moved = usual.slice(0, 3).reduce((sum, [, interest]) => sum + interest, 0n);
    expect(rows[2]?.[1]).toBe(moved);
    expect(rows.slice(3)).toEqual(usual.slice(3));
  });

  it('free of interest takes no interest at all, and the level knows it', () => {
    const terms = of({ interestFreePeriods: 3 });
    const rows = installments(terms);
    expect(rows.slice(0, 3).map(([, interest]) => interest)).toEqual([0n, 0n, 0n]);
    const each = totals(terms);
    expect(new Set(each.slice(0, -1)).size).toBe(1);
    const off = (each.at(-1) ?? 0n) - (each[0] ?? 0n);
    expect(off >= -12n && off <= 12n).toBe(true);
  });
});

describe('money out', () => {
  const second = localDate('2026-04-30');
  const two = [
    { date: plain.disbursementDate, amountMinor: 8_000_000n },
    { date: second, amountMinor: 4_000_000n },
  ];

  it('in tranches bears interest from its day, and the installments after it are set anew', () => {
    const terms = of({ disbursements: two, dayCount: 'actual/365' });
    const rows = productTable(terms);
    expect(rows.map((row) => row.type).indexOf('disbursement', 1)).toBe(4);
    const before = rows[3];
    const during = rows[5];
    if (before?.type !== 'installment' || during?.type !== 'installment') throw new Error('rows');
    // 15 days of the balance alone, then 15 with the tranche.
    const exact = before.balanceMinor * 15n + (before.balanceMinor + 4_000_000n) * 15n;
    expect(during.interestMinor).toBe((exact * 12n + 18_250n) / 36_500n);
    const each = totals(terms);
    expect([new Set(each.slice(0, 3)).size, new Set(each.slice(3, -1)).size]).toEqual([1, 1]);
  });

  it('with a down payment is due back on its day, free of interest', () => {
    const rows = productTable(of({ disbursements: two, downPaymentPercent: '25' }));
    const down = rows.flatMap((row) => (row.type === 'down_payment' ? [row] : []));
    expect(down.map((row) => [row.dueDate, row.principalMinor, row.interestMinor])).toEqual([
      ['2026-01-15', 2_000_000n, 0n],
      ['2026-04-30', 1_000_000n, 0n],
    ]);
    expect(rows[2]).toMatchObject({ interestMinor: 60_000n });
  });
});

describe('rates', () => {
  it('that change hold from their day on, and the level follows', () => {
    const rateChanges = [{ effectiveDate: localDate('2026-03-15'), annualRatePercent: '24' }];
    const terms = of({ rateChanges });
    const rows = productSchedule(terms);
    expect(rows[2]?.interestMinor).toBe((rows[1]?.balanceMinor ?? 0n) / 50n);
    const each = totals(terms);
    expect((each[2] ?? 0n) > (each[1] ?? 0n)).toBe(true);
    expect(new Set(each.slice(2, -1)).size).toBe(1);
  });

  it('that float follow an index within floor, cap and the largest change', () => {
    const fixings = [
      ['2025-12-01', '7.5'],
      ['2026-03-01', '9.25'],
      ['2026-06-01', '20'],
      ['2026-09-01', '0.1'],
    ].map(([date, percent]) => ({ date: localDate(date ?? ''), percent: percent ?? '' }));
    const start = localDate('2026-01-15');
    const margin = { marginPercent: '3.5' };
    expect(
      floatingRate({ ...margin, floorPercent: '5', capPercent: '14' }, start, fixings),
    ).toEqual({
      annualRatePercent: '11',
      rateChanges: [
        { effectiveDate: '2026-03-01', annualRatePercent: '12.75' },
        { effectiveDate: '2026-06-01', annualRatePercent: '14' },
        { effectiveDate: '2026-09-01', annualRatePercent: '5' },
      ],
    });
    expect(floatingRate({ ...margin, maxChangePercent: '1' }, start, fixings).rateChanges).toEqual([
      { effectiveDate: '2026-03-01', annualRatePercent: '12' },
      { effectiveDate: '2026-06-01', annualRatePercent: '13' },
      { effectiveDate: '2026-09-01', annualRatePercent: '12' },
    ]);
    expect(floatingRate(margin, start, [])).toEqual({ annualRatePercent: '3.5', rateChanges: [] });
  });

  it('pause: no interest in the pause, the level stays, the last installment is lower', () => {
    const pauses = [{ from: localDate('2026-03-15'), to: localDate('2026-05-15') }];
    const usual = totals(plain);
    const rows = productSchedule(of({ pauses }));
    expect(rows.map((row) => row.interestMinor).slice(2, 4)).toEqual([0n, 0n]);
    const each = totals(of({ pauses }));
    expect(each.slice(0, 11)).toEqual(usual.slice(0, 11));
    expect((each[11] ?? 0n) < (usual[11] ?? 0n)).toBe(true);
    const half = productSchedule(
      of({ pauses: [{ from: localDate('2026-01-30'), to: localDate('2026-02-15') }] }),
    );
    expect(half[0]?.interestMinor).toBe(60_000n);
  });
});

describe('calendars', () => {
  const calendar = {
    weekend: ['saturday', 'sunday'],
    holidays: [localDate('2026-06-15')],
  } as const;

  it('move due dates, and interest with them', () => {
    const terms = of({
      calendar,
      roll: 'modified_following',
      dayCount: 'actual/365',
      kind: 'interest_only',
    });
    const rows = productSchedule(terms);
    expect(rows.slice(0, 5).map((row) => row.dueDate)).toEqual([
      '2026-02-16',
      '2026-03-16',
      '2026-04-15',
      '2026-05-15',
      '2026-06-16',
    ]);
    const days = rows.slice(0, 2).map((row) => (row.interestMinor * 36_500n) / (12_000_000n * 12n));
    expect(days).toEqual([32n, 28n]);
  });

  it('move due dates alone where interest runs to the date as agreed', () => {
    const terms = of({
      calendar,
      roll: 'following',
      interestTo: 'unmoved',
      dayCount: 'actual/365',
      kind: 'interest_only',
    });
    const rows = productSchedule(terms);
    expect(rows[0]?.dueDate).toBe('2026-02-16');
    expect(rows[0]?.interestMinor).toBe(
      productSchedule(of({ dayCount: 'actual/365', kind: 'interest_only' }))[0]?.interestMinor,
    );
  });
});

describe('fees', () => {
  const withFees = (...fees: NonNullable<ProductTerms['fees']>) =>
    productTable(of({ fees, numberOfInstallments: 3 }));
  const money = (rows: readonly ProductRow[]) => rows.map((row) => row.feesMinor);

  it('up front are due with the money, percentages with every tranche', () => {
    const rows = withFees(
      { name: 'application', amountMinor: 50_000n, due: 'at_disbursement' },
      { name: 'origination', percent: '2.5', of: 'lent', due: 'at_disbursement' },
    );
    expect(money(rows)).toEqual([350_000n, 0n, 0n, 0n]);
    expect(rows[0]).toMatchObject({ capitalisedMinor: 0n, balanceMinor: 12_000_000n });
  });

  it('capitalised are lent on top and repaid with interest', () => {
    const rows = withFees({ name: 'insurance', percent: '1', due: 'capitalised' });
    expect(rows[0]).toMatchObject({ capitalisedMinor: 120_000n, balanceMinor: 12_120_000n });
    expect(rows[1]).toMatchObject({ interestMinor: 121_200n });
    expect(rows.at(-1)?.balanceMinor).toBe(0n);
  });

  it('on every installment take an amount or a percentage of what is named', () => {
    const rows = withFees({ name: 'service', amountMinor: 1_000n, due: 'each_installment' });
    expect(money(rows)).toEqual([0n, 1_000n, 1_000n, 1_000n]);
    const bases = (['lent', 'balance', 'principal', 'interest', 'installment'] as const).map(
      (of) => money(withFees({ name: 'x', percent: '10', of, due: 'each_installment' }))[1],
    );
    const [first] = installments(of({ numberOfInstallments: 3 }));
    const [principal, interest] = first ?? [0n, 0n];
    const tenth = (amount: bigint) => roundDiv(amount, 10n, 'HALF_EVEN');
    expect(bases).toEqual([
      1_200_000n,
      1_200_000n,
      tenth(principal),
      12_000n,
      tenth(principal + interest),
    ]);
  });

  it('by date are due with the installment of their period', () => {
    const fee = (due: string) =>
      money(withFees({ name: 'visit', amountMinor: 700n, due: localDate(due) }));
    expect(fee('2026-01-15')).toEqual([0n, 700n, 0n, 0n]);
    expect(fee('2026-02-15')).toEqual([0n, 700n, 0n, 0n]);
    expect(fee('2026-02-16')).toEqual([0n, 0n, 700n, 0n]);
  });

  it('are in the annual rates', () => {
    const year = (fees: ProductTerms['fees']) => {
      const rows = productTable(
        of({ kind: 'bullet', numberOfInstallments: 12, ...(fees && { fees }) }),
      );
      return creditFlows(rows);
    };
    expect(euApr(year(undefined), 2)).toBe('12.00');
    // 12 % of interest and 3 % kept: 112 / 97 - 1.
    const kept = [{ name: 'origination', percent: '3', due: 'at_disbursement' as const }];
    expect(euApr(year(kept), 2)).toBe('15.46');
    const level = creditFlows(productTable(plain));
    expect([euApr(level, 2), regZApr(level)]).toEqual(['12.68', '12.00']);
  });
});

describe('currencies', () => {
  it.each([
    ['UGX', 0],
    ['KES', 2],
    ['KWD', 3],
  ])('of %s with %i decimals round to their own minor unit', (currency, decimals) => {
    const rows = productSchedule(
      of({ currency, decimals, principalMinor: 1_000_003n, annualRatePercent: '17.77' }),
    );
    expect(rows.reduce((sum, row) => sum + row.principalMinor, 0n)).toBe(1_000_003n);
    expect(rows.at(-1)?.balanceMinor).toBe(0n);
  });

  it('round installments to what is asked, in their own units', () => {
    const multiples = (decimals: number, installmentAmountInMultiplesOf: string, step: bigint) => {
      const each = totals(
        of({ decimals, principalMinor: 1_000_003n, installmentAmountInMultiplesOf }),
      );
      expect(each.slice(0, -1).every((total) => total % step === 0n)).toBe(true);
    };
    multiples(0, '500', 500n);
    multiples(2, '0.05', 5n);
    multiples(3, '1', 1_000n);
  });
});

describe('terms that make no sense', () => {
  it('are listed all at once, each with its path and code', () => {
    const errors = validateProduct(
      of({
        kind: 'balloon',
        principalMinor: 0n,
        annualRatePercent: '-1',
        dayCount: 'actual/366' as ProductTerms['dayCount'],
        gracePrincipal: 12,
        step: { every: 0, percent: 'x' },
        roll: 'sideways' as 'none',
        calendar: { weekend: ['saturday', 'funday' as 'sunday'], holidays: [], yearly: ['13-01'] },
        pauses: [{ from: localDate('2026-03-01'), to: localDate('2026-03-01') }],
        fees: [
          { name: 'none', due: 'each_installment' },
          { name: 'both', amountMinor: 0n, percent: '-1', of: 'interest', due: 'capitalised' },
        ],
      }),
    ).map((e) => `${e.path} ${e.code}`);
    expect(errors).toEqual([
      'principalMinor amount/not-positive',
      'annualRatePercent rate/negative',
      'gracePrincipal grace/too-long',
      'balloonPercent product/incomplete',
      'step.percent rate/not-a-decimal',
      'step.every count/not-positive',
      'dayCount choice/unsupported',
      'roll choice/unsupported',
      'calendar.weekend.1 choice/unsupported',
      'calendar.yearly.0 date/invalid',
      'pauses.0.to date/not-ascending',
      'fees.0 fee/amount-or-percent',
      'fees.1 fee/amount-or-percent',
      'fees.1.amountMinor amount/not-positive',
      'fees.1.percent rate/out-of-range',
      'fees.1.of fee/basis-unknown-at-payout',
    ]);
  });

  it('outside the term are found once the rest is right', () => {
    const at = (date: LocalDate, amountMinor: bigint) => ({ date, amountMinor });
    const errors = validateProduct(
      of({
        disbursements: [at(plain.disbursementDate, 11_999_999n), at(localDate('2027-01-15'), 1n)],
        fees: [{ name: 'late', amountMinor: 1n, due: addDays(localDate('2027-01-15'), 1) }],
      }),
    ).map((e) => `${e.path} ${e.code}`);
    expect(errors).toEqual([
      'disbursements.1.date date/no-installment-left',
      'fees.0.due date/outside-the-term',
    ]);
    expect(validateProduct(plain)).toEqual([]);
  });
});

describe('a loan of the convention `product`', () => {
  const terms: LoanTerms = {
    convention: 'product',
    currency: 'KES',
    decimals: 2,
    principalMinor: 12_000_000n,
    annualRatePercent: '12',
    numberOfInstallments: 4,
    repaymentEvery: { n: 1, unit: 'months' },
    disbursementDate: localDate('2026-01-15'),
    daysInYear: '360',
    daysInMonth: '30',
    roundingMode: 'HALF_EVEN',
    product: { kind: 'equal_principal', dayCount: '30e/360' },
  };

  it('has the schedule of its product, and takes payments on it', () => {
    const due = buildSchedule(terms).map((row) => [row.principalMinor, row.interestMinor]);
    expect(due).toEqual(installments(of({ kind: 'equal_principal', numberOfInstallments: 4 })));
    const paid = applyRepayment(
      openLoan(terms),
      { date: localDate('2026-02-15'), amountMinor: 3_120_000n },
      { strategy: 'penalty_fee_interest_principal' },
    );
    expect(paid.parts).toMatchObject({ interestMinor: 120_000n, principalMinor: 3_000_000n });
    expect(outstanding(paid.state)).toMatchObject({
      principalMinor: 9_000_000n,
      interestMinor: 180_000n,
    });
  });

  it('is refused without its product, and a product is refused elsewhere', () => {
    const codes = (changed: LoanTerms) => validateTerms(changed).map((e) => `${e.path} ${e.code}`);
    const { product, ...rest } = terms;
    expect(codes(terms)).toEqual([]);
    expect(codes(rest)).toEqual(['product product/missing']);
    expect(codes({ ...rest, ...(product && { product }), convention: 'progressive' })).toEqual([
      'product convention/unsupported',
    ]);
    expect(codes({ ...terms, product: { kind: 'balloon', dayCount: '30e/360' } })).toEqual([
      'balloonPercent product/incomplete',
    ]);
  });
});
