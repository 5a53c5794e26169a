import { daysBetween, type LocalDate } from '@daftari/kernel';
import { at, periodsOf, wholeUnits, type PeriodDates } from '../calendar.js';
import { max, min, sumOf } from '../numbers.js';
import { over, percent, plus, ratio, round, times, type Ratio } from '../ratio.js';
import type { LoanTerms } from '../terms.js';
import { yearShare } from './rate-share.js';

/** A change of the balance that bears interest, inside one period. */
export interface BalanceChange {
  readonly kind: 'disbursement' | 'payment' | 'overdue' | 'chargeback';
  readonly date: LocalDate;
  readonly amount: bigint;
}

/** A repayment period: its installment (`emi`), what was paid of it, and how the balance changes inside it. */
export interface Period extends PeriodDates {
  readonly interestOnly: boolean;
  emi: bigint;
  originalEmi: bigint;
  paidPrincipal: bigint;
  paidInterest: bigint;
  /** Never changed in place: `addChange` puts a new list here. */
  changes: readonly BalanceChange[];
}

/** The progressive loan as plain data, from which every figure follows. */
export interface ProgressiveModel {
  readonly terms: LoanTerms;
  readonly periods: Period[];
  /** Money lent into the installments: down payments are not in it, what was charged back is. */
  lent: bigint;
  /** Nominal rates in percent, each from its date on, in date order. Never changed in place. */
  rates: readonly { readonly from: LocalDate; readonly percent: string }[];
  /** Slices of time that bear no interest. Never changed in place. */
  pauses: readonly { readonly from: LocalDate; readonly to: LocalDate }[];
  /** Date of the last adjustment for overdue principal. */
  overdueAdjustedTo: LocalDate | null;
}

/** A copy that can be changed without the original; lists that are never changed in place are shared. */
export const copyModel = (m: ProgressiveModel): ProgressiveModel => ({
  ...m,
  periods: m.periods.map((period) => ({ ...period })),
});

