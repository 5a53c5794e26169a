import { addDays, addMonths, localDate } from '@daftari/kernel';
import fc from 'fast-check';
import {
  applyRepayment,
  arrears,
  buildSchedule,
  loanStateFromJson,
  loanStateToJson,
  nextDue,
  openLoan,
  outstanding,
  type AllocationRule,
  type LoanState,
  type LoanTerms,
} from './index.js';

const terms = fc.record<LoanTerms>({
  convention: fc.constant('progressive'),
  currency: fc.constant('KES'),
  decimals: fc.constant(2),
  principalMinor: fc.bigInt({ min: 1n, max: 10_000_000_000n }),
  annualRatePercent: fc.integer({ min: 0, max: 6000 }).map((bp) => (bp / 100).toFixed(2)),
  numberOfInstallments: fc.integer({ min: 1, max: 36 }),
  repaymentEvery: fc.constantFrom(
    { n: 1, unit: 'months' },
    { n: 2, unit: 'weeks' },
    { n: 15, unit: 'days' },
  ),
  disbursementDate: fc
    .integer({ min: 0, max: 1500 })
    .map((days) => addDays(localDate('2023-01-01'), days)),
  daysInYear: fc.constantFrom('actual', '360', '364', '365'),
  daysInMonth: fc.constantFrom('actual', '30'),
  roundingMode: fc.constantFrom('HALF_EVEN', 'HALF_UP', 'FLOOR', 'CEILING'),
});

const strategies = [
  'penalty_fee_interest_principal',
  'interest_principal_penalty_fee',
  'principal_interest_penalty_fee',
  'due_pfip_then_advance_ppfi',
  'due_pipf_then_advance_pipf',
] as const;
const rule = fc.constantFrom<AllocationRule[]>(...strategies.map((strategy) => ({ strategy })));
const fromRules: AllocationRule = {
  strategy: 'rules',
  processing: 'horizontal',
  rules: {
    default: {
      order: [
        'past_due_interest',
        'past_due_principal',
        'due_interest',
        'due_principal',
        'in_advance_interest',
        'in_advance_principal',
      ],
      future: 'next_installment',
    },
  },
};

const partsSum = (parts: object): bigint =>
  Object.values(parts as Record<string, bigint>).reduce((a, b) => a + b, 0n);

const isSound = (state: LoanState): void => {
  for (const { due, paid } of state.rows) {
    for (const key of ['principalMinor', 'interestMinor'] as const) {
      expect(due[key]).toBeGreaterThanOrEqual(0n);
      expect(paid[key]).toBeGreaterThanOrEqual(0n);
      expect(paid[key]).toBeLessThanOrEqual(due[key]);
    }
  }
};

describe('schedules', () => {
  it('repay exactly what was lent, in parts that are never negative', () => {
    fc.assert(
      fc.property(terms, (t) => {
        const rows = buildSchedule(t);
        expect(rows).toHaveLength(t.numberOfInstallments);
        expect(rows.reduce((sum, row) => sum + row.principalMinor, 0n)).toBe(t.principalMinor);
        expect(rows.at(-1)?.balanceMinor).toBe(0n);
        for (const row of rows) {
          expect(row.principalMinor).toBeGreaterThanOrEqual(0n);
          expect(row.interestMinor).toBeGreaterThanOrEqual(0n);
          expect(row.balanceMinor).toBeGreaterThanOrEqual(0n);
          expect(row.dueDate > row.fromDate).toBe(true);
        }
      }),
      { numRuns: 200, seed: 7 },
    );
  });
});

