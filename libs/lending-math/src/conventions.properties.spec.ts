import { addDays, localDate, type LocalDate } from '@daftari/kernel';
import fc from 'fast-check';
import {
  appendEvent,
  applyRepayment,
  buildSchedule,
  loanOf,
  openHistory,
  openLoan,
  outstanding,
  payoffAmount,
  validateTerms,
  type AllocationRule,
  type HistoryEvent,
  type LoanState,
  type LoanTerms,
} from './index.js';
import { accrueTo } from './payoff.js';

const common = {
  currency: fc.constant('KES'),
  decimals: fc.constant(2),
  principalMinor: fc.bigInt({ min: 1n, max: 1_000_000_000n }),
  annualRatePercent: fc.integer({ min: 0, max: 9000 }).map((bp) => (bp / 100).toFixed(2)),
  numberOfInstallments: fc.integer({ min: 1, max: 24 }),
  repaymentEvery: fc.constantFrom(
    { n: 1, unit: 'months' as const },
    { n: 2, unit: 'weeks' as const },
    { n: 15, unit: 'days' as const },
  ),
  disbursementDate: fc
    .integer({ min: 0, max: 1500 })
    .map((days) => addDays(localDate('2023-01-01'), days)),
  daysInYear: fc.constantFrom('actual' as const, '360' as const, '365' as const),
  daysInMonth: fc.constantFrom('actual' as const, '30' as const),
  roundingMode: fc.constantFrom('HALF_EVEN', 'HALF_UP', 'FLOOR', 'CEILING' as const),
};
const shift = {
  weekend: ['saturday', 'sunday'] as const,
  holidays: [localDate('2024-12-25')],
};
const recalculation = {
  preClosure: 'till_pre_close_date' as const,
  advancePaymentStrategy: 'reduce_emi_amount' as const,
};

const progressive = fc.record<LoanTerms>({ ...common, convention: fc.constant('progressive') });
const cumulative = fc
  .record<LoanTerms>({
    ...common,
    convention: fc.constant('cumulative'),
    interestMethod: fc.constantFrom('flat', 'declining_balance'),
    amortization: fc.constantFrom('equal_installments', 'equal_principal'),
    interestCalculationPeriod: fc.constantFrom('daily', 'same_as_repayment'),
    installmentAmountInMultiplesOf: fc.constantFrom(null, '1'),
  })
  .map((t) => ({
    ...t,
    gracePrincipal: Math.floor(t.numberOfInstallments / 3),
    graceInterest: Math.floor(t.numberOfInstallments / 4),
  }));
const remaining = fc.record<LoanTerms>({
  ...common,
  convention: fc.constant('remaining_balance_level'),
  interestMethod: fc.constantFrom('flat', 'declining_balance'),
  amortization: fc.constantFrom('equal_installments', 'equal_principal'),
  ratePerPeriodPercent: fc.integer({ min: 0, max: 500 }).map((bp) => (bp / 100).toFixed(2)),
  residualIn: fc.constantFrom('first', 'last', 'spread'),
  weekendShift: fc.constant(shift),
});
const level = fc.record<LoanTerms>({
  ...common,
  convention: fc.constant('level_payment_final_not_higher'),
});
const anyTerms = fc.oneof(progressive, cumulative, remaining, level);
/** Loans whose interest follows the payments. */
const following = fc.oneof(progressive, cumulative).map((t) => ({ ...t, recalculation }));

const greedy = fc.constantFrom<AllocationRule[]>(
  { strategy: 'penalty_fee_interest_principal' },
  { strategy: 'interest_principal_penalty_fee' },
  { strategy: 'principal_interest_penalty_fee' },
  { strategy: 'due_pfip_then_advance_ppfi' },
  { strategy: 'due_pipf_then_advance_pipf' },
);
const rules: AllocationRule = {
  strategy: 'rules',
  processing: 'horizontal',
  rules: {
    default: {
      order: (['past_due', 'due', 'in_advance'] as const).flatMap((tense) =>
        (['penalty', 'fee', 'interest', 'principal'] as const).map(
          (part) => `${tense}_${part}` as const,
        ),
      ),
      future: 'next_installment',
    },
  },
};

/** The Gregorian calendar repeats after 400 years, leap days and weekdays too. */
const later = (date: LocalDate): LocalDate =>
  localDate(`${String(Number(date.slice(0, 4)) + 400)}${date.slice(4)}`);
const laterTerms = (t: LoanTerms): LoanTerms => ({
  ...t,
  disbursementDate: later(t.disbursementDate),
  ...(t.weekendShift && {
    weekendShift: { ...t.weekendShift, holidays: t.weekendShift.holidays.map(later) },
  }),
});

