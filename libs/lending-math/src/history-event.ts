import { localDate, type LocalDate } from '@daftari/kernel';
import type { LoanState } from './loan-state.js';
import type { PercentCharge } from './percent-charges.js';
import type { PrepaymentStrategy } from './prepayment.js';
import type { PaymentParts } from './repayment.js';
import type { LoanTerms } from './terms.js';

/** Something that happened to a loan. `date` is when it takes effect, `businessDate` when it was entered. */
export interface HistoryEvent {
  readonly i: number;
  readonly type: string;
  readonly date: LocalDate;
  readonly businessDate: LocalDate;
  readonly amountMinor?: bigint;
  /** Of a prepayment: what money beyond what is due does. */
  readonly strategy?: PrepaymentStrategy;
  readonly chargeType?: 'fee' | 'penalty';
  readonly when?: PercentCharge['when'];
  readonly basis?: PercentCharge['basis'];
  readonly percent?: string;
  /** The event that a reversal, chargeback or adjustment is about. */
  readonly ofEvent?: number;
  readonly submittedOn?: LocalDate;
  readonly newInterestRatePercent?: string;
  readonly newDueDate?: LocalDate;
  readonly from?: LocalDate;
  readonly to?: LocalDate;
  readonly startDate?: LocalDate;
  readonly frequency?: LoanTerms['repaymentEvery'];
  readonly numberOfInstallments?: number;
}

/** How much of a history to replay; overdue interest runs to `overdueInterestAsOf` when given. */
export interface Checkpoint {
  readonly afterEvents: number;
  readonly overdueInterestAsOf: LocalDate | null;
}

/** A transaction with what it was for. */
export interface ReplayedTransaction extends PaymentParts {
  /** Index of the event that made it. */
  readonly event: number;
  readonly date: LocalDate;
  readonly type: string;
  readonly amountMinor: bigint;
  readonly principalBalanceMinor: bigint;
}

/** A loan after a replay. */
export interface ReplayedLoan {
  readonly state: LoanState;
  readonly transactions: readonly ReplayedTransaction[];
}

/** The first day that no date of a loan reaches. */
export const START_OF_TIME = localDate('0001-01-01');

const earliest = (a: LocalDate, b: LocalDate): LocalDate => (a < b ? a : b);

/** The date by which events are put in order. */
export const effectiveDate = (event: HistoryEvent): LocalDate => {
  switch (event.type) {
    case 'charge':
      return earliest(event.date, event.businessDate);
    case 'chargeback':
    case 'percent_charge':
      return event.businessDate;
    case 'reschedule':
      return event.submittedOn ?? event.date;
    case 'interest_pause':
      return event.from ?? event.date;
    default:
      return event.date;
  }
};
