import { daysBetween, localDate, type LocalDate } from '@daftari/kernel';
import { daysInYear, yearOf } from './calendar.js';
import type { DayCount } from './day-count-name.js';
import { ratio, type Ratio } from './ratio.js';

export type { DayCount };

interface Definition {
  /** Every part of a year by this day count is a whole number of these. */
  readonly denominator: bigint;
  readonly days: (from: LocalDate, to: LocalDate) => number;
  readonly numerator: (from: LocalDate, to: LocalDate, days: number) => bigint;
}

const dayOf = (date: LocalDate): number => Number(date.slice(8));
const monthsSinceZero = (date: LocalDate): number =>
  yearOf(date) * 12 + Number(date.slice(5, 7)) - 1;

const thirtyDays = (from: LocalDate, to: LocalDate, cutsEnd: (d1: number) => boolean): number => {
  const d1 = Math.min(dayOf(from), 30);
  const d2 = dayOf(to) === 31 && cutsEnd(d1) ? 30 : dayOf(to);
  return 30 * (monthsSinceZero(to) - monthsSinceZero(from)) + (d2 - d1);
};

const yearStart = (year: number): LocalDate => localDate(`${String(year).padStart(4, '0')}-01-01`);

const actualActual = (from: LocalDate, to: LocalDate): bigint => {
  let numerator = 0;
  let start = from;
  for (let year = yearOf(from); year <= yearOf(to); year += 1) {
    const end = year === yearOf(to) ? to : yearStart(year + 1);
    numerator += daysBetween(start, end) * (daysInYear(year) === 366 ? 365 : 366);
    start = end;
  }
  return BigInt(numerator);
};

const counted = (_from: LocalDate, _to: LocalDate, days: number): bigint => BigInt(days);

const DEFINITIONS: Readonly<Record<DayCount, Definition>> = {
  '30/360_us': {
    denominator: 360n,
    days: (from, to) => thirtyDays(from, to, (d1) => d1 === 30),
    numerator: counted,
  },
  '30e/360': {
    denominator: 360n,
    days: (from, to) => thirtyDays(from, to, () => true),
    numerator: counted,
  },
  'actual/360': { denominator: 360n, days: daysBetween, numerator: counted },
  'actual/365': { denominator: 365n, days: daysBetween, numerator: counted },
  'actual/actual': {
    denominator: 365n * 366n,
    days: daysBetween,
    numerator: (from, to) => actualActual(from, to),
  },
};

/** Every day count there is. */
export const DAY_COUNTS = Object.keys(DEFINITIONS) as DayCount[];

/** Days between two dates as the day count counts them; `from` is not after `to`. */
export const daysBy = (dayCount: DayCount, from: LocalDate, to: LocalDate): number =>
  DEFINITIONS[dayCount].days(from, to);

/** Part of a year between two dates, exact; its denominator depends on the day count only. */
export const yearFraction = (dayCount: DayCount, from: LocalDate, to: LocalDate): Ratio => {
  const { denominator, days, numerator } = DEFINITIONS[dayCount];
  return ratio(numerator(from, to, days(from, to)), denominator);
};

/** Denominator of every `yearFraction` of a day count. */
export const yearDenominator = (dayCount: DayCount): bigint => DEFINITIONS[dayCount].denominator;