const rowsOf = (state: LoanState) => state.rows.map(({ charges: _, ...row }) => row);

describe('schedules of every convention', () => {
  it('repay what was lent, in parts that are never negative, and end at zero', () => {
    fc.assert(
      fc.property(anyTerms, (t) => {
        expect(validateTerms(t)).toEqual([]);
        const rows = buildSchedule(t);
        expect(rows.reduce((sum, row) => sum + row.principalMinor, 0n)).toBe(t.principalMinor);
        expect(rows.at(-1)?.balanceMinor).toBe(0n);
        for (const row of rows) {
          expect(row.principalMinor >= 0n && row.interestMinor >= 0n).toBe(true);
          expect(row.balanceMinor >= 0n).toBe(true);
        }
      }),
      { numRuns: 300, seed: 101 },
    );
  });

  it('are the same 400 years later', () => {
    fc.assert(
      fc.property(anyTerms, (t) => {
        const moved = buildSchedule(t).map((row) => ({
          ...row,
          fromDate: later(row.fromDate),
          dueDate: later(row.dueDate),
        }));
        expect(buildSchedule(laterTerms(t))).toEqual(moved);
      }),
      { numRuns: 100, seed: 103 },
    );
  });
});

const happenings = fc.array(
  fc.record({
    after: fc.integer({ min: 0, max: 200 }),
    type: fc.constantFrom('repayment', 'charge', 'goodwill_credit', 'end_of_day'),
    chargeType: fc.constantFrom('fee' as const, 'penalty' as const),
    share: fc.integer({ min: 1, max: 40 }),
  }),
  { minLength: 1, maxLength: 6 },
);

const eventsOf = (
  t: LoanTerms,
  items: readonly { after: number; type: string; chargeType: 'fee' | 'penalty'; share: number }[],
): HistoryEvent[] => {
  const start = t.disbursementDate;
  const payout = { type: 'disbursement', date: start, businessDate: start };
  return [
    { i: 0, ...payout, amountMinor: t.principalMinor },
    ...items.map(({ after, type, chargeType, share }, k) => {
      const date = addDays(start, after);
      const amountMinor = (t.principalMinor * BigInt(share)) / 100n + 1n;
      return { i: k + 1, type, date, businessDate: date, amountMinor, chargeType };
    }),
  ];
};

describe('histories', () => {
  it('come out the same 400 years later', () => {
    fc.assert(
      fc.property(fc.oneof(anyTerms, following), happenings, (t, items) => {
        const events = eventsOf(t, items);
        const moved = events.map((e) => ({
          ...e,
          date: later(e.date),
          businessDate: later(e.businessDate),
        }));
        const parts = (terms: LoanTerms, of: readonly HistoryEvent[]) =>
          loanOf(openHistory(terms, rules, of)).transactions.map(({ date: _, ...part }) => part);
        expect(parts(laterTerms(t), moved)).toEqual(parts(t, events));
      }),
      { numRuns: 60, seed: 107 },
    );
  });

  it('come out the same whatever the order in which independent things of one day were entered', () => {
    const plain = fc.oneof(progressive, cumulative, remaining, level);
    const sameDay = fc.array(
      fc.record({
        after: fc.constant(40),
        type: fc.constantFrom('repayment'),
        chargeType: fc.constant('fee' as const),
        share: fc.integer({ min: 1, max: 60 }),
      }),
      { minLength: 2, maxLength: 4 },
    );
    fc.assert(
      fc.property(plain, greedy, sameDay, (t, rule, items) => {
        const state = (of: typeof items) => loanOf(openHistory(t, rule, eventsOf(t, of))).state;
        const [there, back] = [state(items), state([...items].reverse())];
        expect(rowsOf(back)).toEqual(rowsOf(there));
        expect(back.overpaidMinor).toBe(there.overpaidMinor);
      }),
      { numRuns: 100, seed: 109 },
    );
  });

  it('do not depend on the order in which charges of one day were entered', () => {
    const charges = happenings.map((items) =>
      items.map((item) => ({ ...item, after: 33, type: 'charge' })),
    );
    fc.assert(
      fc.property(anyTerms, charges, (t, items) => {
        const state = (of: typeof items) => loanOf(openHistory(t, rules, eventsOf(t, of))).state;
        expect(rowsOf(state([...items].reverse()))).toEqual(rowsOf(state(items)));
      }),
      { numRuns: 60, seed: 113 },
    );
  });

  it('come out the same whether events are appended one by one or replayed at once', () => {
    fc.assert(
      fc.property(fc.oneof(anyTerms, following), happenings, (t, items) => {
        const events = eventsOf(t, items);
        const [first, ...rest] = events;
        const appended = rest.reduce(appendEvent, openHistory(t, rules, first ? [first] : []));
        expect(loanOf(appended)).toEqual(loanOf(openHistory(t, rules, events)));
      }),
      { numRuns: 80, seed: 127 },
    );
  });
});

