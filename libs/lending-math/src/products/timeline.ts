import type { LocalDate } from '@daftari/kernel';
import { rollDate } from '../business-calendar.js';
import { at, periodsOf, type PeriodDates } from '../calendar.js';
import { daysBy, yearDenominator, yearFraction } from '../day-count.js';
import { decimal, type Ratio } from '../ratio.js';
import type { ProductTerms } from './terms.js';

/** Part of a period in which nothing changes: what interest is, per unit of balance. */
export interface Stretch {
  readonly from: LocalDate;
  readonly to: LocalDate;
  /** Part of a year, over the denominator of the day count. */
  readonly share: bigint;
  /** Yearly rate as a fraction, over `RATE_UNIT`. */
  readonly rate: bigint;
}

/** A period with the dates that interest runs between; `due` is when its installment is due. */
export interface ProductPeriod extends PeriodDates {
  readonly to: LocalDate;
  readonly interestFree: boolean;
}

/** Rates have at most six decimals of a percent. */
export const RATE_UNIT = 100_000_000n;

const rateUnits = (percent: string): bigint => {
  const { n, d }: Ratio = decimal(percent);
  return (n * RATE_UNIT) / (d * 100n);
};

/** The periods of a loan, due dates moved to business days. */
export const productPeriods = (terms: ProductTerms): ProductPeriod[] => {
  const { calendar, roll = 'none', interestTo = 'moved', interestFreePeriods = 0 } = terms;
  const moved = (date: LocalDate): LocalDate =>
    calendar === undefined ? date : rollDate(calendar, date, roll);
  let from = terms.disbursementDate;
  return periodsOf(terms).map((period, i) => {
    const due = moved(period.due);
    const to = interestTo === 'moved' ? due : period.due;
    const result = { from, to, due, interestFree: i < interestFreePeriods };
    from = to;
    return result;
  });
};

/** Rates and pauses of a loan on its calendar. */
export interface Timeline {
  readonly terms: ProductTerms;
  readonly rates: readonly { readonly from: LocalDate; readonly rate: bigint }[];
  readonly denominator: bigint;
}

/** The timeline of a loan. */
export const timelineOf = (terms: ProductTerms): Timeline => ({
  terms,
  rates: [
    { from: terms.disbursementDate, rate: rateUnits(terms.annualRatePercent) },
    ...[...(terms.rateChanges ?? [])]
      .sort((a, b) => (a.effectiveDate < b.effectiveDate ? -1 : 1))
      .map((c) => ({ from: c.effectiveDate, rate: rateUnits(c.annualRatePercent) })),
  ],
  denominator: yearDenominator(terms.dayCount) * RATE_UNIT,
});

/** Which of the agreed changes count: rates known by a date only, and pauses or not. */
export interface Knowledge {
  readonly ratesUntil?: LocalDate;
  readonly pauses: boolean;
}

/** Stretches of a period, cut at rate changes, pauses and the given dates. */
export const stretchesOf = (
  { terms, rates }: Timeline,
  period: ProductPeriod,
  cuts: readonly LocalDate[],
  { ratesUntil, pauses: withPauses }: Knowledge,
): Stretch[] => {
  const known =
    ratesUntil === undefined ? rates : rates.filter((r, i) => i === 0 || r.from < ratesUntil);
  const pauses = withPauses ? (terms.pauses ?? []) : [];
  const stretch = (from: LocalDate, to: LocalDate): Stretch => {
    const paused = period.interestFree || pauses.some((p) => p.from <= from && from < p.to);
    const rate = paused ? 0n : (known.findLast((r) => r.from <= from) ?? at(known, 0)).rate;
    return { from, to, share: yearFraction(terms.dayCount, from, to).n, rate };
  };
  const inside = [...cuts, ...known.map((r) => r.from), ...pauses.flatMap((p) => [p.from, p.to])]
    .filter((date) => period.from < date && date < period.to)
    .sort();
  if (inside.length === 0) {
    return period.from < period.to ? [stretch(period.from, period.to)] : [];
  }
  const points = [...new Set([period.from, ...inside, period.to])];
  return points.slice(1).map((to, i) => stretch(at(points, i), to));
};

/** Days of a stretch as the day count of the terms counts them. */
export const stretchDays = (terms: ProductTerms, { from, to }: Stretch): number =>
  daysBy(terms.dayCount, from, to);
