import { setTimeout as delay } from 'node:timers/promises';

const SPREADS_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 100;
/** What a broker says of a topic that the controller has made and that has not reached it yet. */
const NOT_YET = ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION'];

const isNotYet = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  if ('errors' in error) return (error.errors as unknown[]).some(isNotYet);
  return 'type' in error && NOT_YET.includes(String(error.type));
};

/**
 * Tries again, for up to 30 s, what a broker refuses because it has not heard of a topic that exists. A topic is made
 * by the controller; each broker learns of it a moment after the answer.
 */
export const onceTopicIsKnown = async <T>(ask: () => Promise<T>): Promise<T> => {
  const deadline = performance.now() + SPREADS_WITHIN_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isNotYet(error) || performance.now() > deadline) throw error;
      await delay(LOOK_EVERY_MS);
    }
  }
};
