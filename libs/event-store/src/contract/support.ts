import { randomUUID } from 'node:crypto';
import type {
  EventStore,
  GlobalPosition,
  NewEvent,
  RecordedEvent,
  Subscription,
  SubscriptionHandlers,
} from '../port.js';

/** What a case works on; filled before the first one. */
export interface Subject {
  readonly store: EventStore;
}

/** A stream that no other case uses. */
export const streamId = (prefix = 'contract'): string => `${prefix}-${randomUUID()}`;

/** An event with a fresh id. */
export const event = (changes: Partial<NewEvent> = {}): NewEvent => ({
  id: randomUUID(),
  type: 'Happened',
  data: {},
  metadata: {},
  ...changes,
});

/** `count` events whose data count from `from`. */
export const events = (count: number, from = 0): NewEvent[] =>
  Array.from({ length: count }, (_, n) => event({ data: { n: from + n } }));

/** Everything that a read gives. */
export const collect = async <T>(read: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of read) all.push(item);
  return all;
};

/** The revisions of a whole stream. */
export const revisions = async (store: EventStore, stream: string): Promise<bigint[]> =>
  (await collect(store.readStream(stream))).map((e) => e.revision);

/** 0n up to `count` - 1. */
export const upTo = (count: number): bigint[] => Array.from({ length: count }, (_, n) => BigInt(n));

/** The position of the last event of the log, 'start' in an empty one. */
export const headOf = async (store: EventStore): Promise<GlobalPosition | 'start'> => {
  const [last] = await collect(store.readAll({ after: 'end', direction: 'backwards', limit: 1 }));
  return last?.position ?? 'start';
};

/** What a subscription has told so far. */
export interface Recording {
  readonly events: RecordedEvent[];
  readonly checkpoints: GlobalPosition[];
  readonly log: string[];
  readonly dropped: (Error | undefined)[];
  caughtUp: number;
  readonly handlers: SubscriptionHandlers;
}

/** Handlers that record; `onEvent` runs inside the event handler. */
export const record = (
  onEvent: (e: RecordedEvent, index: number) => Promise<void> = async () => undefined,
): Recording => {
  const recording: Recording = {
    events: [],
    checkpoints: [],
    log: [],
    dropped: [],
    caughtUp: 0,
    handlers: {
      event: async (e) => {
        recording.events.push(e);
        recording.log.push('event');
        await onEvent(e, recording.events.length - 1);
      },
      checkpoint: async (position) => {
        recording.log.push('checkpoint-begins');
        await new Promise((resolve) => setImmediate(resolve));
        recording.checkpoints.push(position);
        recording.log.push('checkpoint-ends');
      },
      caughtUp: () => {
        recording.caughtUp++;
        recording.log.push('caught-up');
      },
      dropped: (reason) => {
        recording.dropped.push(reason);
      },
    },
  };
  return recording;
};

/** Runs `work` and stops the subscription, whatever happens. */
export const during = async (
  subscription: Subscription,
  work: () => Promise<void>,
): Promise<void> => {
  try {
    await work();
  } finally {
    await subscription.stop();
  }
};
