import { daysBetween, type LocalDate } from '@daftari/kernel';
import { at, periodsOf, wholeUnits, type PeriodDates } from '../calendar.js';
import { Decimal, dec, max, min, roundMinor, sumOf } from '../numbers.js';
import type { LoanTerms } from '../terms.js';
import { yearShare } from './rate-share.js';

/** A repayment period: its installment (`emi`) and what was paid of it. */
export interface Period extends PeriodDates {
  readonly interestOnly: boolean;
  emi: bigint;
  originalEmi: bigint;
  paidPrincipal: bigint;
  paidInterest: bigint;
}

/** A change of the balance that bears interest, inside one period. */
export interface BalanceChange {
  readonly kind: 'disbursement' | 'payment' | 'overdue';
  readonly period: number;
  readonly date: LocalDate;
  readonly amount: bigint;
}

/** The progressive loan as plain data, from which every figure follows. */
export interface ProgressiveModel {
  readonly terms: LoanTerms;
  readonly periods: Period[];
  readonly changes: BalanceChange[];
  /** Nominal rates in percent, each from its date on, in date order. */
  readonly rates: { from: LocalDate; percent: string }[];
  /** Slices of time that bear no interest. */
  readonly pauses: { from: LocalDate; to: LocalDate }[];
  /** Date of the last adjustment for overdue principal. */
  overdueAdjustedTo: LocalDate | null;
}

/** What the model gives for one period. */
export interface PeriodFigures {
  readonly opening: bigint;
  readonly dueInterest: bigint;
  readonly duePrincipal: bigint;
  readonly closing: bigint;
  /** Interest over the installment, left to the next period. */
  readonly carry: bigint;
}

/** A loan with its periods laid out and no money out yet. */
export const emptyModel = (terms: LoanTerms): ProgressiveModel => {
  const dates = periodsOf(terms);
  const bullet = (terms.gracePrincipal ?? 0) > 0;
  const first = at(dates, 0).from;
  return {
    terms,
    periods: dates.map((p, i) => ({
      ...p,
      interestOnly: bullet && i < dates.length - 1,
      emi: 0n,
      originalEmi: 0n,
      paidPrincipal: 0n,
      paidInterest: 0n,
    })),
    changes: [],
    rates: [
      {
        from: terms.disbursementDate < first ? terms.disbursementDate : first,
        percent: terms.annualRatePercent,
      },
    ],
    pauses: [],
    overdueAdjustedTo: null,
  };
};

/** Yearly rate on a date as a fraction; zero in a pause. */
export const rateAt = (m: ProgressiveModel, date: LocalDate): Decimal => {
  if (m.pauses.some((p) => p.from <= date && date < p.to)) return new Decimal(0);
  const rate = m.rates.findLast((r) => r.from <= date) ?? at(m.rates, 0);
  return new Decimal(rate.percent).div(100);
};

/** Dates that slice a period: its ends, rate changes and pauses inside it, and the given ones. */
export const cuts = (m: ProgressiveModel, period: PeriodDates, extra: readonly LocalDate[]) => {
  const dates = [
    ...extra,
    ...m.rates.map((r) => r.from),
    ...m.pauses.flatMap((p) => [p.from, p.to]),
  ].filter((d) => period.from < d && d < period.due);
  return [...new Set([period.from, ...dates, period.due])].sort();
};

const periodInterest = (
  m: ProgressiveModel,
  index: number,
  opening: bigint,
  until: LocalDate | undefined,
): bigint => {
  const period = at(m.periods, index);
  const changes = m.changes.filter((c) => c.period === index);
  const dates = changes.map((c) => c.date);
  if (opening === 0n && changes.length === 0) return 0n;
  const points = cuts(m, period, until === undefined ? dates : [...dates, until]);
  const units = wholeUnits(m.terms, period.from, period.due);
  let interest = new Decimal(0);
  for (let i = 0; i + 1 < points.length; i += 1) {
    const [a, b] = [at(points, i), at(points, i + 1)];
    if (until !== undefined && a >= until) break;
    const balance =
      opening +
      sumOf(
        changes.filter((c) => c.date <= a),
        (c) => c.amount,
      );
    // The average daily rate from the slice to the period's end; differs from the slice's own only over a year end.
    const share = yearShare(m.terms, period, a, period.due, units)
      .times(daysBetween(a, b))
      .div(daysBetween(a, period.due));
    interest = interest.plus(dec(balance).times(rateAt(m, a)).times(share));
  }
  return roundMinor(interest, m.terms.roundingMode);
};

/**
 * Interest and principal due in each period; with `until`, interest runs to that date only.
 * `known` are figures of the first periods that are still right. Interest over the installment is carried to the
 * next period (Apache Fineract, progressive interest model).
 */
export const figures = (
  m: ProgressiveModel,
  until?: LocalDate,
  known: readonly PeriodFigures[] = [],
): PeriodFigures[] => {
  let opening = known.at(-1)?.closing ?? 0n;
  let carry = known.at(-1)?.carry ?? 0n;
  const rest = m.periods.slice(known.length).map((p, offset) => {
    const i = known.length + offset;
    const calculated = periodInterest(m, i, opening, until) + carry;
    const emi = p.interestOnly ? calculated : p.emi;
    const payable =
      p.paidPrincipal > max(0n, emi - calculated) ? p.paidInterest : max(0n, min(calculated, emi));
    const dueInterest = max(p.paidInterest, payable);
    const duePrincipal = max(emi - dueInterest, p.paidPrincipal);
    carry = calculated - dueInterest;
    const changed = sumOf(
      m.changes.filter((c) => c.period === i),
      (c) => c.amount,
    );
    const result = { opening, dueInterest, duePrincipal };
    opening = opening + changed - duePrincipal + p.paidPrincipal;
    return { ...result, closing: opening, carry };
  });
  return [...known, ...rest];
};

/** Money lent into the installments (down payments are not in it). */
export const lent = (m: ProgressiveModel): bigint =>
  sumOf(
    m.changes.filter((c) => c.kind === 'disbursement'),
    (c) => c.amount,
  );

/** What was paid of a period. */
export const paidOf = (p: Period): bigint => p.paidPrincipal + p.paidInterest;

/**
 * The last period that is not fully paid takes the residual, so that installments sum to what is owed; what would
 * bring it below what was paid of it goes on to the period before.
 */
export const settleResidual = (m: ProgressiveModel, until?: LocalDate): void => {
  let current = figures(m, until);
  for (let round = 0; round < m.periods.length + 4; round += 1) {
    const due = m.periods.map((p, i) =>
      p.interestOnly ? at(current, i).dueInterest + at(current, i).duePrincipal : p.emi,
    );
    const gap = lent(m) + sumOf(current, (f) => f.dueInterest) - sumOf(due, (emi) => emi);
    if (gap === 0n) return;
    const open = m.periods.findLast((p) => paidOf(p) < p.emi);
    const last = open ?? at(m.periods, m.periods.length - 1);
    last.emi = max(last.emi + gap, paidOf(last));
    current = figures(m, until, current.slice(0, m.periods.indexOf(last)));
  }
};
