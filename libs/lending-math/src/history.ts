import type { LocalDate } from '@daftari/kernel';
import type { AllocationRule } from './allocation.js';
import {
  effectiveDate,
  START_OF_TIME,
  type Checkpoint,
  type HistoryEvent,
  type ReplayedLoan,
} from './history-event.js';
import { copyReplay, step, type Replay } from './history-steps.js';
import { copyLoan, plannedLoan } from './loan-state.js';
import { accrueTo } from './payoff.js';
import type { LoanTerms } from './terms.js';

export type * from './history-event.js';

/** A loan with the history that made it, to which further events can be added. Plain data, never changed in place. */
export interface LoanHistory {
  readonly terms: LoanTerms;
  readonly events: readonly HistoryEvent[];
  readonly replay: Readonly<Replay>;
  /** The date of the latest event taken in. */
  readonly upTo: LocalDate;
}

const inOrder = (events: readonly HistoryEvent[]): HistoryEvent[] => {
  const reversed = new Set(events.filter((e) => e.type === 'reversal').map((e) => e.ofEvent));
  return events
    .filter((e) => !reversed.has(e.i))
    .map((event) => ({ event, date: effectiveDate(event) }))
    .sort((a, b) => (a.date === b.date ? a.event.i - b.event.i : a.date < b.date ? -1 : 1))
    .map(({ event }) => event);
};

const isPayout = (event: HistoryEvent): boolean => event.type === 'disbursement';

/**
 * Replays a history from nothing: reversed events are taken out, the rest is put in the order in which it took effect
 * (ties by index). An event type that is not known is a ContractViolation.
 */
export const openHistory = (
  terms: LoanTerms,
  rule: AllocationRule,
  events: readonly HistoryEvent[],
): LoanHistory => {
  const effective = inOrder(events);
  const disbursementDate = effective.find(isPayout)?.date ?? terms.disbursementDate;
  const replay: Replay = {
    state: plannedLoan({ ...terms, disbursementDate }),
    rule,
    transactions: [],
    takenBack: new Map(),
    payoutCharges: [],
    overdueCharged: [],
  };
  for (const event of effective) step(replay, event);
  const last = effective.at(-1);
  return { terms, events, replay, upTo: last ? effectiveDate(last) : START_OF_TIME };
};

/**
 * The history with one more event. One that comes last costs the same however long the history is; one dated before
 * others, a reversal and the first payout replay the whole history.
 */
export const appendEvent = (history: LoanHistory, event: HistoryEvent): LoanHistory => {
  const { terms, replay } = history;
  const events = [...history.events, event];
  const date = effectiveDate(event);
  const firstPayout = isPayout(event) && replay.state.tranches.length === 0;
  if (date < history.upTo || event.type === 'reversal' || firstPayout) {
    return openHistory(terms, replay.rule, events);
  }
  const next = copyReplay({ ...replay, state: copyLoan(replay.state) });
  step(next, event);
  return { terms, events, replay: next, upTo: date };
};

/** The loan as its history has it, with interest on overdue principal up to `asOf` when given. */
export const loanOf = ({ replay }: LoanHistory, asOf: LocalDate | null = null): ReplayedLoan => ({
  state: asOf === null ? replay.state : accrueTo(replay.state, asOf),
  transactions: replay.transactions,
});

/** The loan at a checkpoint of a history, replayed from nothing. */
export const replayHistory = (
  terms: LoanTerms,
  allocation: AllocationRule,
  events: readonly HistoryEvent[],
  checkpoint: Checkpoint,
): ReplayedLoan =>
  loanOf(
    openHistory(terms, allocation, events.slice(0, checkpoint.afterEvents)),
    checkpoint.overdueInterestAsOf,
  );
