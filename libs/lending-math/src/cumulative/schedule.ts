import { daysBetween } from '@daftari/kernel';
import { later, periodIndex, periodsOf, type PeriodDates } from '../calendar.js';
import {
  Decimal,
  dec,
  downPaymentOf,
  max,
  min,
  roundMinor,
  roundToMultiple,
  sumOf,
} from '../numbers.js';
import { annuity, type PlannedPeriod } from '../planned-period.js';
import type { Disbursement, LoanTerms } from '../terms.js';

const PERIODS_PER_YEAR = { months: 12, weeks: 52 } as const;
const NOMINAL_DAYS = { months: 30, weeks: 7, days: 1 } as const;

/** The day count of a year: 365 in leap years too, unless the terms fix another. */
const daysOfYear = (terms: LoanTerms): number =>
  terms.daysInYear === 'actual' ? 365 : Number(terms.daysInYear);

const yearlyRate = (terms: LoanTerms): Decimal => new Decimal(terms.annualRatePercent).div(100);

const isDaily = (terms: LoanTerms): boolean =>
  terms.interestCalculationPeriod !== 'same_as_repayment';

/** The part of a year that one repayment interval stands for. */
const intervalShare = (terms: LoanTerms): Decimal => {
  const { n, unit } = terms.repaymentEvery;
  const perYear = unit === 'days' ? daysOfYear(terms) : PERIODS_PER_YEAR[unit];
  return new Decimal(n).div(perYear);
};

/** The nominal rate of one period, as the level installment sees it. */
export const nominalPeriodRate = (terms: LoanTerms): Decimal => {
  const { n, unit } = terms.repaymentEvery;
  const share = isDaily(terms)
    ? new Decimal(NOMINAL_DAYS[unit] * n).div(daysOfYear(terms))
    : intervalShare(terms);
  return yearlyRate(terms).times(share);
};

/** Exact interest of an amount over a whole period, or over its part from `from` on. */
const periodInterest = (
  terms: LoanTerms,
  amount: bigint,
  period: PeriodDates,
  from = period.from,
): Decimal => {
  const days = Math.max(0, daysBetween(from, period.due));
  const whole = daysBetween(period.from, period.due);
  const exact = dec(amount).times(yearlyRate(terms));
  if (!isDaily(terms)) return exact.times(intervalShare(terms)).times(days).div(whole);
  if (terms.daysInMonth === '30' && terms.repaymentEvery.unit === 'months') {
    const nominal = new Decimal(30 * terms.repaymentEvery.n).times(days).div(whole);
    return exact.times(nominal).div(daysOfYear(terms));
  }
  return exact.times(days).div(daysOfYear(terms));
};

/** The level installment over the periods that are left, rounded as the terms say. */
export const levelInstallment = (terms: LoanTerms, balance: bigint, periods: number): bigint =>
  roundToMultiple(annuity(balance, nominalPeriodRate(terms), periods), terms);

const flatInterest = (terms: LoanTerms, lent: bigint, periods: readonly PeriodDates[]): bigint => {
  const free = terms.interestFreePeriods ?? 0;
  const bearing = periods.slice(free);
  const exact = isDaily(terms)
    ? bearing.reduce((sum, period) => sum.plus(periodInterest(terms, lent, period)), new Decimal(0))
    : dec(lent).times(yearlyRate(terms)).times(intervalShare(terms)).times(bearing.length);
  return roundMinor(exact, terms.roundingMode);
};

/** Interest on the whole amount lent, down payment included, in equal shares; the last installment takes the rest. */
const flat = (terms: LoanTerms, tranches: readonly Disbursement[]): PlannedPeriod[] => {
  const periods = periodsOf(terms);
  const { gracePrincipal = 0, graceInterest = 0, interestFreePeriods = 0 } = terms;
  const lent = sumOf(tranches, (t) => t.amountMinor);
  let interestLeft = flatInterest(terms, lent, periods);
  let balance = lent - sumOf(tranches, (t) => downPaymentOf(t.amountMinor, terms));
  const interestFrom = Math.max(graceInterest, interestFreePeriods);
  const share = (amount: bigint, count: number): bigint =>
    roundMinor(dec(amount).div(count), terms.roundingMode);
  const interestShare = share(interestLeft, periods.length - interestFrom);
  const principalShare = share(balance, periods.length - gracePrincipal);
  const level =
    roundToMultiple(dec(principalShare), terms) + roundToMultiple(dec(interestShare), terms);
  return periods.map((period, i) => {
    const last = i === periods.length - 1;
    const regular = i < interestFrom ? 0n : min(interestShare, interestLeft);
    const interest = last ? interestLeft : regular;
    const hasMultiple = (terms.installmentAmountInMultiplesOf ?? null) !== null;
    const repaid = hasMultiple ? max(0n, level - interestShare) : principalShare;
    const principal = last ? balance : i < gracePrincipal ? 0n : min(repaid, balance);
    interestLeft -= interest;
    balance -= principal;
    return { ...period, principal, interest };
  });
};

/** Interest on what is still owed; installments or their principal are level, and set anew when more is paid out. */
const declining = (terms: LoanTerms, tranches: readonly Disbursement[]): PlannedPeriod[] => {
  const periods = periodsOf(terms);
  const { gracePrincipal = 0, graceInterest = 0, interestFreePeriods = 0 } = terms;
  const equalPrincipal = terms.amortization === 'equal_principal';
  let balance = 0n;
  let level = 0n;
  let deferred = 0n;
  return periods.map((period, i) => {
    const added = tranches
      .filter((t) => periodIndex(periods, t.date) === i)
      .map((t) => ({ ...t, net: t.amountMinor - downPaymentOf(t.amountMinor, terms) }));
    const exact = added.reduce(
      (sum, t) => sum.plus(periodInterest(terms, t.net, period, later(t.date, period.from))),
      periodInterest(terms, balance, period),
    );
    const accrued = i < interestFreePeriods ? 0n : roundMinor(exact, terms.roundingMode);
    balance += sumOf(added, (t) => t.net);
    if (added.length > 0) {
      const left = periods.length - Math.max(i, gracePrincipal);
      level = equalPrincipal
        ? roundMinor(dec(balance).div(left), terms.roundingMode)
        : levelInstallment(terms, balance, left);
    }
    const interest = i < graceInterest && i < periods.length - 1 ? 0n : deferred + accrued;
    deferred += accrued - interest;
    const repaid = max(0n, equalPrincipal ? level : level - interest);
    const last = i === periods.length - 1;
    const principal = last ? balance : i < gracePrincipal ? 0n : min(repaid, balance);
    balance -= principal;
    return { ...period, principal, interest };
  });
};

/**
 * A classic loan: the nominal rate of a period is a share of the year, and interest is flat or on the declining
 * balance. Source: Apache Fineract, cumulative loan schedule generator.
 */
export const cumulative = (terms: LoanTerms, tranches: readonly Disbursement[]): PlannedPeriod[] =>
  (terms.interestMethod === 'flat' ? flat : declining)(terms, tranches);
