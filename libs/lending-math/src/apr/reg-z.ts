import { daysBetween, type LocalDate } from '@daftari/kernel';
import { Decimal, dec } from '../numbers.js';
import { checkFlows, percentText, solve, type CreditFlows } from './solve.js';
import { perYear, unitPeriodOf, unitPeriodsBetween, type UnitPeriod } from './unit-period.js';

interface Term {
  readonly amount: Decimal;
  readonly full: number;
  readonly fraction: Decimal;
}

/** Discounted amount and its derivative: amount / ((1 + fraction * i) * (1 + i)^full). */
const present = ({ amount, full, fraction }: Term, i: Decimal): [Decimal, Decimal] => {
  const odd = fraction.times(i).plus(1);
  const growth = i.plus(1);
  const value = amount.div(odd.times(growth.pow(full)));
  const slope = value.neg().times(fraction.div(odd).plus(new Decimal(full).div(growth)));
  return [value, slope];
};

/**
 * Annual percentage rate of closed-end credit by the actuarial method, as a nominal yearly fraction: the rate of a
 * unit-period times unit-periods in a year, right to 15 decimals. Source: 12 CFR 1026 (Regulation Z) appendix J, the
 * general equation (b)(8). `unit` absent: the common period, (b)(4). Flows that no rate fits are a ContractViolation.
 */
export const regZAprRate = (flows: CreditFlows, unit?: UnitPeriod): Decimal => {
  const first: LocalDate = checkFlows(flows);
  const period = unit ?? unitPeriodOf(flows);
  const term = (date: LocalDate, amount: bigint): Term => {
    const { full, oddDays, daysInUnit } =
      daysBetween(first, date) === 0
        ? { full: 0, oddDays: 0, daysInUnit: 1 }
        : unitPeriodsBetween(first, date, period);
    return { amount: dec(amount), full, fraction: new Decimal(oddDays).div(daysInUnit) };
  };
  const terms = [
    ...flows.advances.map((a) => term(a.date, -a.amountMinor)),
    ...flows.payments.map((p) => term(p.date, p.amountMinor)),
  ];
  const rate = solve((i) => {
    let value = new Decimal(0);
    let slope = new Decimal(0);
    for (const each of terms) {
      const [v, s] = present(each, i);
      value = value.plus(v);
      slope = slope.plus(s);
    }
    return { value, slope };
  }, new Decimal('-0.99'));
  const { of, by } = perYear(period);
  return rate.times(of).div(by);
};

/** `regZAprRate` in percent; two decimals are what appendix J's examples disclose. */
export const regZApr = (flows: CreditFlows, decimals = 2, unit?: UnitPeriod): string =>
  percentText(regZAprRate(flows, unit), decimals);
