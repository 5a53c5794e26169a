import { addDays, ContractViolation, localDate, type LocalDate } from '@daftari/kernel';
import type { AllocationRule, Part } from './allocation.js';
import { outstanding } from './loan.js';
import {
  charge,
  keyOf,
  noParts,
  oweAgain,
  payOut,
  plannedLoan,
  refresh,
  type LoanState,
  type Parts,
} from './loan-state.js';
import { min, sumOf } from './numbers.js';
import { accrueTo, payoffAmount } from './payoff.js';
import { changeRate } from './progressive/installment.js';
import { settleResidual } from './progressive/model.js';
import { receive, type PaymentParts } from './repayment.js';
import type { LoanTerms } from './terms.js';

/** Something that happened to a loan. `date` is when it takes effect, `businessDate` when it was entered. */
export interface HistoryEvent {
  readonly i: number;
  readonly type: string;
  readonly date: LocalDate;
  readonly businessDate: LocalDate;
  readonly amountMinor?: bigint;
  readonly chargeType?: 'fee' | 'penalty';
  /** The event that a reversal or chargeback is about. */
  readonly ofEvent?: number;
  readonly submittedOn?: LocalDate;
  readonly newInterestRatePercent?: string;
  readonly from?: LocalDate;
  readonly to?: LocalDate;
}

/** How much of a history to replay; overdue interest runs to `overdueInterestAsOf` when given. */
export interface Checkpoint {
  readonly afterEvents: number;
  readonly overdueInterestAsOf: LocalDate | null;
}

