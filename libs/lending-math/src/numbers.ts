import { Decimal as BaseDecimal } from 'decimal.js';
import { percentOf, ratio, roundInstallment, type RoundingTerms } from './ratio.js';
import type { LoanTerms, RoundingMode } from './terms.js';

/** Decimals of 40 significant digits, HALF_EVEN: the intermediate precision of every formula here. */
export const Decimal = BaseDecimal.clone({ precision: 40, rounding: BaseDecimal.ROUND_HALF_EVEN });
/** An exact-enough decimal; never a binary float. */
export type Decimal = BaseDecimal;

const MODES = {
  HALF_EVEN: BaseDecimal.ROUND_HALF_EVEN,
  HALF_UP: BaseDecimal.ROUND_HALF_UP,
  FLOOR: BaseDecimal.ROUND_FLOOR,
  CEILING: BaseDecimal.ROUND_CEIL,
} as const satisfies Record<RoundingMode, BaseDecimal.Rounding>;

/** A decimal of a bigint. */
export const dec = (value: bigint): Decimal => new Decimal(value.toString());

/** Rounds an amount in minor units to a whole number of them. */
export const roundMinor = (minor: Decimal, mode: RoundingMode): bigint =>
  BigInt(minor.toDecimalPlaces(0, MODES[mode]).toFixed(0));

/** What of a tranche is due back on its own date: percent of it, rounded as installments are. */
export const downPaymentOf = (
  amountMinor: bigint,
  terms: RoundingTerms & Pick<LoanTerms, 'downPaymentPercent'>,
): bigint =>
  terms.downPaymentPercent === undefined
    ? 0n
    : roundInstallment(
        ratio(percentOf(amountMinor, terms.downPaymentPercent, terms.roundingMode)),
        terms,
      );

/** The smaller of two amounts. */
export const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
/** The larger of two amounts. */
export const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
/** Sum of what `of` gives for each item. */
export const sumOf = <T>(items: readonly T[], of: (item: T) => bigint): bigint =>
  items.reduce((total, item) => total + of(item), 0n);
