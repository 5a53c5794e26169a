import { setTimeout as delay } from 'node:timers/promises';
import { AmbiguousAppend, StoreUnavailable } from './errors.js';
import { backoffMs } from './signal.js';

const ATTEMPTS = 4;

/**
 * Runs an append, and again with the same ids and expectations when it failed in a way that may pass: the store
 * recognises what it has already written. `work` fails with the port's errors. One lost answer makes the whole
 * ambiguous, also when the last attempt was plainly refused.
 */
export const retryAppend = async <T>(
  work: () => Promise<T>,
  isClosed: () => boolean,
): Promise<T> => {
  let ambiguous: AmbiguousAppend | undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof AmbiguousAppend) ambiguous = error;
      else if (!(error instanceof StoreUnavailable)) throw error;
      if (attempt >= ATTEMPTS || isClosed()) throw ambiguous ?? error;
      await delay(backoffMs(attempt));
    }
  }
};
