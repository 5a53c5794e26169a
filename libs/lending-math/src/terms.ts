import type { LocalDate } from '@daftari/kernel';

/** Rule sets for amortization. Only `progressive` is implemented; a new one gets its own folder next to it. */
export type Convention = 'progressive';

/** How an exact amount becomes minor units. */
export type RoundingMode = 'HALF_EVEN' | 'HALF_UP' | 'FLOOR' | 'CEILING';

/** A tranche of the loan paid out on a date. */
export interface Disbursement {
  readonly date: LocalDate;
  readonly amountMinor: bigint;
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
}

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
  /** Installments with interest only; 0 or numberOfInstallments - 1 (bullet). */
  readonly gracePrincipal?: number;
  /** Share of each tranche due back on its own date, free of interest. */
  readonly downPaymentPercent?: string;
  readonly autoDownPayment?: boolean;
  readonly rateChanges?: readonly RateChange[];
  /** `zero_interest`: a charge-off ends interest on its date; absent: the schedule goes on. */
  readonly chargeOffBehaviour?: 'zero_interest';
  /** Interest follows what is really paid and when; absent: the schedule stays as agreed. */
  readonly recalculation?: RecalculationTerms;
}

const byDate = (a: { date: LocalDate }, b: { date: LocalDate }): number =>
  a.date < b.date ? -1 : a.date > b.date ? 1 : 0;

/** The tranches of a loan in date order; without explicit ones, the whole principal on the disbursement date. */
export const disbursementsOf = (terms: LoanTerms): readonly Disbursement[] =>
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
