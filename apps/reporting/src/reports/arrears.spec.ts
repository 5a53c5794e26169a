import { localDate } from '@daftari/kernel';
import { bucketOf, daysPastDue, type Debt, parOf } from './arrears.js';

const debt = (outstanding: bigint, oldestDueOn: string | null): Debt => ({
  loanId: 'l',
  customerId: null,
  accountReference: null,
  currency: 'KES',
  outstanding,
  overdue: 0n,
  oldestDueOn: oldestDueOn === null ? null : localDate(oldestDueOn),
});
const asOf = localDate('2026-03-31');

describe('arrears', () => {
  it.each([
    [0, 'current'],
    [1, '1-30'],
    [30, '1-30'],
    [31, '31-60'],
    [60, '31-60'],
    [90, '61-90'],
    [91, 'over-90'],
  ])('puts %d days into the bucket %s', (days, bucket) => {
    expect(bucketOf(days)).toBe(bucket);
  });

  it('counts days from the oldest unpaid due date', () => {
    expect(daysPastDue(debt(1n, '2026-03-01'), asOf)).toBe(30);
    expect(daysPastDue(debt(1n, null), asOf)).toBe(0);
  });

  it('gives numerator and denominator of each PAR', () => {
    const debts = [debt(6_000n, null), debt(3_000n, '2026-03-01'), debt(1_000n, '2026-02-28')];
    expect(parOf(debts, asOf)).toMatchObject([
      { name: 'PAR1', numerator: '40.00', denominator: '100.00', ratioBps: 4_000 },
      { name: 'PAR30', numerator: '10.00', ratioBps: 1_000 },
      { name: 'PAR60', numerator: '0.00', ratioBps: 0 },
      { name: 'PAR90', numerator: '0.00', ratioBps: 0 },
    ]);
  });
});
