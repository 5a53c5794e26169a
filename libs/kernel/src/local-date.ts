import { ContractViolation } from './errors.js';

/** A calendar date `YYYY-MM-DD` without time or zone: what business rules speak of. */
export type LocalDate = string & { readonly __localDate: unique symbol };

const TWO_DIGITS = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'));
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const DAYS_BEFORE_1970 = 719_468;
const DAYS_IN_400_YEARS = 146_097;

const yearOf = (date: LocalDate): number => Number(date.slice(0, 4));
const monthOf = (date: LocalDate): number => Number(date.slice(5, 7));
const dayOf = (date: LocalDate): number => Number(date.slice(8));

const textOf = (year: number, month: number, day: number): LocalDate =>
  `${String(year).padStart(4, '0')}-${String(TWO_DIGITS[month])}-${String(TWO_DIGITS[day])}` as LocalDate;

const lastDayOf = (year: number, month: number): number => {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && leap ? 29 : (MONTH_DAYS[month - 1] ?? 31);
};

/**
 * Days since 1970-01-01 in the proleptic Gregorian calendar, and back. Whole numbers only: schedules and ledgers ask for
 * millions of dates, and a Date for each costs ten times as much. The year begins in March here, so that the leap day
 * is its last one.
 */
const daysSince1970 = (date: LocalDate): number => {
  const month = monthOf(date);
  const year = yearOf(date) - (month <= 2 ? 1 : 0);
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + dayOf(date) - 1;
  const leapDays = Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400);
  return year * 365 + leapDays + dayOfYear - DAYS_BEFORE_1970;
};

const dateAt = (days: number): LocalDate => {
  const shifted = days + DAYS_BEFORE_1970;
  const era = Math.floor(shifted / DAYS_IN_400_YEARS);
  const dayOfEra = shifted - era * DAYS_IN_400_YEARS;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const yearStart = 365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  const dayOfYear = dayOfEra - yearStart;
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  return textOf(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day);
};

/** Parses `YYYY-MM-DD`; a date that does not exist is a ContractViolation. */
export const localDate = (text: string, field = 'date'): LocalDate => {
  const date = text as LocalDate;
  const month = /^\d{4}-\d{2}-\d{2}$/.test(text) ? monthOf(date) : 0;
  const exists = month >= 1 && month <= 12 && dayOf(date) >= 1;
  if (!exists || dayOf(date) > lastDayOf(yearOf(date), month)) {
    throw new ContractViolation(`${field} must be a date`, [
      { field, code: 'date/invalid', message: 'YYYY-MM-DD' },
    ]);
  }
  return date;
};

/** The date on which an instant falls in an IANA time zone. */
export const localDateIn = (instant: Date, timeZone: string): LocalDate =>
  new Intl.DateTimeFormat('en-CA', { timeZone }).format(instant) as LocalDate;

/** The date `days` later (earlier when negative). */
export const addDays = (date: LocalDate, days: number): LocalDate =>
  dateAt(daysSince1970(date) + days);

/** The same day `months` later, or the last day of that month when it lacks the day: 31 Jan + 1 = 28 Feb. */
export const addMonths = (date: LocalDate, months: number): LocalDate => {
  const count = yearOf(date) * 12 + monthOf(date) - 1 + months;
  const [year, month] = [Math.floor(count / 12), (((count % 12) + 12) % 12) + 1];
  return textOf(year, month, Math.min(dayOf(date), lastDayOf(year, month)));
};

/** Days from `from` to `to`; negative when `to` is earlier. */
export const daysBetween = (from: LocalDate, to: LocalDate): number =>
  daysSince1970(to) - daysSince1970(from);
