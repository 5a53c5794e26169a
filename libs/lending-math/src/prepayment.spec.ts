import { ContractViolation, localDate } from '@daftari/kernel';
import {
  applyPrepayment,
  applyRepayment,
  openLoan,
  outstanding,
  type AllocationRule,
  type LoanState,
  type LoanTerms,
  type PrepaymentStrategy,
} from './index.js';

const rule: AllocationRule = { strategy: 'due_pfip_then_advance_ppfi' };
const yearly: LoanTerms = {
  convention: 'progressive',
  currency: 'KES',
  decimals: 2,
  principalMinor: 1_200_000n,
  annualRatePercent: '12',
  numberOfInstallments: 12,
  repaymentEvery: { n: 1, unit: 'months' },
  disbursementDate: localDate('2026-01-01'),
  daysInYear: '360',
  daysInMonth: '30',
  roundingMode: 'HALF_EVEN',
};
const kinds: readonly (readonly [string, LoanTerms])[] = [
  ['progressive', yearly],
  [
    'progressive with recalculation',
    { ...yearly, recalculation: { preClosure: 'till_pre_close_date' } },
  ],
  ['cumulative', { ...yearly, convention: 'cumulative' }],
];

const dueOf = (state: LoanState): bigint[] =>
  state.rows
    .filter((row) => row.kind === 'installment')
    .map(({ due }) => due.principalMinor + due.interestMinor);

/** The loan after its first installment and, two weeks later, some more. */
const after = (terms: LoanTerms, strategy: PrepaymentStrategy, amountMinor: bigint) => {
  const opened = openLoan(terms);
  const first = dueOf(opened)[0] ?? 0n;
  const date = localDate('2026-02-01');
  const { state } = applyRepayment(opened, { date, amountMinor: first }, rule);
  const more = { date: localDate('2026-02-15'), amountMinor };
  return { before: dueOf(opened), ...applyPrepayment(state, more, strategy, rule) };
};

const principalDue = (state: LoanState): bigint =>
  state.rows.reduce((sum, row) => sum + row.due.principalMinor, 0n);

describe.each(kinds)('a prepayment of a loan: %s', (_kind, terms) => {
  it('keeps the installments and drops the last ones with reduce_term', () => {
    const { before, state, parts } = after(terms, 'reduce_term', 300_000n);
    const due = dueOf(state);
    expect(parts).toMatchObject({ principalMinor: 300_000n, interestMinor: 0n });
    expect(due.slice(1, 7)).toEqual(before.slice(1, 7));
    expect(due.slice(-2)).toEqual([0n, 0n]);
    expect(principalDue(state)).toBe(terms.principalMinor);
  });

  it('keeps the number of installments and lowers each with reduce_installment', () => {
    const { before, state } = after(terms, 'reduce_installment', 300_000n);
    const due = dueOf(state);
    expect(due[0]).toBe(before[0]);
    due.slice(1).forEach((amount, i) => {
      expect(amount).toBeGreaterThan(0n);
      expect(Number(amount)).toBeLessThan(Number(before[i + 1]) * 0.75);
    });
    expect(new Set(due.slice(1, -1)).size).toBe(1);
    expect(principalDue(state)).toBe(terms.principalMinor);
  });

  it.each([
    ['next_installment', 1],
    ['last_installment', 11],
  ] as const)('pays coming installments with %s', (strategy, paid) => {
    const { state } = after(terms, strategy, 50_000n);
    const paidRows = state.rows.flatMap((row, i) =>
      row.paid.principalMinor > 0n && i > 0 ? [i] : [],
    );
    expect(paidRows).toEqual([paid]);
    expect(principalDue(state)).toBe(terms.principalMinor);
  });

  it('closes the loan when it is enough, and gives back the rest', () => {
    const { state, parts } = after(terms, 'reduce_term', 2_000_000n);
    expect(outstanding(state).totalMinor).toBe(0n);
    expect(state.overpaidMinor).toBe(parts.overpaymentMinor);
    expect(parts.overpaymentMinor).toBeGreaterThan(0n);
    const sum = Object.values(parts).reduce((a: bigint, b: bigint) => a + b, 0n);
    expect(sum).toBe(2_000_000n);
  });

  it('pays what is due before it reduces anything', () => {
    const opened = openLoan(terms);
    const first = dueOf(opened)[0] ?? 0n;
    const payment = { date: localDate('2026-02-01'), amountMinor: first + 100n };
    const { parts, state } = applyPrepayment(opened, payment, 'reduce_term', rule);
    const interest = opened.rows[0]?.due.interestMinor;
    expect(parts.interestMinor).toBe(interest);
    expect(state.rows.map((row) => row.kind).slice(0, 2)).toEqual(['installment', 'prepayment']);
  });
});

describe('a prepayment', () => {
  it('does not make an installment smaller than what was paid of it in advance', () => {
    const ahead = { date: localDate('2026-01-10'), amountMinor: 150_000n };
    const { state } = applyRepayment(openLoan(yearly), ahead, rule);
    const more = { date: localDate('2026-01-20'), amountMinor: 300_000n };
    const reduced = applyPrepayment(state, more, 'reduce_installment', rule).state;
    for (const { due, paid } of reduced.rows) {
      expect(due.principalMinor).toBeGreaterThanOrEqual(paid.principalMinor);
      expect(due.interestMinor).toBeGreaterThanOrEqual(paid.interestMinor);
    }
    expect(principalDue(reduced)).toBe(yearly.principalMinor);
  });

  it('that a convention does not know is refused', () => {
    const flat: LoanTerms = { ...yearly, convention: 'cumulative', interestMethod: 'flat' };
    const payment = { date: localDate('2026-01-20'), amountMinor: 300_000n };
    const attempt = () => applyPrepayment(openLoan(flat), payment, 'reduce_term', rule);
    expect(attempt).toThrow(ContractViolation);
  });
});
