import type { LocalDate } from '@daftari/kernel';
import { periodIndex, type PeriodDates } from '../calendar.js';
import { downPaymentOf, min, sumOf } from '../numbers.js';
import { decimal, roundDiv } from '../ratio.js';
import { disbursementsOf } from '../terms.js';
import type { Fee, ProductTerms } from './terms.js';

/** Money out on a date and what comes with it. Minor units. */
export interface Tranche {
  readonly date: LocalDate;
  readonly period: number;
  readonly amount: bigint;
  readonly downPayment: bigint;
  readonly capitalised: bigint;
  readonly upFront: bigint;
}

/** A percentage of an amount, or the fixed amount of a fee. */
export const feeAmount = (fee: Fee, basis: bigint, terms: ProductTerms): bigint => {
  if (fee.percent === undefined) return fee.amountMinor ?? 0n;
  const { n, d } = decimal(fee.percent);
  return roundDiv(basis * n, d * 100n, terms.roundingMode);
};

/** Fees of one kind on a tranche: percentages with every tranche, fixed amounts with the first. */
const feesOn = (terms: ProductTerms, due: Fee['due'], amount: bigint, first: boolean): bigint =>
  sumOf(
    (terms.fees ?? []).filter((fee) => fee.due === due && (first || fee.percent !== undefined)),
    (fee) => feeAmount(fee, amount, terms),
  );

/** The tranches of a loan with the period that each falls in, in date order. */
export const tranchesOf = (terms: ProductTerms, periods: readonly PeriodDates[]): Tranche[] =>
  disbursementsOf(terms).map(({ date, amountMinor }, i) => ({
    date,
    period: periodIndex(periods, date),
    amount: amountMinor,
    downPayment: min(amountMinor, downPaymentOf(amountMinor, terms)),
    capitalised: feesOn(terms, 'capitalised', amountMinor, i === 0),
    upFront: feesOn(terms, 'at_disbursement', amountMinor, i === 0),
  }));

/** What of a tranche is repaid by installments. */
export const financed = (tranche: Tranche): bigint =>
  tranche.amount - tranche.downPayment + tranche.capitalised;
