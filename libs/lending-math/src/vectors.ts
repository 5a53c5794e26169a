import { ContractViolation, type LocalDate } from '@daftari/kernel';
import type { AllocationRule } from './allocation.js';
import type { HistoryEvent } from './history.js';
import type { LoanTerms } from './terms.js';
import { readAllocation, readEvents } from './vector-events.js';
import { Fields, type Problem } from './vector-fields.js';
import { readTerms } from './vector-terms.js';

export { amountOf, minorOf, type Problem } from './vector-fields.js';

/** A moment of a history at which its loan is asked for. */
export interface VectorCheckpoint {
  readonly afterEvents: number;
  readonly businessDate: LocalDate;
  readonly overdueInterestAsOf: LocalDate | null;
}

/** A vector file as far as it is input. */
export type VectorInput =
  | { readonly kind: 'schedule'; readonly terms: LoanTerms }
  | {
      readonly kind: 'transactions';
      readonly terms: LoanTerms;
      readonly allocation: AllocationRule;
      readonly events: readonly HistoryEvent[];
      readonly checkpoints: readonly VectorCheckpoint[];
    };

const readCheckpoints = (file: Fields, events: readonly HistoryEvent[]): VectorCheckpoint[] => {
  const last = events.at(-1);
  if (!file.has('checkpoints')) {
    if (!last) return [];
    const { businessDate } = last;
    return [{ afterEvents: events.length, businessDate, overdueInterestAsOf: null }];
  }
  return file.children('checkpoints').flatMap((c) => {
    const afterEvents = c.count('afterEvents');
    const businessDate = c.date('businessDate');
    const overdueInterestAsOf = c.maybe('overdueInterestAsOf', (k) => c.date(k)) ?? null;
    if (afterEvents === undefined || businessDate === undefined) return [];
    if (!Number.isInteger(afterEvents) || afterEvents < 1 || afterEvents > events.length) {
      c.report('afterEvents', 'checkpoint/out-of-range', 'from 1 to the number of events');
    }
    return [{ afterEvents, businessDate, overdueInterestAsOf }];
  });
};

/**
 * Reads a vector file (format version 1). Everything wrong with it is listed at once, each with its path in the file
 * and a code; the input is usable when nothing is.
 */
export const readVector = (json: unknown): { input: VectorInput; problems: Problem[] } => {
  const problems: Problem[] = [];
  const file = new Fields(json, '', problems);
  const kind = file.has('kind')
    ? (file.choice('kind', ['schedule', 'transactions'] as const) ?? 'schedule')
    : file.has('events')
      ? 'transactions'
      : 'schedule';
  const terms = readTerms(file.child('terms'));
  if (kind === 'schedule') return { input: { kind, terms }, problems };
  const allocation = readAllocation(file.child('allocation'));
  const events = readEvents(file, terms);
  const checkpoints = readCheckpoints(file, events);
  return { input: { kind, terms, allocation, events, checkpoints }, problems };
};

/** A vector file as input. Anything wrong with it is a ContractViolation that lists all of it. */
export const parseVector = (json: unknown): VectorInput => {
  const { input, problems } = readVector(json);
  if (problems.length > 0) {
    throw new ContractViolation(
      'this is not a loan that makes sense',
      problems.map(({ path, code, message }) => ({ field: path, code, message })),
    );
  }
  return input;
};
