import type { LocalDate } from '@daftari/kernel';
import { Decimal } from '../numbers.js';
import type { LoanTerms } from '../terms.js';

/** A published reference rate from a date on, in percent. */
export interface IndexFixing {
  readonly date: LocalDate;
  readonly percent: string;
}

/** A rate that follows an index: index plus margin, within floor and cap. Percentages as decimal strings. */
export interface FloatingRate {
  readonly marginPercent: string;
  readonly floorPercent?: string;
  readonly capPercent?: string;
  /** At each fixing the rate moves by at most this much; absent: by any amount. */
  readonly maxChangePercent?: string;
}

const clamp = (value: Decimal, low: Decimal, high: Decimal): Decimal =>
  Decimal.max(low, Decimal.min(high, value));

/**
 * The terms of a loan whose rate follows an index: the rate at the disbursement, and a change for every later fixing
 * that moves it. Works for every schedule that knows rate changes. `fixings` has one on or before the disbursement;
 * without it the first one counts from the start. An empty list gives the margin alone.
 */
export const floatingRate = (
  floating: FloatingRate,
  disbursementDate: LocalDate,
  fixings: readonly IndexFixing[],
): Required<Pick<LoanTerms, 'annualRatePercent' | 'rateChanges'>> => {
  const floor = new Decimal(floating.floorPercent ?? 0);
  const cap = new Decimal(floating.capPercent ?? Infinity);
  const most = new Decimal(floating.maxChangePercent ?? Infinity);
  const ordered = [...fixings].sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0));
  const target = (percent: string): Decimal =>
    clamp(new Decimal(percent).plus(floating.marginPercent), floor, cap);
  const current = ordered.findLast((f) => f.date <= disbursementDate) ?? ordered[0];
  const start = target(current?.percent ?? '0');
  let rate = start;
  const rateChanges = ordered
    .filter((f) => f.date > disbursementDate && f !== current)
    .flatMap(({ date, percent }) => {
      const next = clamp(target(percent), rate.minus(most), rate.plus(most));
      if (next.eq(rate)) return [];
      rate = next;
      return [{ effectiveDate: date, annualRatePercent: next.toFixed() }];
    });
  return { annualRatePercent: start.toFixed(), rateChanges };
};
