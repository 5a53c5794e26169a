import { daysBetween } from '@daftari/kernel';
import { at, later, periodIndex, periodsOf, type PeriodDates } from '../calendar.js';
import { downPaymentOf, max, min, sumOf } from '../numbers.js';
import type { Adjustments, PlannedPeriod } from '../planned-period.js';
import {
  annuity,
  minus,
  over,
  percent,
  plus,
  ratio,
  round,
  roundInstallment,
  times,
  type Ratio,
} from '../ratio.js';
import type { Disbursement, LoanTerms } from '../terms.js';

const PERIODS_PER_YEAR = { months: 12, weeks: 52 } as const;
const NOMINAL_DAYS = { months: 30, weeks: 7, days: 1 } as const;

/** The day count of a year: 365 in leap years too, unless the terms fix another. */
const daysOfYear = (terms: LoanTerms): number =>
  terms.daysInYear === 'actual' ? 365 : Number(terms.daysInYear);

const yearlyRate = (terms: LoanTerms): Ratio => percent(terms.annualRatePercent);

const isDaily = (terms: LoanTerms): boolean =>
  terms.interestCalculationPeriod !== 'same_as_repayment';

/** The part of a year that one repayment interval stands for. */
const intervalShare = (terms: LoanTerms): Ratio => {
  const { n, unit } = terms.repaymentEvery;
  return ratio(n, unit === 'days' ? daysOfYear(terms) : PERIODS_PER_YEAR[unit]);
};

/** The nominal rate of one period, as the level installment sees it. */
const nominalPeriodRate = (terms: LoanTerms): Ratio => {
  const { n, unit } = terms.repaymentEvery;
  const share = isDaily(terms)
    ? ratio(NOMINAL_DAYS[unit] * n, daysOfYear(terms))
    : intervalShare(terms);
  return times(yearlyRate(terms), share);
};

/** Exact interest of an amount over a whole period, or over its part from `from` on. */
const periodInterest = (
  terms: LoanTerms,
  amount: bigint,
  period: PeriodDates,
  from = period.from,
): Ratio => {
  const days = BigInt(Math.max(0, daysBetween(from, period.due)));
  const whole = daysBetween(period.from, period.due);
  const yearly = times(yearlyRate(terms), ratio(amount * days));
  if (!isDaily(terms)) return over(times(yearly, intervalShare(terms)), whole);
  if (terms.daysInMonth === '30' && terms.repaymentEvery.unit === 'months') {
    const nominal = ratio(30 * terms.repaymentEvery.n, daysOfYear(terms));
    return over(times(yearly, nominal), whole);
  }
  return over(yearly, daysOfYear(terms));
};

/** The level installment over the periods that are left, rounded as the terms say. */
const levelInstallment = (terms: LoanTerms, balance: bigint, periods: number): bigint =>
  roundInstallment(annuity(balance, nominalPeriodRate(terms), periods), terms);

