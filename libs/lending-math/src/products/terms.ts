import type { LocalDate } from '@daftari/kernel';
import type { ProductOptions } from './options.js';
import type { LoanTerms } from '../terms.js';

/** What a percentage is taken of: all that was lent, the balance before an installment, or parts of the installment. */
export type FeeBasis = 'lent' | 'balance' | 'principal' | 'interest' | 'installment';

/**
 * A fee agreed in the terms: an amount, or a percentage of something.
 * - `at_disbursement`: due when money goes out, with each tranche when it is a percentage of what is lent;
 * - `capitalised`: likewise, but lent to the borrower: it is added to the balance;
 * - `each_installment`: with every installment;
 * - a date: with the installment whose period has that date.
 */
export interface Fee {
  readonly name: string;
  readonly amountMinor?: bigint;
  readonly percent?: string;
  readonly of?: FeeBasis;
  readonly due: 'at_disbursement' | 'capitalised' | 'each_installment' | LocalDate;
}

type SharedTerms = Pick<
  LoanTerms,
  | 'currency'
  | 'decimals'
  | 'principalMinor'
  | 'annualRatePercent'
  | 'numberOfInstallments'
  | 'repaymentEvery'
  | 'disbursementDate'
  | 'roundingMode'
  | 'installmentAmountInMultiplesOf'
  | 'disbursements'
  | 'firstDueDate'
  | 'repaymentSeedDate'
  | 'dueDates'
  | 'monthEndDueDates'
  | 'downPaymentPercent'
  | 'rateChanges'
  | 'gracePrincipal'
  | 'graceInterest'
  | 'interestFreePeriods'
>;

/** What was agreed on a loan of one of the products. Amounts are minor units, rates decimal strings in percent. */
export interface ProductTerms extends SharedTerms, ProductOptions {
  readonly fees?: readonly Fee[];
}
