import type { LocalDate } from '@daftari/kernel';
import type { BusinessCalendar, RollConvention } from '../business-calendar.js';
import type { DayCount } from '../day-count-name.js';

/** The products by their usual names. What each means is data: `SHAPES`. */
export type ProductKind =
  | 'flat'
  | 'declining_balance'
  | 'equal_principal'
  | 'interest_only'
  | 'bullet'
  | 'balloon'
  | 'step_up';

/** Dates between which no interest runs: from the first on, up to the second. */
export interface InterestPause {
  readonly from: LocalDate;
  readonly to: LocalDate;
}

/** What makes a loan one of the products, and what the products leave open. Rates are decimal strings in percent. */
export interface ProductOptions {
  readonly kind: ProductKind;
  readonly dayCount: DayCount;
  /** `balloon`: share of what was lent that is left to the last installment. */
  readonly balloonPercent?: string;
  /** `step_up`: after every so many installments the next ones are so much higher; a negative percentage steps down. */
  readonly step?: { readonly every: number; readonly percent: string };
  /** Due dates that are no business days are moved. */
  readonly calendar?: BusinessCalendar;
  readonly roll?: RollConvention;
  /** Whether interest runs to the moved due date or to the one before it was moved; absent: `moved`. */
  readonly interestTo?: 'moved' | 'unmoved';
  /** No interest in them; the installment stays, the last one is lower. */
  readonly pauses?: readonly InterestPause[];
}
