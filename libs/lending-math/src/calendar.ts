import { addDays, addMonths, daysBetween, invariant, type LocalDate } from '@daftari/kernel';
import { rollDate } from './business-calendar.js';
import type { LoanTerms, WeekendShift } from './terms.js';

/** Element `index` of a list that is known to have it. */
export const at = <T>(items: readonly T[], index: number): T => {
  const item = items[index];
  invariant(item !== undefined, 'index must be within the list');
  return item as T;
};

/** The earlier of two dates. */
export const earlier = (a: LocalDate, b: LocalDate): LocalDate => (a < b ? a : b);

/** The later of two dates. */
export const later = (a: LocalDate, b: LocalDate): LocalDate => (a > b ? a : b);

/** The calendar year of a date. */
export const yearOf = (date: LocalDate): number => Number(date.slice(0, 4));

/** 366 in a leap year of the Gregorian calendar, else 365. */
export const daysInYear = (year: number): number =>
  (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 366 : 365;

/** The date itself when it is a working day, else the next one that is. */
export const nextWorkingDay = (date: LocalDate, shift: WeekendShift | undefined): LocalDate => {
  return shift ? rollDate(shift, date, 'following') : date;
};

/** One repayment period: interest runs from `from`, the installment is due on `due`. */
export interface PeriodDates {
  readonly from: LocalDate;
  readonly due: LocalDate;
}

/** The part of the terms that due dates follow from. */
export type DateTerms = Pick<
  LoanTerms,
  | 'numberOfInstallments'
  | 'repaymentEvery'
  | 'disbursementDate'
  | 'repaymentSeedDate'
  | 'firstDueDate'
  | 'dueDates'
  | 'fixedLengthDays'
  | 'monthEndDueDates'
  | 'weekendShift'
>;

/** The date `k` repayment intervals after a date. */
export const intervalsAfter = (
  terms: Pick<LoanTerms, 'repaymentEvery' | 'monthEndDueDates'>,
  seed: LocalDate,
  k: number,
): LocalDate => {
  const count = k * terms.repaymentEvery.n;
  switch (terms.repaymentEvery.unit) {
    case 'days':
      return addDays(seed, count);
    case 'weeks':
      return addDays(seed, 7 * count);
    case 'months': {
      const date = addMonths(seed, count);
      const lacksDay = date.slice(8) < seed.slice(8);
      return lacksDay && terms.monthEndDueDates === 'first_day_of_next_month'
        ? addDays(date, 1)
        : date;
    }
  }
};

/**
 * Periods of a loan: each due date is counted from the seed, never from the previous due date, so a loan of
 * the 31st returns to the 31st after February (Apache Fineract, scheduled date generator).
 */
export const periodsOf = (terms: DateTerms): PeriodDates[] => {
  const seed = terms.repaymentSeedDate ?? terms.disbursementDate;
  const dueDate = (k: number): LocalDate => {
    if (terms.dueDates) return at(terms.dueDates, k - 1);
    if (k === terms.numberOfInstallments && terms.fixedLengthDays !== undefined) {
      return addDays(terms.disbursementDate, terms.fixedLengthDays);
    }
    return terms.firstDueDate
      ? intervalsAfter(terms, terms.firstDueDate, k - 1)
      : intervalsAfter(terms, seed, k);
  };
  const dues = Array.from({ length: terms.numberOfInstallments }, (_, i) =>
    nextWorkingDay(dueDate(i + 1), terms.weekendShift),
  );
  return dues.map((due, i) => ({ from: i === 0 ? seed : at(dues, i - 1), due }));
};

/** Index of the period that a date falls in: its start included, its due date not; outside, the nearest period. */
export const periodIndex = (periods: readonly PeriodDates[], date: LocalDate): number => {
  const found = periods.findIndex((p) => date < p.due);
  return found < 0 ? periods.length - 1 : found;
};

/** Whole repayment units (days, weeks, months) between two dates, at least one. */
export const wholeUnits = (terms: LoanTerms, from: LocalDate, to: LocalDate): number => {
  const days = daysBetween(from, to);
  switch (terms.repaymentEvery.unit) {
    case 'days':
      return Math.max(1, days);
    case 'weeks':
      return Math.max(1, Math.floor(days / 7));
    case 'months': {
      let months = Math.floor(days / 28);
      while (months > 1 && addMonths(from, months) > to) months -= 1;
      return Math.max(1, months);
    }
  }
};