const flatInterest = (terms: LoanTerms, lent: bigint, periods: readonly PeriodDates[]): bigint => {
  const free = terms.interestFreePeriods ?? 0;
  const bearing = periods.slice(free);
  const exact = isDaily(terms)
    ? bearing.reduce((sum, period) => plus(sum, periodInterest(terms, lent, period)), ratio(0n))
    : times(times(yearlyRate(terms), intervalShare(terms)), ratio(lent * BigInt(bearing.length)));
  return round(exact, terms.roundingMode);
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
    round(ratio(amount, count), terms.roundingMode);
  const interestShare = share(interestLeft, periods.length - interestFrom);
  const principalShare = share(balance, periods.length - gracePrincipal);
  const level =
    roundInstallment(ratio(principalShare), terms) + roundInstallment(ratio(interestShare), terms);
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

const slicedInterest = (
  terms: LoanTerms,
  balance: bigint,
  period: PeriodDates,
  changes: Adjustments['changes'],
): bigint => {
  const inside = changes.map((c) => c.date).filter((d) => period.from < d && d < period.due);
  const points = [...new Set([period.from, ...inside, period.due])].sort();
  return points.slice(1).reduce((sum, b, i) => {
    const a = at(points, i);
    const owed = changes.reduce((all, c) => (c.date <= a ? all + c.amount : all), balance);
    const slice = minus(
      periodInterest(terms, max(0n, owed), period, a),
      periodInterest(terms, max(0n, owed), period, b),
    );
    return sum + round(slice, terms.roundingMode);
  }, 0n);
};

/** The level for `balance` over the periods from `index` on: an installment, or its principal. */
const levelFrom = (terms: LoanTerms, balance: bigint, index: number): bigint => {
  const left = terms.numberOfInstallments - Math.max(index, terms.gracePrincipal ?? 0);
  return terms.amortization === 'equal_principal'
    ? round(ratio(balance, left), terms.roundingMode)
    : levelInstallment(terms, balance, left);
};

const interestOf = (
  terms: LoanTerms,
  balance: bigint,
  period: PeriodDates,
  added: readonly Disbursement[],
  changes: Adjustments['changes'],
): bigint => {
  if (changes.length > 0) {
    const tranches = added.map((t) => ({ period: 0, date: t.date, amount: t.amountMinor }));
    return slicedInterest(terms, balance, period, [...changes, ...tranches]);
  }
  const exact = added.reduce(
    (sum, t) => plus(sum, periodInterest(terms, t.amountMinor, period, later(t.date, period.from))),
    periodInterest(terms, balance, period),
  );
  return round(exact, terms.roundingMode);
};

/**
 * Interest on what is still owed; installments or their principal are level, and set anew when more is paid out or,
 * if agreed, when more than the installment is paid. Interest of a period in which something was paid is rounded for
 * each slice of it.
 */
const declining = (
  terms: LoanTerms,
  tranches: readonly Disbursement[],
  { changes, prepaid, collected, repaid }: Adjustments,
): PlannedPeriod[] => {
  const periods = periodsOf(terms);
  const { gracePrincipal = 0, graceInterest = 0, interestFreePeriods = 0 } = terms;
  const reduces = terms.recalculation?.advancePaymentStrategy === 'reduce_emi_amount';
  const last = periods.length - 1;
  let balance = 0n;
  let level = 0n;
  let deferred = 0n;
  const net = (t: Disbursement): Disbursement => ({
    ...t,
    amountMinor: t.amountMinor - downPaymentOf(t.amountMinor, terms),
  });
  return periods.map((period, i) => {
    const added = tranches.filter((t) => periodIndex(periods, t.date) === i).map(net);
    const back = repaid.filter((r) => r.period === i);
    const lowered = back.map((r) => ({ ...r, amount: -r.amount }));
    const own = [...changes.filter((c) => c.period === i), ...lowered];
    const accrued = i < interestFreePeriods ? 0n : interestOf(terms, balance, period, added, own);
    balance += sumOf(added, (t) => t.amountMinor) - sumOf(back, (r) => r.amount);
    if (added.length > 0 || back.some((r) => r.level)) level = levelFrom(terms, balance, i);
    const calculated = i < graceInterest && i < last ? 0n : deferred + accrued;
    const interest = max(collected.findLast((c) => c.period === i)?.interest ?? 0n, calculated);
    deferred += accrued - interest;
    const ahead = prepaid.findLast((p) => p.period === i)?.principal;
    const part = terms.amortization === 'equal_principal' ? level : max(0n, level - interest);
    const regular = i === last ? balance : i < gracePrincipal ? 0n : part;
    const principal = min(max(ahead ?? 0n, regular), balance);
    balance -= principal;
    if (ahead !== undefined && reduces && i < last) level = levelFrom(terms, balance, i + 1);
    return { ...period, principal, interest };
  });
};

/**
 * A classic loan: the nominal rate of a period is a share of the year, and interest is flat or on the declining
 * balance. Source: Apache Fineract, cumulative loan schedule generator.
 */
export const cumulative = (
  terms: LoanTerms,
  tranches: readonly Disbursement[],
  adjustments: Adjustments,
): PlannedPeriod[] =>
  terms.interestMethod === 'flat' ? flat(terms, tranches) : declining(terms, tranches, adjustments);