describe('payments', () => {
  const payments = fc.array(
    fc.record({
      after: fc.integer({ min: 0, max: 70 }),
      share: fc.integer({ min: 1, max: 60 }),
    }),
    { minLength: 1, maxLength: 5 },
  );

  const play = (t: LoanTerms, plan: { after: number; share: number }[], by: AllocationRule) => {
    let state = openLoan(t);
    let date = t.disbursementDate;
    for (const { after, share } of plan) {
      date = addDays(date, after);
      const amountMinor = (t.principalMinor * BigInt(share)) / 100n + 1n;
      const { state: next, parts } = applyRepayment(state, { date, amountMinor }, by);
      expect(partsSum(parts)).toBe(amountMinor);
      expect(Object.values(parts).every((part: bigint) => part >= 0n)).toBe(true);
      state = next;
    }
    return { state, date };
  };

  it('are split without loss and never pay more than is due', () => {
    fc.assert(
      fc.property(terms, payments, rule, (t, plan, by) => {
        const before = outstanding(openLoan(t)).totalMinor;
        const { state } = play(t, plan, by);
        isSound(state);
        const paid = state.rows.reduce((sum, row) => sum + partsSum(row.paid), 0n);
        expect(outstanding(state).totalMinor).toBe(before - paid);
      }),
      { numRuns: 150, seed: 11 },
    );
  });

  /** Paid ahead up to a period whose installment holds more than all principal that is left, with interest carried on. */
  const ahead: [LoanTerms, { after: number; share: number }[]] = [
    {
      convention: 'progressive',
      currency: 'KES',
      decimals: 2,
      principalMinor: 572n,
      annualRatePercent: '42.28',
      numberOfInstallments: 16,
      repaymentEvery: { n: 1, unit: 'months' },
      disbursementDate: localDate('2023-03-01'),
      daysInYear: 'actual',
      daysInMonth: 'actual',
      roundingMode: 'HALF_EVEN',
    },
    [
      { after: 2, share: 10 },
      { after: 0, share: 2 },
      { after: 46, share: 30 },
      { after: 0, share: 4 },
      { after: 36, share: 46 },
    ],
  ];

  it('under interest recalculation keep the principal whole', () => {
    fc.assert(
      fc.property(terms, payments, (t, plan) => {
        const recalculated: LoanTerms = {
          ...t,
          recalculation: { preClosure: 'till_pre_close_date' },
        };
        const { state } = play(recalculated, plan, fromRules);
        isSound(state);
        const principal = state.rows.reduce((sum, row) => sum + row.due.principalMinor, 0n);
        expect(principal).toBe(t.principalMinor);
      }),
      { numRuns: 100, seed: 13, examples: [ahead] },
    );
  });

  it('survive storage as JSON and leave the state they were applied to as it was', () => {
    fc.assert(
      fc.property(terms, payments, rule, (t, plan, by) => {
        const opened = openLoan(t);
        const { state, date } = play(t, plan, by);
        expect(openLoan(t)).toEqual(opened);
        const stored: unknown = JSON.parse(JSON.stringify(loanStateToJson(state)));
        const again = loanStateFromJson(stored as Record<string, unknown>);
        expect(again).toEqual(state);
        const payment = { date, amountMinor: 1n };
        expect(applyRepayment(again, payment, by)).toEqual(applyRepayment(state, payment, by));
      }),
      { numRuns: 30, seed: 17 },
    );
  });
});

describe('arrears and next due', () => {
  const plain: LoanTerms = {
    convention: 'progressive',
    currency: 'KES',
    decimals: 2,
    principalMinor: 1_200_000n,
    annualRatePercent: '0',
    numberOfInstallments: 12,
    repaymentEvery: { n: 1, unit: 'months' },
    disbursementDate: localDate('2026-01-31'),
    daysInYear: '360',
    daysInMonth: '30',
    roundingMode: 'HALF_EVEN',
  };

  it('count days from the oldest unpaid installment; one due today is not overdue', () => {
    const loan = openLoan(plain);
    const due = addMonths(plain.disbursementDate, 1);
    expect(arrears(loan, due)).toEqual({
      overdueMinor: 0n,
      oldestUnpaidDueDate: null,
      daysPastDue: 0,
      overdueInstallments: 0,
    });
    expect(arrears(loan, localDate('2026-04-01'))).toEqual({
      overdueMinor: 200_000n,
      oldestUnpaidDueDate: localDate('2026-02-28'),
      daysPastDue: 32,
      overdueInstallments: 2,
    });
    expect(nextDue(loan, due)).toEqual({ dueDate: due, amountMinor: 100_000n });
    expect(nextDue(loan, localDate('2028-01-01'))).toBeNull();
  });

  it('put what is left over into the overpayment', () => {
    const payment = { date: localDate('2026-02-01'), amountMinor: 1_200_050n };
    const { state, parts } = applyRepayment(openLoan(plain), payment, fromRules);
    expect(parts).toMatchObject({ principalMinor: 1_200_000n, overpaymentMinor: 50n });
    expect(outstanding(state).totalMinor).toBe(0n);
    expect(state.overpaidMinor).toBe(50n);
  });
});
