import type { LoanTerms, RoundingMode } from './terms.js';

/** An exact fraction; `d` is above zero. Not reduced. */
export interface Ratio {
  readonly n: bigint;
  readonly d: bigint;
}

/** A fraction of two whole numbers; the second one is above zero. */
export const ratio = (n: bigint | number, d: bigint | number = 1n): Ratio => ({
  n: BigInt(n),
  d: BigInt(d),
});

/** Product. */
export const times = (a: Ratio, b: Ratio): Ratio => ({ n: a.n * b.n, d: a.d * b.d });

/** Sum. */
export const plus = (a: Ratio, b: Ratio): Ratio =>
  a.d === b.d ? { n: a.n + b.n, d: a.d } : { n: a.n * b.d + b.n * a.d, d: a.d * b.d };

/** Difference. */
export const minus = (a: Ratio, b: Ratio): Ratio => plus(a, { n: -b.n, d: b.d });

/** A fraction divided by a whole number above zero. */
export const over = (a: Ratio, by: bigint | number): Ratio => ({ n: a.n, d: a.d * BigInt(by) });

/** A decimal string as a fraction. */
export const decimal = (text: string): Ratio => {
  const point = text.indexOf('.');
  if (point < 0) return { n: BigInt(text), d: 1n };
  const decimals = text.length - point - 1;
  return { n: BigInt(text.slice(0, point) + text.slice(point + 1)), d: 10n ** BigInt(decimals) };
};

/** A decimal string of percent as a fraction of one. */
export const percent = (text: string): Ratio => over(decimal(text), 100n);

const towards = (quotient: bigint, twice: bigint, d: bigint, mode: RoundingMode): bigint => {
  const up = quotient + 1n;
  switch (mode) {
    case 'FLOOR':
      return quotient;
    case 'CEILING':
      return twice === 0n ? quotient : up;
    case 'HALF_UP':
      // Away from zero: below zero a tie goes down.
      return twice > d || (twice === d && quotient >= 0n) ? up : quotient;
    case 'HALF_EVEN':
      return twice > d || (twice === d && quotient % 2n !== 0n) ? up : quotient;
  }
};

/** A fraction as a whole number by a rounding mode. HALF_UP goes away from zero on a tie. */
export const round = ({ n, d }: Ratio, mode: RoundingMode): bigint => {
  const rest = n % d;
  const quotient = n / d - (rest < 0n ? 1n : 0n);
  return towards(quotient, 2n * (rest < 0n ? rest + d : rest), d, mode);
};

/** n / d as a whole number by a rounding mode. `d` is above zero. */
export const roundDiv = (n: bigint, d: bigint, mode: RoundingMode): bigint => round({ n, d }, mode);

/** Rounds minor units to a multiple of `step` minor units. */
export const roundToStep = (minor: bigint, step: bigint, mode: RoundingMode): bigint =>
  step === 1n ? minor : roundDiv(minor, step, mode) * step;

/** True when both are the same number. */
export const sameRatio = (a: Ratio, b: Ratio): boolean => a.n * b.d === b.n * a.d;

const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? (a < 0n ? -a : a) : gcd(b, a % b));

/** The same number with the smallest terms. */
export const reduced = ({ n, d }: Ratio): Ratio => {
  const common = gcd(n, d);
  return { n: n / common, d: d / common };
};

/** A fraction as a decimal string with at most `places` decimals, cut off, without zeros at the end. */
export const ratioText = ({ n, d }: Ratio, places: number): string => {
  const sign = n < 0n ? '-' : '';
  const scaled = ((n < 0n ? -n : n) * 10n ** BigInt(places)) / d;
  const digits = scaled.toString().padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  const decimals = digits.slice(digits.length - places).replace(/0+$/, '');
  return decimals === '' ? `${sign}${whole}` : `${sign}${whole}.${decimals}`;
};

/** The part of the terms that rounding of installments follows from. */
export type RoundingTerms = Pick<
  LoanTerms,
  'decimals' | 'roundingMode' | 'installmentAmountInMultiplesOf'
>;

/**
 * Minor units rounded to the multiple of `installmentAmountInMultiplesOf` agreed in the terms, ties by rounding mode;
 * without a multiple, to whole minor units.
 */
export const roundInstallment = (minor: Ratio, terms: RoundingTerms): bigint => {
  const multiple = terms.installmentAmountInMultiplesOf ?? null;
  if (multiple === null) return round(minor, terms.roundingMode);
  const step = times(decimal(multiple), ratio(10n ** BigInt(terms.decimals)));
  const count = round({ n: minor.n * step.d, d: minor.d * step.n }, terms.roundingMode);
  return round(times(ratio(count), step), terms.roundingMode);
};

/** A share in percent of an amount, rounded to minor units. */
export const percentOf = (minor: bigint, share: string, mode: RoundingMode): bigint =>
  round(times(ratio(minor), percent(share)), mode);

/** The level installment that repays a principal with `rate` a period over `periods` (annuity). Minor units. */
export const annuity = (principal: bigint, rate: Ratio, periods: number): Ratio => {
  if (rate.n === 0n) return ratio(principal, periods);
  const grown = (rate.d + rate.n) ** BigInt(periods);
  return { n: principal * rate.n * grown, d: rate.d * (grown - rate.d ** BigInt(periods)) };
};
