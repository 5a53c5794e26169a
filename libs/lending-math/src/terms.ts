import type { LocalDate } from '@daftari/kernel';
import type { Weekday, WeekendShift } from './business-calendar.js';
import type { ProductOptions } from './products/options.js';

export type { Weekday, WeekendShift };

/** Rule sets for amortization; each has its own folder. */
export type Convention =
  | 'progressive'
  | 'cumulative'
  | 'remaining_balance_level'
  | 'level_payment_final_not_higher'
  | 'product';

/** How an exact amount becomes minor units. */
export type RoundingMode = 'HALF_EVEN' | 'HALF_UP' | 'FLOOR' | 'CEILING';

/** A tranche of the loan paid out on a date. */
export interface Disbursement {
  readonly date: LocalDate;
  readonly amountMinor: bigint;
  /** Must be the currency of the terms. */
  readonly currency?: string;
}

/** A new nominal yearly rate, in percent, that holds from a date on. */
export interface RateChange {
  readonly effectiveDate: LocalDate;
  readonly annualRatePercent: string;
}

/** Terms of interest recalculation: how far an early payment owes interest, and to when overdue principal bears it. */
export interface RecalculationTerms {
  readonly preClosure: 'till_pre_close_date' | 'till_rest_frequency_date';
  readonly restFrequency?: 'daily' | 'same_as_repayment';
  readonly noInterestOnPastDue?: boolean;
  /** `cumulative`: what an installment paid in excess does; absent: the installments stay, the last ones shrink. */
  readonly advancePaymentStrategy?:
    | 'reduce_emi_amount'
    | 'reduce_number_of_installments'
    | 'reschedule_next_repayments'
    | 'adjust_last_unpaid_period';
  /** `cumulative`: whether overdue interest bears interest too. */
  readonly compounding?: 'none' | 'interest';
}

/** A charge for every installment that is overdue at the end of a day, once each, on the installment itself. */
export interface OverdueCharge {
  readonly chargeType: 'fee' | 'penalty';
  readonly percent: string;
  readonly basis: InstallmentBasis;
}

/** What of an installment a percentage is taken of. */
export type InstallmentBasis =
  'installment_principal' | 'installment_interest' | 'installment_principal_plus_interest';

/** What was agreed with the borrower. Amounts are minor units with `decimals` digits; rates are decimal strings. */
export interface LoanTerms {
  readonly convention: Convention;
  readonly currency: string;
  readonly decimals: number;
  readonly principalMinor: bigint;
  readonly annualRatePercent: string;
  readonly numberOfInstallments: number;
  readonly repaymentEvery: { readonly n: number; readonly unit: 'days' | 'weeks' | 'months' };
  readonly disbursementDate: LocalDate;
  readonly daysInYear: 'actual' | '360' | '364' | '365';
  readonly daysInMonth: 'actual' | '30';
  readonly roundingMode: RoundingMode;
  /** The installment is rounded to a multiple of this many currency units; null or absent: to the minor unit. */
  readonly installmentAmountInMultiplesOf?: string | null;
  /** Tranches in date order; absent: the whole principal on `disbursementDate`. */
  readonly disbursements?: readonly Disbursement[];
  /** Due date of the first installment; the later ones are counted from it. */
  readonly firstDueDate?: LocalDate;
  /** Due dates are counted from here instead of the disbursement date. */
  readonly repaymentSeedDate?: LocalDate;
  /** Explicit due dates, one per installment. */
  readonly dueDates?: readonly LocalDate[];
  /** The last due date is this many days after the disbursement. */
  readonly fixedLengthDays?: number;
  readonly monthEndDueDates?: 'last_day_of_month' | 'first_day_of_next_month';
  readonly leapYearRule?: 'feb_29_period_only';
  readonly interestAccruesFrom?: 'disbursement_day';
  /** `flat`: interest on the amount lent, whatever was paid of it; absent: on the declining balance. */
  readonly interestMethod?: 'declining_balance' | 'flat';
  readonly amortization?: 'equal_installments' | 'equal_principal';
  /** `daily`: interest by days (absent too); `same_as_repayment`: a full period costs the same whatever its length. */
  readonly interestCalculationPeriod?: 'daily' | 'same_as_repayment';
  /** Rate of one period, in percent: `remaining_balance_level` uses it instead of the yearly rate. */
  readonly ratePerPeriodPercent?: string;
  /** `remaining_balance_level`: where what rounding leaves goes. */
  readonly residualIn?: 'first' | 'last' | 'spread';
  readonly weekendShift?: WeekendShift;
  /** First installments with interest only. */
  readonly gracePrincipal?: number;
  /** First installments whose interest is due with the one after them. */
  readonly graceInterest?: number;
  /** First installments that bear no interest. */
  readonly interestFreePeriods?: number;
  /** Share of each tranche due back on its own date, free of interest. */
  readonly downPaymentPercent?: string;
  readonly autoDownPayment?: boolean;
  readonly rateChanges?: readonly RateChange[];
  /**
   * `zero_interest`: a charge-off ends interest on its date; `accelerate_maturity`: it makes everything due on its
   * date; absent: the schedule goes on.
   */
  readonly chargeOffBehaviour?: 'zero_interest' | 'accelerate_maturity';
  readonly overdueCharge?: OverdueCharge;
  /** Interest follows what is really paid and when; absent: the schedule stays as agreed. */
  readonly recalculation?: RecalculationTerms;
  /** `product`: which one, and what it leaves open. */
  readonly product?: ProductOptions;
}

const byDate = (a: { date: LocalDate }, b: { date: LocalDate }): number =>
  a.date < b.date ? -1 : a.date > b.date ? 1 : 0;

/** The tranches of a loan in date order; without explicit ones, the whole principal on the disbursement date. */
export const disbursementsOf = (
  terms: Pick<LoanTerms, 'disbursements' | 'disbursementDate' | 'principalMinor'>,
): readonly Disbursement[] =>
  terms.disbursements
    ? [...terms.disbursements].sort(byDate)
    : [{ date: terms.disbursementDate, amountMinor: terms.principalMinor }];

/** Something agreed in the terms that changes the schedule from a date on. */
export type AgreedStep =
  | { readonly date: LocalDate; readonly tranche: Disbursement }
  | { readonly date: LocalDate; readonly rate: RateChange };

/** Tranches and rate changes of the terms in date order; on one date a tranche comes first. */
export const agreedSteps = (terms: LoanTerms): AgreedStep[] =>
  [
    ...disbursementsOf(terms).map((tranche) => ({ date: tranche.date, tranche })),
    ...(terms.rateChanges ?? []).map((rate) => ({ date: rate.effectiveDate, rate })),
  ].sort(byDate);
