import { localDate } from '@daftari/kernel';
import fc from 'fast-check';
import { latePenalty, type OverdueStretch, type PenaltyRule } from './penalty.js';

const due = localDate('2026-03-01');
const overdue = (
  from: string,
  to: string,
  principalMinor: bigint,
  interestMinor = 0n,
): OverdueStretch => ({
  from: localDate(from),
  to: localDate(to),
  overdue: { principalMinor, interestMinor, feesMinor: 500n, penaltiesMinor: 0n },
});
const rule: PenaltyRule = {
  charge: { type: 'yearly_rate', percent: '36.5', dayCount: 'actual/365' },
  basis: 'overdue_installment',
  toleranceDays: 5,
  countFrom: 'due_date',
  roundingMode: 'HALF_UP',
};
const amount = (changes: Partial<PenaltyRule>, ...stretches: OverdueStretch[]) =>
  latePenalty({ ...rule, ...changes }, due, stretches).amountMinor;

describe('a penalty', () => {
  it('is nothing up to the last day of the tolerance, then counts from the due date', () => {
    expect(amount({}, overdue('2026-03-01', '2026-03-06', 90_000n, 10_000n))).toBe(0n);
    expect(amount({}, overdue('2026-03-01', '2026-03-07', 90_000n, 10_000n))).toBe(600n);
  });

  it('can count from the end of the tolerance', () => {
    const later = { countFrom: 'end_of_tolerance' as const };
    expect(amount(later, overdue('2026-03-01', '2026-03-07', 100_000n))).toBe(100n);
  });

  it('is taken of what the rule names', () => {
    const late = overdue('2026-03-01', '2026-03-11', 90_000n, 10_000n);
    expect(amount({ basis: 'overdue_principal' }, late)).toBe(900n);
    expect(amount({ basis: 'overdue_installment' }, late)).toBe(1_000n);
    expect(amount({ basis: 'overdue_total' }, late)).toBe(1_005n);
  });

  it('follows part payments: each stretch costs what was overdue in it', () => {
    const stretches = [
      overdue('2026-03-01', '2026-03-11', 100_000n),
      overdue('2026-03-11', '2026-03-21', 40_000n),
    ];
    expect(amount({}, ...stretches)).toBe(1_400n);
  });

  it('lets a small amount pass', () => {
    const small = { toleranceMinor: 1_000n };
    expect(amount(small, overdue('2026-03-01', '2026-04-01', 999n))).toBe(0n);
    expect(amount(small, overdue('2026-03-01', '2026-04-01', 1_000n))).toBe(31n);
  });

  it('can be an amount or a percentage once, or an amount a day', () => {
    const late = overdue('2026-03-01', '2026-03-21', 100_000n);
    expect(amount({ charge: { type: 'once', amountMinor: 700n } }, late)).toBe(700n);
    expect(amount({ charge: { type: 'once_percent', percent: '2.5' } }, late)).toBe(2_500n);
    expect(amount({ charge: { type: 'daily_amount', amountMinor: 30n } }, late)).toBe(600n);
  });

  it('stops at the lower of its caps, and says so', () => {
    const late = overdue('2026-03-01', '2027-03-01', 100_000n);
    expect(amount({ capMinor: 9_000n }, late)).toBe(9_000n);
    expect(amount({ capMinor: 9_000n, capPercent: '5' }, late)).toBe(5_000n);
    expect(latePenalty({ ...rule, capPercent: '5' }, due, [late])).toMatchObject({
      days: 365,
      cappedAtMinor: 5_000n,
      exact: { n: 100_000n * 365n * 365n, d: 100n * 10n * 365n },
    });
    expect(latePenalty({ ...rule, capMinor: 40_000n }, due, [late]).cappedAtMinor).toBeNull();
  });

  it('never shrinks as days pass, and never exceeds its cap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.bigInt({ min: 1n, max: 10_000_000n }),
        (days, principal) => {
          const until = (n: number) =>
            overdue(
              '2026-03-01',
              new Date(Date.UTC(2026, 2, 1 + n)).toISOString().slice(0, 10),
              principal,
            );
          const [today, tomorrow] = [days, days + 1].map((n) =>
            amount({ capPercent: '20' }, until(n)),
          );
          expect((tomorrow ?? 0n) >= (today ?? 0n)).toBe(true);
          expect((tomorrow ?? 0n) * 100n <= principal * 20n + 50n).toBe(true);
        },
      ),
      { numRuns: 200, seed: 4 },
    );
  });
});
