import type {
  EventStore,
  GlobalPosition,
  NewEvent,
  TransactionalEventStore,
} from '@daftari/event-store';
import { ConcurrencyConflict } from '@daftari/kernel';
import type { BusProducer, OutgoingMessage } from '@daftari/messaging';
import type { Pool } from 'pg';
import * as metrics from './metrics.js';
import type { ServiceDefinition } from './service.js';
import { startSpan, traceparentFrom } from './trace.js';

/** A circuit breaker, as far as it is watched; opossum's fits. */
export interface WatchedBreaker {
  readonly name: string;
  on(event: 'open' | 'halfOpen' | 'close', heard: () => void): unknown;
}

/** Shows a breaker's state in `circuit_breaker_state`. */
export const watchBreaker = (breaker: WatchedBreaker): void => {
  const set = (state: number) => (): void => {
    metrics.breakerState.set({ breaker: breaker.name }, state);
  };
  set(0)();
  breaker.on('open', set(1));
  breaker.on('halfOpen', set(0.5));
  breaker.on('close', set(0));
};

/** What is known of a call to a provider when it has ended. */
export interface EndedProviderCall {
  readonly provider: string;
  readonly operation: string;
  readonly durationMs: number;
  readonly status?: number;
  /** `notSent: reason` or `unknown: reason` when there was no answer. */
  readonly error?: string;
}

/** Counts a call to a provider. */
export const observeProviderCall = (call: EndedProviderCall): void => {
  const { provider, operation, durationMs, status, error } = call;
  const outcome =
    status === undefined
      ? (error?.split(':')[0] ?? 'unknown')
      : `${String(Math.floor(status / 100))}xx`;
  metrics.providerDuration.observe({ provider, operation, outcome }, durationMs / 1_000);
};

const sendTraced = async (
  producer: BusProducer,
  messages: readonly OutgoingMessage[],
): Promise<void> => {
  const sent = messages.map((message) => {
    const parent = traceparentFrom(message.headers['traceparent']);
    const span = startSpan({
      name: `send ${message.topic}`,
      kind: 'producer',
      ...(parent && { parent }),
      attributes: {
        'messaging.operation.type': 'send',
        'messaging.destination.name': message.topic,
        'messaging.message.id': message.headers['ce_id'] ?? '',
      },
    });
    const headers = span && { headers: { ...message.headers, traceparent: span.traceparent } };
    return { message: { ...message, ...headers }, span };
  });
  let failed = true;
  try {
    await producer.send(sent.map(({ message }) => message));
    failed = false;
  } finally {
    for (const { span } of sent) span?.end({}, failed);
  }
};

/** The same producer, with a span and a count for each message that the bus has taken. */
export const observedProducer = (producer: BusProducer): BusProducer => ({
  async send(messages) {
    await sendTraced(producer, messages);
    for (const { topic, headers } of messages)
      metrics.publishedMessages.inc({ topic, type: headers['ce_type'] ?? 'unknown' });
  },
  close: () => producer.close(),
});

const timedAppend = async <T>(
  events: readonly NewEvent[],
  append: () => Promise<T>,
): Promise<T> => {
  const end = metrics.appendDuration.startTimer();
  try {
    const result = await append();
    end({ outcome: 'ok' });
    metrics.eventsAppended.inc(events.length);
    return result;
  } catch (error) {
    end({ outcome: error instanceof ConcurrencyConflict ? 'conflict' : 'failed' });
    throw error;
  }
};

/** The same store, whose appends are measured; inside a transaction of the caller the commit is not part of the time. */
export const measuredStore = <S extends EventStore>(store: S): S =>
  new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const method = (...given: unknown[]): unknown =>
        (value as (...given: unknown[]) => unknown).apply(target, given);
      if (name === 'append')
        return (...given: Parameters<EventStore['append']>) =>
          timedAppend(given[1], async () => method(...given));
      if (name === 'appendIn')
        return (...given: Parameters<TransactionalEventStore['appendIn']>) =>
          timedAppend(given[2], async () => method(...given));
      return method;
    },
  });

const secondsSince = (date: Date): number => Math.max(0, (Date.now() - date.getTime()) / 1_000);

const readOutbox = async (pool: Pool): Promise<void> => {
  const { rows } = await pool.query<{ waiting: string; age: string }>(
    'select count(*) as waiting, coalesce(extract(epoch from now() - min(created_at)), 0) as age from outbox',
  );
  metrics.outboxDepth.set(Number(rows[0]?.waiting));
  metrics.outboxAge.set(Number(rows[0]?.age));
};

const CHECKPOINTS = {
  relay: 'select name, position from relay_checkpoint',
  projection: 'select name, position from projection_checkpoint',
} as const;

const readFollowers = async (
  pool: Pool,
  store: Pick<EventStore, 'readAll'>,
  kind: keyof typeof CHECKPOINTS,
): Promise<void> => {
  const { rows } = await pool.query<{ name: string; position: string }>(CHECKPOINTS[kind]);
  for (const { name, position } of rows) {
    let age = 0;
    const after = position === '' ? 'start' : (position as GlobalPosition);
    for await (const event of store.readAll({ after, limit: 1 }))
      age = secondsSince(event.recordedAt);
    metrics.followerLag.set({ kind, name }, age);
  }
};

const readWork = async (
  pool: Pool,
  work: NonNullable<ServiceDefinition['work']>,
): Promise<void> => {
  for (const { queue, state, count } of await work(pool))
    metrics.backgroundWork.set({ queue, state }, count);
};

/** What is read at every scrape. */
export interface Observed {
  readonly pool: Pool;
  readonly store?: Pick<EventStore, 'readAll'>;
  readonly work?: ServiceDefinition['work'] | undefined;
}

/** Shows lag, depth and age of all that a service does in the background. Gives the function that ends it. */
export const observeService = ({ pool, store, work }: Observed): (() => void) => {
  const ends = [
    metrics.readAtScrape(() => {
      metrics.poolConnections.set({ state: 'open' }, pool.totalCount);
      metrics.poolConnections.set({ state: 'idle' }, pool.idleCount);
      metrics.poolConnections.set({ state: 'waiting' }, pool.waitingCount);
    }),
    metrics.readAtScrape(() => readOutbox(pool)),
    ...(work ? [metrics.readAtScrape(() => readWork(pool, work))] : []),
    ...(store
      ? [
          metrics.readAtScrape(() => readFollowers(pool, store, 'relay')),
          metrics.readAtScrape(() => readFollowers(pool, store, 'projection')),
        ]
      : []),
  ];
  return () => {
    for (const end of ends) end();
  };
};
