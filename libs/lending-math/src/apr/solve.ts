import { ContractViolation, type LocalDate } from '@daftari/kernel';
import { Decimal } from '../numbers.js';

/** Money on a date: a payout to the borrower, or a payment by the borrower. Minor units, more than zero. */
export interface DatedAmount {
  readonly date: LocalDate;
  readonly amountMinor: bigint;
}

/** What the borrower gets and what the borrower pays, charges that count as cost of the credit included. */
export interface CreditFlows {
  readonly advances: readonly DatedAmount[];
  readonly payments: readonly DatedAmount[];
}

/** Newton's method stops when the next step is smaller than this; results are right to 15 decimals. */
export const RATE_TOLERANCE = '1e-18';
const MOST_STEPS = 200;

/** A function with its derivative. */
export type Curve = (x: Decimal) => { readonly value: Decimal; readonly slope: Decimal };

const refuse = (message: string): never => {
  throw new ContractViolation(message, [{ field: 'flows', code: 'apr/no-solution', message }]);
};

/**
 * The x above `low` at which a curve that falls once through zero does so: Newton's method, kept between bounds by
 * halving. A curve that does not change its sign is a ContractViolation.
 */
export const solve = (curve: Curve, low: Decimal): Decimal => {
  let from = low;
  let to = new Decimal(1);
  while (curve(to).value.isPositive()) {
    from = to;
    to = to.times(4);
    if (to.gt('1e12')) refuse('the payments never outweigh the advances');
  }
  let x = from.plus(to).div(2);
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const { value, slope } = curve(x);
    if (value.isZero()) return x;
    if (value.isPositive()) from = x;
    else to = x;
    const newton = slope.isZero() ? from : x.minus(value.div(slope));
    const next = newton.gt(from) && newton.lt(to) ? newton : from.plus(to).div(2);
    if (next.minus(x).abs().lt(RATE_TOLERANCE)) return next;
    x = next;
  }
  return refuse('no rate found');
};

/** Refuses flows without an equation: no advance, no payment, an amount that is not positive, money in before money out. */
export const checkFlows = ({ advances, payments }: CreditFlows): LocalDate => {
  const dates = advances.map((a) => a.date).sort();
  const [first] = dates;
  if (first === undefined || payments.length === 0) {
    return refuse('at least one advance and one payment');
  }
  if ([...advances, ...payments].some((flow) => flow.amountMinor <= 0n)) {
    return refuse('amounts are more than zero');
  }
  if (payments.some((payment) => payment.date < first)) {
    return refuse('no payment before the first advance');
  }
  return first;
};

/** A rate as a fraction as percent, rounded half up to some decimals: 0.129649 to two is "12.96". */
export const percentText = (rate: Decimal, decimals: number): string =>
  rate.times(100).toFixed(decimals, Decimal.ROUND_HALF_UP);
