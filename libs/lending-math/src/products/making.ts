import type { Ratio } from '../ratio.js';
import type { ProductPeriod, Stretch } from './timeline.js';

/** A balance over a stretch of time: its interest is balance x rate x share. */
export interface InterestLine {
  readonly stretch: Stretch;
  readonly balance: bigint;
}

/**
 * How the interest of one period came about. Rules: `accrued` on the balance; `spread`: an even part of what is left
 * of the interest on the whole loan; `spread_rest`: what the even parts left.
 */
export interface PeriodInterest {
  readonly rule: 'accrued' | 'spread' | 'spread_rest';
  readonly lines: readonly InterestLine[];
  /** Interest before rounding. */
  readonly exact: Ratio;
  readonly rounded: bigint;
}

/** Interest of one period, and what of it and of earlier periods is due with the installment. */
export interface InterestMaking {
  readonly own: PeriodInterest;
  /** Over what an earlier installment could hold; it bears no interest. */
  readonly unpaidBefore: bigint;
  readonly unpaidAfter: bigint;
  /** Put off by a grace period. */
  readonly putOffBefore: bigint;
  readonly putOffAfter: bigint;
  /** Due with this installment. */
  readonly due: bigint;
}

/**
 * How principal of one installment came about. Rules: `installment`: the level installment less interest; `share`:
 * a part of the principal; `grace`: none; `rest`: all that is left.
 */
export interface PrincipalMaking {
  readonly rule: 'installment' | 'share' | 'grace' | 'rest';
  /** The level installment, or the part of the principal, before rounding. */
  readonly exact: Ratio;
  readonly due: bigint;
}

/** What made one installment. Amounts are minor units. */
export interface Making {
  readonly period: ProductPeriod;
  /** Principal owed at the start of the period, and what is lent inside it. */
  readonly opening: bigint;
  readonly added: bigint;
  readonly interest: InterestMaking;
  readonly principal: PrincipalMaking;
}
