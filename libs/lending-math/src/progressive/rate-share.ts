import { daysBetween, localDate, type LocalDate } from '@daftari/kernel';
import { daysInYear, yearOf, type PeriodDates } from '../calendar.js';
import { Decimal } from '../numbers.js';
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
): Decimal => {
  const byPeriod = terms.leapYearRule === 'feb_29_period_only';
  if (byPeriod && !leapDayInside(period)) return new Decimal(daysBetween(a, b)).div(365);
  let share = new Decimal(0);
  let start = a;
  for (let year = yearOf(a); year < yearOf(b); year += 1) {
    const boundary = localDate(
      terms.interestAccruesFrom === 'disbursement_day'
        ? `${String(year + 1).padStart(4, '0')}-01-01`
        : `${String(year).padStart(4, '0')}-12-31`,
    );
    share = share.plus(new Decimal(daysBetween(start, boundary)).div(daysInYear(year)));
    start = boundary;
  }
  return share.plus(new Decimal(daysBetween(start, b)).div(daysInYear(yearOf(b))));
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
): Decimal => {
  if (a >= b) return new Decimal(0);
  if (terms.daysInMonth === '30') {
    const year = terms.daysInYear === 'actual' ? daysInYear(yearOf(a)) : Number(terms.daysInYear);
    return new Decimal(NOMINAL_DAYS[terms.repaymentEvery.unit] * units)
      .div(year)
      .times(daysBetween(a, b))
      .div(daysBetween(period.from, period.due));
  }
  if (terms.daysInYear === 'actual') return actualOverActual(terms, period, a, b);
  return new Decimal(daysBetween(a, b)).div(terms.daysInYear);
};
