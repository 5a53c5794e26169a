import { setTimeout as delay } from 'node:timers/promises';
import {
  ConcurrencyConflict,
  ContractViolation,
  InvariantViolation,
  Unavailable,
} from '@daftari/kernel';

const RETRY_MAX_MS = 60_000;
const TRANSIENT_CODE =
  /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|57P0\d|08\w{3}|40001|40P01|53\d{3}|55P03|57014)$/;
const CONNECTION_LOST =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query runner already released/;

/** Will the same message succeed later, by itself? Then its partition waits for it: order and money come first. */
export const isTransient = (error: unknown): boolean => {
  if (error instanceof Unavailable || error instanceof ConcurrencyConflict) return true;
  if (!(error instanceof Error)) return false;
  if ('code' in error && TRANSIENT_CODE.test(String(error.code))) return true;
  if (CONNECTION_LOST.test(error.message)) return true;
  return error.cause !== undefined && isTransient(error.cause);
};

/** What becomes of a message after a failed try. */
export type Verdict = 'retry' | 'later' | 'dead-letter' | 'stop';

/** Must the messages of a topic be handled in their order? */
export type Order = 'strict' | 'loose';

/**
 * The table of errors (style §9): our own fault stops, the sender's fault is put aside, the rest is tried again.
 * What waits for a dependency holds its partition where order is strict; where it is not, it waits on the retry topic.
 */
export const verdictOn = (
  error: unknown,
  attempt: number,
  limits: { readonly maxAttempts: number; readonly order?: Order },
): Verdict => {
  if (error instanceof InvariantViolation) return 'stop';
  if (error instanceof ContractViolation) return 'dead-letter';
  if (attempt < limits.maxAttempts) return 'retry';
  if (!isTransient(error)) return 'dead-letter';
  return limits.order === 'loose' ? 'later' : 'retry';
};

/** Exponential, capped, with full jitter: so that consumers that failed together do not come back together. */
export const retryDelayMs = (
  attempt: number,
  baseMs: number,
  random: () => number = Math.random,
): number => Math.ceil(random() * Math.min(baseMs * 2 ** Math.min(attempt - 1, 20), RETRY_MAX_MS));

/** Runs until it succeeds, for ever; gives up only when the signal says stop. */
export const retryForever = async <T>(
  run: () => Promise<T>,
  options: {
    readonly signal: AbortSignal;
    readonly baseMs: number;
    readonly onRetry: (error: Error, attempt: number) => void;
  },
): Promise<T | undefined> => {
  for (let attempt = 1; !options.signal.aborted; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (error instanceof InvariantViolation) throw error;
      options.onRetry(error instanceof Error ? error : new Error(String(error)), attempt);
      const wait = retryDelayMs(Math.min(attempt, 6), options.baseMs);
      await delay(wait, undefined, { signal: options.signal }).catch(() => undefined);
    }
  }
  return undefined;
};
