import { addDays, addMonths, daysBetween, type LocalDate } from '@daftari/kernel';
import { Decimal, dec } from '../numbers.js';
import { plus, ratio, type Ratio } from '../ratio.js';
import { checkFlows, percentText, solve, type CreditFlows } from './solve.js';

/** What intervals are counted in: whole ones back from the later date, and the days that are left. */
export type EuIntervalUnit = 'year' | 'month' | 'week';

const UNITS_A_YEAR = { year: 1, month: 12, week: 52 } as const;

const back = (date: LocalDate, unit: EuIntervalUnit, count: number): LocalDate =>
  unit === 'week'
    ? addDays(date, -7 * count)
    : addMonths(date, unit === 'year' ? -12 * count : -count);

/**
 * Interval between two dates in years: whole units counted back from the later date, the days that are left over the
 * days of the year before them (365 or 366). Source: Directive 2008/48/EC annex I part I remark (c); European
 * Commission, Guidelines on the application of Directive 2008/48/EC, SWD(2012) 128, annex 1.
 */
export const euInterval = (from: LocalDate, to: LocalDate, unit: EuIntervalUnit): Ratio => {
  const days = { year: 366, month: 31, week: 7 }[unit];
  // The 31st to the last day of a shorter month is a whole month.
  const fits = (whole: number): boolean =>
    back(to, unit, whole) >= from || (unit !== 'week' && back(from, unit, -whole) === to);
  let count = Math.floor(daysBetween(from, to) / days);
  while (fits(count + 1)) count += 1;
  const counted = back(to, unit, count);
  const rest = counted < from ? from : counted;
  const whole = ratio(BigInt(count), BigInt(UNITS_A_YEAR[unit]));
  const left = daysBetween(from, rest);
  if (left === 0) return whole;
  return plus(whole, ratio(BigInt(left), BigInt(daysBetween(addMonths(rest, -12), rest))));
};

const isWhole = (from: LocalDate, to: LocalDate, unit: EuIntervalUnit): boolean => {
  const { n, d } = euInterval(from, to, unit);
  return (n * BigInt(UNITS_A_YEAR[unit])) % d === 0n;
};

/** The unit in which all intervals are whole: years, months, weeks in this order; none: years and days. */
export const euIntervalUnit = (first: LocalDate, dates: readonly LocalDate[]): EuIntervalUnit =>
  (['year', 'month', 'week'] as const).find((unit) =>
    dates.every((date) => isWhole(first, date, unit)),
  ) ?? 'year';

/**
 * Annual percentage rate of charge of the European Union: the rate at which advances and payments have the same
 * present value, as a fraction (0.1 is 10 %), right to 15 decimals. Source: Directive 2008/48/EC annex I.
 * `unit` absent: the largest one in which all intervals are whole. Flows that no rate fits are a ContractViolation.
 */
export const euAprRate = (flows: CreditFlows, unit?: EuIntervalUnit): Decimal => {
  const first = checkFlows(flows);
  const dates = [...flows.advances, ...flows.payments].map((flow) => flow.date);
  const counted = unit ?? euIntervalUnit(first, dates);
  const amounts = new Map<string, { years: Decimal; amount: bigint }>();
  const add = (date: LocalDate, amount: bigint): void => {
    const { n, d } = euInterval(first, date, counted);
    const known = amounts.get(date);
    amounts.set(date, {
      years: known?.years ?? dec(n).div(dec(d)),
      amount: (known?.amount ?? 0n) + amount,
    });
  };
  flows.advances.forEach((a) => add(a.date, -a.amountMinor));
  flows.payments.forEach((p) => add(p.date, p.amountMinor));
  // In the force of interest ln(1 + X) the present values are exponentials.
  const force = solve((x) => {
    let value = new Decimal(0);
    let slope = new Decimal(0);
    for (const { years, amount } of amounts.values()) {
      const present = years.times(x).neg().exp().times(dec(amount));
      value = value.plus(present);
      slope = slope.minus(present.times(years));
    }
    return { value, slope };
  }, new Decimal(-20));
  return force.exp().minus(1);
};

/** `euAprRate` in percent, rounded half up as remark (d) of the annex has it; one decimal is the least. */
export const euApr = (flows: CreditFlows, decimals = 1, unit?: EuIntervalUnit): string =>
  percentText(euAprRate(flows, unit), Math.max(1, decimals));
