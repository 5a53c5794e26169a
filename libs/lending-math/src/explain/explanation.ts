import type { LocalDate } from '@daftari/kernel';
import type { Ratio } from '../ratio.js';
import type { RoundingMode } from '../terms.js';

/** Interest of a balance over a stretch of time: balance x yearly rate x part of a year, all exact. */
export interface InterestStep {
  readonly from: LocalDate;
  readonly to: LocalDate;
  /** Days as the day count counts them. */
  readonly days: number;
  readonly share: Ratio;
  readonly ratePercent: string;
  readonly balanceMinor: bigint;
}

/**
 * What made the interest of an installment.
 * - `accrued`: the sum of the steps, rounded;
 * - `spread`: `spreadMinor` (the interest of the whole loan, of which the steps are the making, less what earlier
 *   installments took), over so many installments;
 * - `spread_rest`: what the even parts left.
 */
export interface InterestExplanation {
  readonly rule: 'accrued' | 'spread' | 'spread_rest';
  readonly dayCount: string;
  readonly steps: readonly InterestStep[];
  /** Interest of the period before rounding. */
  readonly unrounded: Ratio;
  readonly rounding: RoundingMode;
  readonly roundedMinor: bigint;
  /** Carried in from installments that could not hold their interest, and on to the next one. */
  readonly carriedInMinor: bigint;
  readonly carriedOutMinor: bigint;
  /** Put off by grace before this installment, and after it. */
  readonly putOffBeforeMinor: bigint;
  readonly putOffAfterMinor: bigint;
  readonly dueMinor: bigint;
}

/**
 * What made the principal of an installment.
 * - `level_installment`: the installment, less interest, at most what is owed; `set_installment`: without that limit;
 * - `share_of_principal`: a part of the principal, whatever the interest;
 * - `grace`: none; `rest`: all that is left, and with it what rounding left.
 */
export interface PrincipalExplanation {
  readonly rule: 'level_installment' | 'set_installment' | 'share_of_principal' | 'grace' | 'rest';
  /** The installment, or the part of the principal, before rounding; null where nothing was rounded. */
  readonly unrounded: Ratio | null;
  /** The installment, or installment total, is a multiple of this many minor units. */
  readonly stepMinor: bigint;
  readonly rounding: RoundingMode;
  /** Principal owed before it. */
  readonly owedMinor: bigint;
  readonly dueMinor: bigint;
}

/** What made an installment: everything that is needed to make it again. Amounts are minor units. */
export interface RowExplanation {
  readonly dueDate: LocalDate;
  readonly interest: InterestExplanation;
  readonly principal: PrincipalExplanation;
}
