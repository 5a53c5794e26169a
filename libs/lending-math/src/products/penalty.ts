import { addDays, type LocalDate } from '@daftari/kernel';
import { daysBy, yearFraction, type DayCount } from '../day-count.js';
import type { Parts } from '../loan-state.js';
import { max, min } from '../numbers.js';
import { plus, ratio, decimal, round, times, type Ratio } from '../ratio.js';
import type { RoundingMode } from '../terms.js';

/** What a penalty is taken of: the overdue principal, principal and interest, or all that is overdue. */
export type PenaltyBasis = 'overdue_principal' | 'overdue_installment' | 'overdue_total';

/**
 * A penalty for paying late.
 * - `once`: a fixed amount, or a percentage of the basis, as soon as the tolerance has passed;
 * - `daily_amount`: a fixed amount for every day;
 * - `yearly_rate`: a percentage a year of the basis, by a day count.
 * Days count from the due date (or from the end of the tolerance), once the tolerance has passed.
 */
export type PenaltyCharge =
  | { readonly type: 'once'; readonly amountMinor: bigint }
  | { readonly type: 'once_percent'; readonly percent: string }
  | { readonly type: 'daily_amount'; readonly amountMinor: bigint }
  | { readonly type: 'yearly_rate'; readonly percent: string; readonly dayCount: DayCount };

/** The rule of a product for late payment. */
export interface PenaltyRule {
  readonly charge: PenaltyCharge;
  readonly basis: PenaltyBasis;
  /** Days after the due date on which paying costs nothing. */
  readonly toleranceDays: number;
  readonly countFrom: 'due_date' | 'end_of_tolerance';
  /** Less than this overdue is let pass. */
  readonly toleranceMinor?: bigint;
  /** The penalty of one installment never exceeds this much, or this percentage of the basis. */
  readonly capMinor?: bigint;
  readonly capPercent?: string;
  readonly roundingMode: RoundingMode;
}

/** What was overdue of an installment over a stretch of time: from a date on, up to another. */
export interface OverdueStretch {
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly overdue: Parts;
}

/** A penalty with what made it. */
export interface Penalty {
  readonly amountMinor: bigint;
  readonly exact: Ratio;
  readonly days: number;
  readonly cappedAtMinor: bigint | null;
}

const basisOf = (overdue: Parts, basis: PenaltyBasis): bigint => {
  const { principalMinor, interestMinor, feesMinor, penaltiesMinor } = overdue;
  switch (basis) {
    case 'overdue_principal':
      return principalMinor;
    case 'overdue_installment':
      return principalMinor + interestMinor;
    case 'overdue_total':
      return principalMinor + interestMinor + feesMinor + penaltiesMinor;
  }
};

const percentOf = (amount: bigint, percent: string): Ratio =>
  times(ratio(amount, 100n), decimal(percent));

const stretchCharge = (charge: PenaltyCharge, amount: bigint, from: LocalDate, to: LocalDate) => {
  switch (charge.type) {
    case 'daily_amount':
      return ratio(charge.amountMinor * BigInt(daysBy('actual/365', from, to)));
    case 'yearly_rate':
      return times(percentOf(amount, charge.percent), yearFraction(charge.dayCount, from, to));
    case 'once':
    case 'once_percent':
      return ratio(0n);
  }
};

const onceCharge = (charge: PenaltyCharge, amount: bigint): Ratio => {
  if (charge.type === 'once') return ratio(charge.amountMinor);
  return charge.type === 'once_percent' ? percentOf(amount, charge.percent) : ratio(0n);
};

/**
 * The penalty on one installment up to the end of the last stretch. The stretches say what was overdue since the due
 * date, in order and without gaps: a part payment begins a new one. What was charged before is not taken off: the
 * caller charges the difference.
 */
export const latePenalty = (
  rule: PenaltyRule,
  dueDate: LocalDate,
  stretches: readonly OverdueStretch[],
): Penalty => {
  const tolerated = addDays(dueDate, rule.toleranceDays);
  const start = rule.countFrom === 'due_date' ? dueDate : tolerated;
  const owing = stretches.filter(
    (s) => basisOf(s.overdue, rule.basis) >= max(1n, rule.toleranceMinor ?? 1n),
  );
  const first = owing.find((s) => s.to > tolerated);
  if (!first) return { amountMinor: 0n, exact: ratio(0n), days: 0, cappedAtMinor: null };
  const firstBasis = basisOf(first.overdue, rule.basis);
  let exact = onceCharge(rule.charge, firstBasis);
  let days = 0;
  for (const stretch of owing) {
    const from = stretch.from < start ? start : stretch.from;
    if (from >= stretch.to) continue;
    const amount = basisOf(stretch.overdue, rule.basis);
    exact = plus(exact, stretchCharge(rule.charge, amount, from, stretch.to));
    days += daysBy('actual/365', from, stretch.to);
  }
  const rounded = round(exact, rule.roundingMode);
  const caps = [
    ...(rule.capMinor === undefined ? [] : [rule.capMinor]),
    ...(rule.capPercent === undefined
      ? []
      : [round(percentOf(firstBasis, rule.capPercent), rule.roundingMode)]),
  ];
  const cap = caps.length === 0 ? null : caps.reduce(min);
  const capped = cap !== null && cap < rounded;
  return { amountMinor: capped ? cap : rounded, exact, days, cappedAtMinor: capped ? cap : null };
};
