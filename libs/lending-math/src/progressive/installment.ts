import { addDays, type LocalDate } from '@daftari/kernel';
import { at, periodIndex, type PeriodDates } from '../calendar.js';
import { sumOf } from '../numbers.js';
import { plus, ratio, round, roundInstallment, times, type Ratio } from '../ratio.js';
import {
  addChange,
  cuts,
  figures,
  paidOf,
  rateAt,
  settleResidual,
  type Period,
  type ProgressiveModel,
} from './model.js';
import { yearShare } from './rate-share.js';

const periodFactor = (m: ProgressiveModel, period: PeriodDates): Ratio => {
  const points = cuts(m, period, []);
  const units = m.terms.repaymentEvery.n;
  return points.slice(1).reduce((factor, b, i) => {
    const a = at(points, i);
    return plus(factor, times(rateAt(m, a), yearShare(m.terms, period, a, b, units)));
  }, ratio(1n));
};

/** P * f_1...f_n / S with S = 1, then S * f_i + 1: all in whole numbers, over the common denominator. */
const levelInstallment = (
  m: ProgressiveModel,
  level: readonly Period[],
  principal: bigint,
): bigint => {
  const factors = level.map((p) => periodFactor(m, p));
  const growth = factors.reduce((product, f) => product * f.n, principal);
  let annuity = 1n;
  let denominator = 1n;
  for (const { n, d } of factors.slice(1)) {
    denominator *= d;
    annuity = annuity * n + denominator;
  }
  const exact = { n: growth, d: at(factors, 0).d * annuity };
  return roundInstallment(ratio(round(exact, m.terms.roundingMode)), m.terms);
};

const setInstallment = (m: ProgressiveModel, over: readonly Period[], emi: bigint): bigint => {
  for (const period of over) {
    period.emi = emi;
    period.originalEmi = emi;
  }
  settleResidual(m);
  return at(over, over.length - 1).emi - emi;
};

const abs = (value: bigint): bigint => (value < 0n ? -value : value);

/**
 * Sets the level installment of some periods: P * f_1...f_n / S, then at most three rounds that spread a last
 * installment which differs too much (Apache Fineract, progressive EMI adjustment).
 */
const level = (m: ProgressiveModel, over: readonly Period[], principal: bigint): void => {
  let emi = levelInstallment(m, over, principal);
  let difference = setInstallment(m, over, emi);
  // A last installment that payments hold in place says nothing about the level of the others.
  if (m.terms.dueDates || paidOf(at(over, over.length - 1)) > 0n) return;
  const count = over.length;
  const scale = 10n ** BigInt(m.terms.decimals);
  for (let tries = 0; tries < 3; tries += 1) {
    if (abs(difference) * 100n <= BigInt(Math.floor(count / 2)) * scale) return;
    const share = round(ratio(difference, count), m.terms.roundingMode);
    const candidate = roundInstallment(ratio(emi + share), m.terms);
    if (candidate === emi) return;
    const next = setInstallment(m, over, candidate);
    if (abs(next) >= abs(difference)) {
      setInstallment(m, over, emi);
      return;
    }
    [emi, difference] = [candidate, next];
  }
};

const addedIn = (m: ProgressiveModel, index: number, kinds: readonly string[]): bigint =>
  sumOf(
    at(m.periods, index).changes.filter((c) => kinds.includes(c.kind)),
    (c) => c.amount,
  );

const repaying = (periods: readonly Period[]): Period[] => periods.filter((p) => !p.interestOnly);

/** Pays a tranche out: the balance grows from its date, and the installment is set anew from its period on. */
export const disburse = (m: ProgressiveModel, date: LocalDate, amount: bigint): void => {
  const period = periodIndex(m.periods, date);
  addChange(m, period, { kind: 'disbursement', date, amount });
  m.lent += amount;
  const opening = at(figures(m), period).opening;
  level(m, repaying(m.periods.slice(period)), opening + addedIn(m, period, ['disbursement']));
};

/**
 * A new rate from a date on: interest changes from the day before it. The installment is set anew from that day's
 * period on, for the periods of which nothing was paid.
 */
export const changeRate = (m: ProgressiveModel, effective: LocalDate, percent: string): void => {
  const from = addDays(effective, -1);
  m.rates = [...m.rates, { from, percent }].sort((a, b) =>
    a.from < b.from ? -1 : a.from > b.from ? 1 : 0,
  );
  relevel(m, periodIndex(m.periods, from));
};

/** Sets the installment anew from a period on, for the periods of which nothing was paid. */
export const relevel = (m: ProgressiveModel, index: number): void => {
  const over = repaying(m.periods.slice(index)).filter((p) => paidOf(p) === 0n);
  const first = over[0] ? m.periods.indexOf(over[0]) : -1;
  if (first < 0) return settleResidual(m);
  const opening = at(figures(m), first).opening;
  level(m, over, opening + addedIn(m, first, ['disbursement', 'payment']));
};

/** Money paid earlier is owed again: it bears interest from the date on and is due with that period's installment. */
export const chargeBack = (m: ProgressiveModel, date: LocalDate, amount: bigint): void => {
  const index = periodIndex(m.periods, date);
  addChange(m, index, { kind: 'chargeback', date, amount });
  m.lent += amount;
  at(m.periods, index).emi += amount;
  settleResidual(m);
};