describe('interest on overdue principal', () => {
  it('does not depend on how often it was brought up to date', () => {
    // Of a loan of some cents an installment can be all interest, and rounding decides which one is overdue; a slice of
    // a period over a year's end has the average rate of the days to come, so cutting it there moves a cent.
    const loans = progressive.map((t) => ({
      ...t,
      recalculation,
      daysInYear: '365' as const,
      principalMinor: t.principalMinor + 100_000n,
    }));
    const steps = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(loans, steps, (t, days) => {
        let last = t.disbursementDate;
        const dates = days.map((after) => (last = addDays(last, after)));
        const stepwise = dates.reduce(accrueTo, openLoan(t));
        expect(rowsOf(stepwise)).toEqual(rowsOf(accrueTo(openLoan(t), last)));
      }),
      { numRuns: 150, seed: 137 },
    );
  });
});

describe('paying the payoff amount', () => {
  const plan = fc.record({
    first: fc.integer({ min: 0, max: 90 }),
    share: fc.integer({ min: 1, max: 60 }),
    then: fc.integer({ min: 0, max: 500 }),
  });
  const base = {
    currency: 'KES',
    decimals: 2,
    disbursementDate: localDate('2023-01-01'),
    repaymentEvery: { n: 1, unit: 'months' },
    daysInYear: 'actual',
    daysInMonth: 'actual',
    roundingMode: 'CEILING',
    recalculation,
  } as const;
  const declining = {
    ...base,
    convention: 'cumulative',
    interestMethod: 'declining_balance',
    amortization: 'equal_principal',
    interestCalculationPeriod: 'same_as_repayment',
  } as const;
  const lent = (
    principalMinor: bigint,
    annualRatePercent: string,
    numberOfInstallments: number,
  ) => ({
    principalMinor,
    annualRatePercent,
    numberOfInstallments,
  });
  const known: [LoanTerms, { first: number; share: number; then: number }][] = [
    [
      { ...base, convention: 'progressive', ...lent(20n, '0.01', 14) },
      { first: 0, share: 30, then: 152 },
    ],
    [
      { ...base, convention: 'progressive', ...lent(365432076n, '89.90', 23) },
      { first: 1, share: 4, then: 94 },
    ],
    [
      {
        ...base,
        convention: 'progressive',
        ...lent(10n, '17.82', 20),
        repaymentEvery: { n: 2, unit: 'weeks' },
      },
      { first: 4, share: 18, then: 147 },
    ],
    [
      { ...declining, ...lent(483412984n, '20.82', 2), repaymentEvery: { n: 15, unit: 'days' } },
      { first: 5, share: 46, then: 8 },
    ],
    [
      {
        ...declining,
        ...lent(5n, '77.23', 24),
        repaymentEvery: { n: 15, unit: 'days' },
        gracePrincipal: 8,
        graceInterest: 6,
      },
      { first: 5, share: 5, then: 153 },
    ],
  ];

  it.each([
    ['of every convention', anyTerms, []],
    ['whose interest follows the payments', following, known],
  ] as const)('closes a loan %s', (_kind, loans, examples) => {
    fc.assert(
      fc.property(loans, plan, (t, { first, share, then }) => {
        const date = addDays(t.disbursementDate, first);
        const amountMinor = (t.principalMinor * BigInt(share)) / 100n + 1n;
        const { state } = applyRepayment(openLoan(t), { date, amountMinor }, rules);
        const end = addDays(date, then);
        const payoff = payoffAmount(state, end);
        const closed = applyRepayment(state, { date: end, amountMinor: payoff }, rules).state;
        expect(outstanding(closed).totalMinor).toBe(0n);
        expect(closed.overpaidMinor).toBe(state.overpaidMinor);
        for (const { due, paid } of closed.rows) {
          for (const key of ['principalMinor', 'interestMinor'] as const) {
            expect(due[key] >= 0n && paid[key] >= 0n && paid[key] <= due[key]).toBe(true);
          }
        }
      }),
      {
        numRuns: 1000,
        seed: 131,
        examples: [...examples],
      },
    );
  });
});
