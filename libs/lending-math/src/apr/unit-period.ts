import { addDays, addMonths, daysBetween, localDate, type LocalDate } from '@daftari/kernel';
import type { CreditFlows } from './solve.js';

/** The unit-period of a transaction: a number of days, weeks, half months or months, at most a year. */
export interface UnitPeriod {
  readonly n: number;
  readonly unit: 'days' | 'weeks' | 'half_months' | 'months';
}

/** Full unit-periods between two dates and the fraction of one that is left, as days over days. */
export interface UnitPeriods {
  readonly full: number;
  readonly oddDays: number;
  readonly daysInUnit: number;
}

const DAYS_IN = { days: 1, weeks: 7, half_months: 15, months: 30 } as const;
const A_YEAR: UnitPeriod = { n: 12, unit: 'months' };

/** Unit-periods in a year (appendix J (b)(5)): 365 days, 52 weeks, 24 half months, 12 months over `n`. */
export const perYear = ({ n, unit }: UnitPeriod): { readonly of: number; readonly by: number } => ({
  of: { days: 365, weeks: 52, half_months: 24, months: 12 }[unit],
  by: n,
});

const halfMonthBack = (date: LocalDate): LocalDate => {
  const day = Number(date.slice(8));
  if (day > 15) return localDate(`${date.slice(0, 8)}${String(day - 15).padStart(2, '0')}`);
  const shifted = addDays(addMonths(date, -1), 15);
  const overran = shifted.slice(0, 7) === date.slice(0, 7);
  return overran ? addDays(shifted, -Number(shifted.slice(8))) : shifted;
};

const back = (date: LocalDate, { n, unit }: UnitPeriod, count: number): LocalDate => {
  switch (unit) {
    case 'days':
      return addDays(date, -n * count);
    case 'weeks':
      return addDays(date, -7 * n * count);
    case 'months':
      return addMonths(date, -n * count);
    case 'half_months': {
      const whole = addMonths(date, -Math.floor((n * count) / 2));
      return (n * count) % 2 === 0 ? whole : halfMonthBack(whole);
    }
  }
};

/** Whole units back from `to` that do not pass `from`, and where they lead; months that end short count as whole. */
const countBack = (
  from: LocalDate,
  to: LocalDate,
  unit: UnitPeriod,
): { count: number; rest: LocalDate } => {
  const fits = (count: number): boolean =>
    back(to, unit, count) >= from ||
    (unit.unit === 'months' && addMonths(from, unit.n * count) === to);
  let count = Math.floor(daysBetween(from, to) / ((DAYS_IN[unit.unit] + 1) * unit.n));
  while (fits(count + 1)) count += 1;
  const rest = back(to, unit, count);
  return { count, rest: rest < from ? from : rest };
};

/**
 * Unit-periods from the first advance to a later date, counted back from the later date; what is left counts in
 * months of 30 days and days. Source: 12 CFR 1026 appendix J (b)(5)(ii) to (v).
 */
export const unitPeriodsBetween = (
  from: LocalDate,
  to: LocalDate,
  unit: UnitPeriod,
): UnitPeriods => {
  const { count: full, rest } = countBack(from, to, unit);
  const daysInUnit = DAYS_IN[unit.unit] * unit.n;
  if (unit.unit !== 'months') return { full, oddDays: daysBetween(from, rest), daysInUnit };
  const { count: months, rest: days } = countBack(from, rest, { n: 1, unit: 'months' });
  const left = daysBetween(from, days);
  // (b)(5)(v): of a year, whole months count as twelfths, anything else as days of 365.
  return unit.n === 12 && left > 0
    ? { full, oddDays: daysBetween(from, rest), daysInUnit: 365 }
    : { full, oddDays: 30 * months + left, daysInUnit };
};

const sameDay = (from: LocalDate, to: LocalDate): number | null => {
  for (let n = 1; n <= 12; n += 1) {
    if (addMonths(from, n) === to || addMonths(to, -n) === from) return n;
  }
  return null;
};

const commonPeriod = (from: LocalDate, to: LocalDate): UnitPeriod => {
  const months = sameDay(from, to);
  if (months !== null) return { n: months, unit: 'months' };
  const days = daysBetween(from, to);
  if (
    days >= 13 &&
    days <= 16 &&
    days !== 14 &&
    back(to, { n: 1, unit: 'half_months' }, 1) === from
  ) {
    return { n: 1, unit: 'half_months' };
  }
  if (days % 7 === 0) return { n: days / 7, unit: 'weeks' };
  return days < 365 ? { n: days, unit: 'days' } : A_YEAR;
};

const lengthOf = ({ n, unit }: UnitPeriod): number => DAYS_IN[unit] * n;

/**
 * The unit-period of a transaction (appendix J (b)(4)): the period between advances or payments that is most common,
 * the smallest of equally common ones; of a single advance with a single payment the term, at most a year. The time
 * from the first advance to the first payment counts only when there is nothing else.
 */
export const unitPeriodOf = ({ advances, payments }: CreditFlows): UnitPeriod => {
  const inOrder = (flows: CreditFlows['advances']): LocalDate[] =>
    [...new Set(flows.map((flow) => flow.date))].sort();
  const [out, paid] = [inOrder(advances), inOrder(payments)];
  const [first, last] = [out[0], paid.at(-1)];
  const gaps = [out, paid].flatMap((dates) =>
    dates.slice(1).map((date, i) => commonPeriod(dates[i] ?? date, date)),
  );
  if (first === undefined || last === undefined) return A_YEAR;
  if (gaps.length === 0) {
    const days = daysBetween(first, last);
    return days < 365 ? { n: Math.max(1, days), unit: 'days' } : A_YEAR;
  }
  const counts = new Map<string, { period: UnitPeriod; count: number }>();
  for (const period of gaps) {
    const key = `${String(period.n)} ${period.unit}`;
    counts.set(key, { period, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  const [best] = [...counts.values()].sort(
    (a, b) => b.count - a.count || lengthOf(a.period) - lengthOf(b.period),
  );
  return best && lengthOf(best.period) <= 365 ? best.period : A_YEAR;
};
