import type { LocalDate } from '@daftari/kernel';
import type { PeriodDates } from './calendar.js';

/** A period with what falls due at its end. Minor units. */
export interface PlannedPeriod extends PeriodDates {
  readonly principal: bigint;
  readonly interest: bigint;
}

/** What payments did to a plan that follows them. */
export interface Adjustments {
  /** Changes of the balance that bears interest, inside one period only. */
  readonly changes: readonly {
    readonly period: number;
    readonly date: LocalDate;
    readonly amount: bigint;
  }[];
  /** Principal of periods in which more than the installment was paid. */
  readonly prepaid: readonly { readonly period: number; readonly principal: bigint }[];
  /** Interest that was paid of a period before more came in: it stays due; what is too much of it lowers the next period's. */
  readonly collected: readonly { readonly period: number; readonly interest: bigint }[];
  /** Principal repaid outside the installments; `level`: they are set anew from its period on. */
  readonly repaid: readonly {
    readonly period: number;
    readonly date: LocalDate;
    readonly amount: bigint;
    readonly level: boolean;
  }[];
  /** The date up to which overdue principal bears interest. */
  readonly overdueTo: LocalDate | null;
}

/** No payment changed the plan. */
export const UNADJUSTED: Adjustments = {
  changes: [],
  prepaid: [],
  collected: [],
  repaid: [],
  overdueTo: null,
};
