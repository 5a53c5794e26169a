import { daysBetween, localDate, type LocalDate } from '@daftari/kernel';
import { daysInYear, yearOf, type PeriodDates } from '../calendar.js';
import { plus, ratio, type Ratio } from '../ratio.js';
import type { LoanTerms } from '../terms.js';

const NOMINAL_DAYS = { days: 1, weeks: 7, months: 30 } as const;

const leapDayInside = ({ from, due }: PeriodDates): boolean => {
  for (let year = yearOf(from); year <= yearOf(due); year += 1) {
    const leapDay = `${String(year).padStart(4, '0')}-02-29`;
    if (daysInYear(year) === 366 && from < leapDay && leapDay <= due) return true;
  }
  return false;
};

const actualOverActual = (
  terms: LoanTerms,
  period: PeriodDates,
  a: LocalDate,
  b: LocalDate,
): Ratio => {
  const byPeriod = terms.leapYearRule === 'feb_29_period_only';
  if (byPeriod && !leapDayInside(period)) return ratio(daysBetween(a, b), 365);
  let share = ratio(0n);
  let start = a;
  for (let year = yearOf(a); year < yearOf(b); year += 1) {
    const boundary = localDate(
      terms.interestAccruesFrom === 'disbursement_day'
        ? `${String(year + 1).padStart(4, '0')}-01-01`
        : `${String(year).padStart(4, '0')}-12-31`,
    );
    share = plus(share, ratio(daysBetween(start, boundary), daysInYear(year)));
    start = boundary;
  }
  return plus(share, ratio(daysBetween(start, b), daysInYear(yearOf(b))));
};

/**
 * Part of a year's interest that the slice [a, b] of a period costs, by the day counts of the terms; `units` is
 * how many repayment units the period stands for (matters when a month counts as 30 days).
 * Source: Apache Fineract, progressive EMI calculator (rate factors).
 */
export const yearShare = (
  terms: LoanTerms,
  period: PeriodDates,
  a: LocalDate,
  b: LocalDate,
  units: number,
): Ratio => {
  if (a >= b) return ratio(0n);
  if (terms.daysInMonth === '30') {
    const year = terms.daysInYear === 'actual' ? daysInYear(yearOf(a)) : Number(terms.daysInYear);
    const days = NOMINAL_DAYS[terms.repaymentEvery.unit] * units * daysBetween(a, b);
    return ratio(days, year * daysBetween(period.from, period.due));
  }
  if (terms.daysInYear === 'actual') return actualOverActual(terms, period, a, b);
  return ratio(daysBetween(a, b), Number(terms.daysInYear));
};
