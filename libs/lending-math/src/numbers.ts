import { Decimal as BaseDecimal } from 'decimal.js';
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

/**
 * Rounds an amount in minor units to the multiple of `installmentAmountInMultiplesOf` agreed in the terms, ties by
 * rounding mode; without a multiple, to whole minor units.
 */
export const roundToMultiple = (minor: Decimal, terms: LoanTerms): bigint => {
  const multiple = terms.installmentAmountInMultiplesOf;
  if (multiple === undefined || multiple === null) return roundMinor(minor, terms.roundingMode);
  const step = new Decimal(multiple).times(new Decimal(10).pow(terms.decimals));
  return roundMinor(
    dec(roundMinor(minor.div(step), terms.roundingMode)).times(step),
    terms.roundingMode,
  );
};

/** A share in percent of an amount, rounded to minor units. */
export const percentOf = (minor: bigint, percent: string, mode: RoundingMode): bigint =>
  roundMinor(dec(minor).times(percent).div(100), mode);

/** What of a tranche is due back on its own date: percent of it, rounded as installments are. */
export const downPaymentOf = (amountMinor: bigint, terms: LoanTerms): bigint =>
  terms.downPaymentPercent === undefined
    ? 0n
    : roundToMultiple(
        dec(percentOf(amountMinor, terms.downPaymentPercent, terms.roundingMode)),
        terms,
      );

/** The smaller of two amounts. */
export const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
/** The larger of two amounts. */
export const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
/** Sum of what `of` gives for each item. */
export const sumOf = <T>(items: readonly T[], of: (item: T) => bigint): bigint =>
  items.reduce((total, item) => total + of(item), 0n);
