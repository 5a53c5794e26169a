import { daysBetween } from '@daftari/kernel';
import { periodsOf, type PeriodDates } from '../calendar.js';
import { min, sumOf } from '../numbers.js';
import type { PlannedPeriod } from '../planned-period.js';
import { over, percent, ratio, round, times, type Ratio } from '../ratio.js';
import type { LoanTerms } from '../terms.js';

/** A period with the share of a year's interest that its days cost. */
interface Bearing extends PeriodDates {
  readonly share: Ratio;
}

/** Simple interest by actual days, rounded each period; interest over the payment waits for the next one. */
const playOut = (
  terms: LoanTerms,
  periods: readonly Bearing[],
  principal: bigint,
  level: bigint,
): PlannedPeriod[] => {
  let balance = principal;
  let unpaid = 0n;
  return periods.map(({ from, due, share }, i) => {
    unpaid += round({ n: share.n * balance, d: share.d }, terms.roundingMode);
    const last = i === periods.length - 1;
    const interest = last ? unpaid : min(unpaid, level);
    const repaid = last ? balance : min(level - interest, balance);
    unpaid -= interest;
    balance -= repaid;
    return { from, due, principal: repaid, interest };
  });
};

const bearingPeriods = (terms: LoanTerms): Bearing[] => {
  const year = terms.daysInYear === 'actual' ? 365 : Number(terms.daysInYear);
  const rate = over(percent(terms.annualRatePercent), year);
  return periodsOf(terms).map((period, i) => {
    const days = daysBetween(i === 0 ? terms.disbursementDate : period.from, period.due);
    return { ...period, share: times(rate, ratio(days)) };
  });
};

const total = (row: PlannedPeriod | undefined): bigint => (row ? row.principal + row.interest : 0n);

/**
 * Simple daily interest; the payment is the smallest one for which the final payment is not higher than it.
 * Source: FSharp.Finance.Personal, scheduled payments with a final payment not above the level.
 */
export const levelPaymentFinalNotHigher = (
  terms: LoanTerms,
  principal: bigint,
): PlannedPeriod[] => {
  const periods = bearingPeriods(terms);
  const play = (level: bigint): PlannedPeriod[] => playOut(terms, periods, principal, level);
  let low = 0n;
  let high = sumOf(play(0n), total);
  while (low < high) {
    const level = (low + high) / 2n;
    if (total(play(level).at(-1)) <= level) high = level;
    else low = level + 1n;
  }
  return play(high);
};
