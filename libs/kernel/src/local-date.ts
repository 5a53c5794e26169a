import { ContractViolation } from './errors.js';

/** A calendar date `YYYY-MM-DD` without time or zone: what business rules speak of. */
export type LocalDate = string & { readonly __localDate: unique symbol };

const DAY_MS = 86_400_000;
const utc = (date: LocalDate): Date => new Date(`${date}T00:00:00Z`);
const of = (date: Date): LocalDate => date.toISOString().slice(0, 10) as LocalDate;

/** Parses `YYYY-MM-DD`; a date that does not exist is a ContractViolation. */
export const localDate = (text: string, field = 'date'): LocalDate => {
  const parsed = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined;
  if (!parsed || Number.isNaN(parsed.getTime()) || of(parsed) !== text) {
    throw new ContractViolation(`${field} must be a date`, [
      { field, code: 'date/invalid', message: 'YYYY-MM-DD' },
    ]);
  }
  return text as LocalDate;
};

/** The date on which an instant falls in an IANA time zone. */
export const localDateIn = (instant: Date, timeZone: string): LocalDate =>
  new Intl.DateTimeFormat('en-CA', { timeZone }).format(instant) as LocalDate;

/** The date `days` later (earlier when negative). */
export const addDays = (date: LocalDate, days: number): LocalDate =>
  of(new Date(utc(date).getTime() + days * DAY_MS));

/** The same day `months` later, or the last day of that month when it lacks the day: 31 Jan + 1 = 28 Feb. */
export const addMonths = (date: LocalDate, months: number): LocalDate => {
  const start = utc(date);
  const month = start.getUTCMonth() + months;
  const last = new Date(Date.UTC(start.getUTCFullYear(), month + 1, 0)).getUTCDate();
  const day = Math.min(start.getUTCDate(), last);
  return of(new Date(Date.UTC(start.getUTCFullYear(), month, day)));
};

/** Days from `from` to `to`; negative when `to` is earlier. */
export const daysBetween = (from: LocalDate, to: LocalDate): number =>
  Math.round((utc(to).getTime() - utc(from).getTime()) / DAY_MS);