/** Adds a change of the balance; changes of one kind on one date are one. */
export const addChange = (m: ProgressiveModel, index: number, change: BalanceChange): void => {
  const period = at(m.periods, index);
  const same = ({ kind, date }: BalanceChange): boolean =>
    kind === change.kind && date === change.date;
  const earlier = period.changes.find(same);
  period.changes = earlier
    ? period.changes.map((c) => (c === earlier ? { ...c, amount: c.amount + change.amount } : c))
    : [...period.changes, change];
};

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
  const grace = terms.gracePrincipal ?? 0;
  const first = at(dates, 0).from;
  return {
    terms,
    periods: dates.map(({ from, due }, i) => ({
      from,
      due,
      interestOnly: i < grace && i < dates.length - 1,
      emi: 0n,
      originalEmi: 0n,
      paidPrincipal: 0n,
      paidInterest: 0n,
      changes: [],
    })),
    lent: 0n,
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
export const rateAt = (m: ProgressiveModel, date: LocalDate): Ratio => {
  if (m.pauses.some((p) => p.from <= date && date < p.to)) return ratio(0n);
  const rate = m.rates.findLast((r) => r.from <= date) ?? at(m.rates, 0);
  return percent(rate.percent);
};

/** Dates that slice a period: its ends, rate changes and pauses inside it, and the given ones. */
export const cuts = (m: ProgressiveModel, period: PeriodDates, extra: readonly LocalDate[]) => {
  const dates = [
    ...extra,
    ...m.rates.map((r) => r.from),
    ...m.pauses.flatMap((p) => [p.from, p.to]),
  ].filter((d) => period.from < d && d < period.due);
  if (dates.length === 0) return [period.from, period.due];
  return [...new Set([period.from, ...dates, period.due])].sort();
};

/** A slice of a period: what was added to the opening balance by its start, and what a unit of balance costs in it. */
export interface Slice {
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly added: bigint;
  readonly rate: Ratio;
  readonly share: Ratio;
  /** rate x share. */
  readonly factor: Ratio;
}

/** The slices of a period up to a date: its interest is the sum of balance x factor over them. */
export const slicesOf = (
  m: ProgressiveModel,
  period: Period,
  until: LocalDate | undefined,
): Slice[] => {
  const { changes, from, due } = period;
  const dates = changes.map((c) => c.date);
  const points = cuts(m, period, until === undefined ? dates : [...dates, until]);
  const units = wholeUnits(m.terms, from, due);
  const slices: Slice[] = [];
  for (let i = 0; i + 1 < points.length; i += 1) {
    const [a, b] = [at(points, i), at(points, i + 1)];
    if (until !== undefined && a >= until) break;
    const added = changes.reduce((sum, c) => (c.date <= a ? sum + c.amount : sum), 0n);
    // The average daily rate from the slice to the period's end; differs from the slice's own only over a year end.
    const share = over(
      times(yearShare(m.terms, period, a, due, units), ratio(daysBetween(a, b))),
      daysBetween(a, due),
    );
    const rate = rateAt(m, a);
    slices.push({ from: a, to: b, added, rate, share, factor: times(rate, share) });
  }
  return slices;
};

interface Known {
  readonly until: LocalDate | undefined;
  readonly from: LocalDate;
  readonly due: LocalDate;
  readonly rates: ProgressiveModel['rates'];
  readonly pauses: ProgressiveModel['pauses'];
  readonly slices: readonly Slice[];
  /** The interest that they last came to, and the opening balance it was for. */
  last: { readonly opening: bigint; readonly interest: bigint } | null;
}

/**
 * Slices already made, by the list of changes they were made from: a payment changes one period's list, so the others
 * are not cut again and appending to a long history costs what appending to a short one does.
 */
const known = new WeakMap<readonly BalanceChange[], Known[]>();
const KNOWN_MAX = 2;

const knownSlices = (m: ProgressiveModel, period: Period, until: LocalDate | undefined): Known => {
  const { changes, from, due } = period;
  const { rates, pauses } = m;
  const entries = known.get(changes) ?? [];
  const hit = entries.find(
    (k) =>
      k.until === until &&
      k.rates === rates &&
      k.pauses === pauses &&
      k.from === from &&
      k.due === due,
  );
  if (hit) return hit;
  const slices = slicesOf(m, period, until);
  const entry: Known = { until, from, due, rates, pauses, slices, last: null };
  known.set(changes, [entry, ...entries].slice(0, KNOWN_MAX));
  return entry;
};

const periodInterest = (
  m: ProgressiveModel,
  period: Period,
  opening: bigint,
  until: LocalDate | undefined,
): bigint => {
  if (until !== undefined && until <= period.from) return 0n;
  if (opening === 0n && period.changes.length === 0) return 0n;
  const entry = knownSlices(
    m,
    period,
    until !== undefined && until < period.due ? until : undefined,
  );
  if (entry.last?.opening === opening) return entry.last.interest;
  const exact = entry.slices.reduce<Ratio>(
    (sum, { added, factor }) => plus(sum, { n: factor.n * (opening + added), d: factor.d }),
    ratio(0n),
  );
  const interest = round(exact, m.terms.roundingMode);
  entry.last = { opening, interest };
  return interest;
};

/**
 * Interest and principal due in each period; with `until`, interest runs to that date only.
 * `right` are figures of the first periods that are still right. Interest over the installment is carried to the
 * next period (Apache Fineract, progressive interest model).
 */
export const figures = (
  m: ProgressiveModel,
  until?: LocalDate,
  right: readonly PeriodFigures[] = [],
): PeriodFigures[] => {
  let opening = right.at(-1)?.closing ?? 0n;
  let carry = right.at(-1)?.carry ?? 0n;
  let left = m.lent - sumOf(right, (f) => f.duePrincipal);
  const rest = m.periods.slice(right.length).map((p) => {
    const calculated = periodInterest(m, p, opening, until) + carry;
    const emi = p.interestOnly ? calculated : p.emi;
    // Of a period paid ahead only principal is due; what its installment holds beyond all that is left is interest.
    const forInterest = p.paidPrincipal > max(0n, emi - calculated) ? emi - left : emi;
    const payable = max(0n, min(calculated, forInterest));
    const dueInterest = max(p.paidInterest, payable);
    const duePrincipal = max(emi - dueInterest, p.paidPrincipal);
    carry = calculated - dueInterest;
    const changed = sumOf(p.changes, (c) => c.amount);
    const closing = opening + changed - duePrincipal + p.paidPrincipal;
    const result = { opening, dueInterest, duePrincipal, closing, carry };
    opening = closing;
    left -= duePrincipal;
    return result;
  });
  return [...right, ...rest];
};

/** What was paid of a period. */
export const paidOf = (p: Period): bigint => p.paidPrincipal + p.paidInterest;

/**
 * The last period that is not fully paid takes the residual, so that installments sum to what is owed; what would
 * bring it below what was paid of it goes on to the period before. Interest carried out of the very last period is due
 * in it: no period comes after it.
 */
export const settleResidual = (m: ProgressiveModel, until?: LocalDate): void => {
  let current = figures(m, until);
  for (let round = 0; round < m.periods.length + 4; round += 1) {
    const due = m.periods.map((p, i) =>
      p.interestOnly ? at(current, i).dueInterest + at(current, i).duePrincipal : p.emi,
    );
    const gap = m.lent + sumOf(current, (f) => f.dueInterest) - sumOf(due, (emi) => emi);
    const end = at(m.periods, m.periods.length - 1);
    const carried = gap === 0n ? max(0n, at(current, current.length - 1).carry) : 0n;
    if (gap === 0n && carried === 0n) return;
    const open = carried === 0n ? m.periods.findLast((p) => paidOf(p) < p.emi) : end;
    const last = open ?? end;
    last.emi = max(last.emi + gap + carried, paidOf(last));
    current = figures(m, until, current.slice(0, m.periods.indexOf(last)));
  }
};
