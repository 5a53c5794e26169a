import {
  addDays,
  ContractViolation,
  daysBetween,
  localDate,
  type LocalDate,
} from '@daftari/kernel';

/** A day of the week. */
export type Weekday =
  'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday';

/** Days of the week and single dates on which nothing falls due. */
export interface WeekendShift {
  readonly weekend: readonly Weekday[];
  readonly holidays: readonly LocalDate[];
}

/** The days of the week, Monday first (ISO 8601). */
export const WEEKDAYS: readonly Weekday[] = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
];

/** Days on which no payment is due: days of the week, single dates, and dates of every year (`MM-DD`). */
export interface BusinessCalendar extends WeekendShift {
  readonly yearly?: readonly string[];
}

/**
 * Where a date goes that is no business day. Source: 2006 ISDA Definitions 4.12 (following, modified following,
 * preceding); FpML, business day convention scheme (modified preceding, none).
 * - `following`: the next business day; `preceding`: the one before.
 * - `modified_following`: the next one, unless it is in another month: then the one before.
 * - `modified_preceding`: the one before, unless it is in another month: then the next one.
 */
export type RollConvention =
  'none' | 'following' | 'modified_following' | 'preceding' | 'modified_preceding';

/** Every roll convention there is. */
export const ROLL_CONVENTIONS: readonly RollConvention[] = [
  'none',
  'following',
  'modified_following',
  'preceding',
  'modified_preceding',
];

const MONDAY = localDate('1970-01-05');
const LONGEST_CLOSURE_DAYS = 366;

/** The day of the week of a date. */
export const weekdayOf = (date: LocalDate): Weekday =>
  WEEKDAYS[((daysBetween(MONDAY, date) % 7) + 7) % 7] ?? 'monday';

/** True when payments can be due on a date. */
export const isBusinessDay = (calendar: BusinessCalendar, date: LocalDate): boolean =>
  !calendar.weekend.includes(weekdayOf(date)) &&
  !calendar.holidays.includes(date) &&
  calendar.yearly?.includes(date.slice(5)) !== true;

const seek = (calendar: BusinessCalendar, date: LocalDate, step: 1 | -1): LocalDate => {
  for (let away = 0; away <= LONGEST_CLOSURE_DAYS; away += 1) {
    const candidate = addDays(date, step * away);
    if (isBusinessDay(calendar, candidate)) return candidate;
  }
  throw new ContractViolation(`no business day within a year of ${date}`, [
    { field: 'calendar', code: 'calendar/no-business-day', message: 'at least one a year' },
  ]);
};

const inMonthOf = (date: LocalDate, first: LocalDate, second: () => LocalDate): LocalDate =>
  first.slice(0, 7) === date.slice(0, 7) ? first : second();

/** The business day that a date stands for. A calendar without business days is a ContractViolation. */
export const rollDate = (
  calendar: BusinessCalendar,
  date: LocalDate,
  convention: RollConvention,
): LocalDate => {
  const next = (): LocalDate => seek(calendar, date, 1);
  const previous = (): LocalDate => seek(calendar, date, -1);
  switch (convention) {
    case 'none':
      return date;
    case 'following':
      return next();
    case 'preceding':
      return previous();
    case 'modified_following':
      return inMonthOf(date, next(), previous);
    case 'modified_preceding':
      return inMonthOf(date, previous(), next);
  }
};
