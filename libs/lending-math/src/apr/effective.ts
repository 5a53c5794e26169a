import { Decimal } from '../numbers.js';
import { percentText } from './solve.js';

/**
 * Effective annual rate of a nominal one that is compounded so many times a year: (1 + r/m)^m - 1, in percent,
 * rounded half up. `12` at 12 periods gives "12.6825" to four decimals.
 */
export const effectiveAnnualRate = (
  nominalPercent: string,
  periodsPerYear: number,
  decimals = 4,
): string => {
  const perPeriod = new Decimal(nominalPercent).div(100).div(periodsPerYear);
  return percentText(perPeriod.plus(1).pow(periodsPerYear).minus(1), decimals);
};