/** A transaction with what it was for. */
export interface ReplayedTransaction extends PaymentParts {
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

interface Replay {
  state: LoanState;
  readonly terms: LoanTerms;
  readonly rule: AllocationRule;
  readonly transactions: ReplayedTransaction[];
  /** What each payment was for, less what was charged back. */
  readonly paidBy: Map<number, Parts>;
}

const END_OF_TIME = localDate('9999-12-31');
const CREDIT_ORDER: readonly Part[] = ['principal'];

const effectiveDate = (event: HistoryEvent): LocalDate => {
  switch (event.type) {
    case 'charge':
      return event.date < event.businessDate ? event.date : event.businessDate;
    case 'chargeback':
      return event.businessDate;
    case 'reschedule':
      return event.submittedOn ?? event.date;
    case 'interest_pause':
      return event.from ?? event.date;
    default:
      return event.date;
  }
};

const principalPaid = (state: LoanState): bigint =>
  sumOf(state.rows, (row) => row.paid.principalMinor - row.reowed.principalMinor);

const note = (
  replay: Replay,
  type: string,
  date: LocalDate,
  amountMinor: bigint,
  parts: PaymentParts,
): void => {
  const principalBalanceMinor = replay.state.disbursedMinor - principalPaid(replay.state);
  replay.transactions.push({ type, date, amountMinor, ...parts, principalBalanceMinor });
};

const none = (): PaymentParts => ({ ...noParts(), overpaymentMinor: 0n });

const payIn = (replay: Replay, type: string, date: LocalDate, amountMinor: bigint): Parts => {
  const parts = receive(replay.state, { type, date, amountMinor }, replay.rule);
  note(replay, type, date, amountMinor, parts);
  return parts;
};

const payTranche = (replay: Replay, date: LocalDate, amount: bigint): void => {
  replay.state = accrueTo(replay.state, date);
  const down = payOut(replay.state, date, amount);
  note(replay, 'disbursement', date, amount, none());
  if (down > 0n && replay.terms.autoDownPayment === true) payIn(replay, 'down_payment', date, down);
};

const chargeBack = (replay: Replay, event: HistoryEvent, amount: bigint): void => {
  const { rule } = replay;
  const order = rule.strategy === 'rules' ? rule.creditOrder : undefined;
  const original = replay.paidBy.get(event.ofEvent ?? -1) ?? noParts();
  const parts = noParts();
  let left = amount;
  for (const part of order ?? CREDIT_ORDER) {
    const key = keyOf(part);
    const share = order ? min(left, original[key]) : left;
    parts[key] += share;
    original[key] -= share;
    left -= share;
  }
  oweAgain(replay.state, event.businessDate, parts);
  note(replay, event.type, event.businessDate, amount, { ...parts, overpaymentMinor: left });
};

const recordOutstanding = (replay: Replay, event: HistoryEvent): void => {
  replay.state = accrueTo(replay.state, event.date);
  if (event.type === 'charge_off' && replay.terms.chargeOffBehaviour === 'zero_interest') {
    replay.state.model.pauses.push({ from: event.date, to: END_OF_TIME });
    settleResidual(replay.state.model);
    refresh(replay.state);
  }
  const { totalMinor, ...parts } = outstanding(replay.state);
  note(replay, event.type, event.date, totalMinor, { ...parts, overpaymentMinor: 0n });
};

const changeTerms = ({ state }: Replay, event: HistoryEvent): void => {
  if (event.type === 'interest_pause' && event.from && event.to) {
    state.model.pauses.push({ from: addDays(event.from, -1), to: event.to });
    settleResidual(state.model);
  } else if (event.newInterestRatePercent !== undefined) {
    changeRate(state.model, event.date, event.newInterestRatePercent);
  }
  refresh(state);
};

const unsupported = (event: HistoryEvent): never => {
  throw new ContractViolation(`events of type ${event.type} cannot be replayed`, [
    { field: `events.${String(event.i)}`, code: 'history/unsupported', message: event.type },
  ]);
};

const step = (replay: Replay, event: HistoryEvent): void => {
  const amount = event.amountMinor ?? 0n;
  switch (event.type) {
    case 'disbursement':
      return payTranche(replay, event.date, amount);
    case 'repayment':
    case 'goodwill_credit':
    case 'merchant_issued_refund':
    case 'payout_refund':
    case 'interest_payment_waiver':
      replay.paidBy.set(event.i, { ...payIn(replay, event.type, event.date, amount) });
      return;
    case 'payoff':
      payIn(replay, 'repayment', event.date, payoffAmount(replay.state, event.date));
      return;
    case 'charge':
      return charge(replay.state, event.date, event.chargeType ?? 'fee', amount);
    case 'chargeback':
      return chargeBack(replay, event, amount);
    case 'credit_balance_refund':
      replay.state.overpaidMinor -= amount;
      return note(replay, event.type, event.date, amount, { ...none(), overpaymentMinor: amount });
    case 'charge_off':
    case 'write_off':
      return recordOutstanding(replay, event);
    case 'reschedule':
    case 'interest_pause':
      return changeTerms(replay, event);
    case 'reversal':
    case 'end_of_day':
      return;
    default:
      return unsupported(event);
  }
};

/**
 * The loan at a checkpoint, replayed from nothing: reversed events are taken out, the rest is put in the order in
 * which it took effect (ties by index). An event type that is not known is a ContractViolation.
 */
export const replayHistory = (
  terms: LoanTerms,
  allocation: AllocationRule,
  events: readonly HistoryEvent[],
  checkpoint: Checkpoint,
): ReplayedLoan => {
  const seen = events.slice(0, checkpoint.afterEvents);
  const reversed = new Set(seen.filter((e) => e.type === 'reversal').map((e) => e.ofEvent));
  const effective = seen
    .filter((e) => !reversed.has(e.i))
    .map((event) => ({ event, date: effectiveDate(event) }))
    .sort((a, b) => (a.date === b.date ? a.event.i - b.event.i : a.date < b.date ? -1 : 1));
  const dates = effective.filter((e) => e.event.type === 'disbursement').map((e) => e.date);
  const disbursementDate = dates[0] ?? terms.disbursementDate;
  const replay: Replay = {
    state: plannedLoan({ ...terms, disbursementDate }),
    terms,
    rule: allocation,
    transactions: [],
    paidBy: new Map(),
  };
  for (const { event } of effective) step(replay, event);
  const asOf = checkpoint.overdueInterestAsOf;
  const state = asOf === null ? replay.state : accrueTo(replay.state, asOf);
  return { state, transactions: replay.transactions };
};
