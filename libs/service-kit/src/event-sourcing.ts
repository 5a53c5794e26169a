import { ConcurrencyConflict, deterministicId } from '@daftari/kernel';
import type { MessageDefinition } from '@daftari/contracts';
import {
  type EventStore,
  type Expected,
  type NewEvent,
  type RecordedEvent,
  StreamNotFound,
} from '@daftari/event-store';
import type { IntegrationMessage } from '@daftari/messaging';
import { currentTrace } from './trace.js';

/** What every event says about where it came from. */
export interface EventMeta {
  readonly tenantId: string;
  readonly actorId: string;
  readonly correlationId: string;
  readonly causationId: string;
  readonly ip?: string;
  readonly userAgent?: string;
}

/** Injection token of the service's event store (TransactionalEventStore). */
export const EVENT_STORE = Symbol('EventStore');

/** Folds a stream. revision null: the stream does not exist. */
export const loadState = async <S>(
  store: EventStore,
  stream: string,
  initial: S,
  evolve: (state: S, event: RecordedEvent) => S,
): Promise<{ state: S; revision: bigint | null }> => {
  let state = initial;
  let revision: bigint | null = null;
  try {
    for await (const event of store.readStream(stream)) {
      state = evolve(state, event);
      revision = event.revision;
    }
  } catch (error) {
    if (!(error instanceof StreamNotFound)) throw error;
  }
  return { state, revision };
};

/** The expectation that fits a revision that was read: exact, or no_stream. Money never uses another. */
export const expectedOf = (revision: bigint | null): Expected => revision ?? 'no_stream';

const traceOfNow = (): { traceparent?: string } => {
  const traceparent = currentTrace()?.traceparent;
  return traceparent === undefined ? {} : { traceparent };
};

/** Events ready to append. Ids derive from the command, so a retry of the same command is recognised. */
export const newEvents = (
  meta: EventMeta,
  commandId: string,
  events: readonly { readonly type: string; readonly data: unknown }[],
): NewEvent[] =>
  events.map((event, index) => ({
    id: deterministicId('event', commandId, String(index)),
    type: event.type,
    data: event.data,
    metadata: { schemaVersion: '1', ...meta, ...traceOfNow() },
  }));

/** Runs again when another writer was faster, at most `attempts` times in all. */
export const retryConflict = async <T>(work: () => Promise<T>, attempts = 3): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ConcurrencyConflict) || attempt >= attempts) throw error;
    }
  }
};

const field = (event: RecordedEvent, name: string): string => event.metadata[name] ?? '';

/** The integration message that an event of the log becomes; its id derives from the event's, so a repeat is recognised. */
export const integrationMessage = (
  event: RecordedEvent,
  definition: MessageDefinition,
  key: string,
  data: unknown,
  subject: string = event.stream,
): IntegrationMessage => ({
  id: deterministicId(definition.type, event.id, key),
  type: definition.type,
  topic: definition.topic,
  key,
  source: `/daftari/${definition.type.split('.')[1] ?? 'unknown'}`,
  subject,
  time: event.recordedAt.toISOString(),
  tenantId: field(event, 'tenantId'),
  correlationId: field(event, 'correlationId'),
  causationId: event.id,
  sequence: event.revision.toString(),
  ...(event.metadata['traceparent'] && { traceparent: event.metadata['traceparent'] }),
  data,
});

/** A message for the outbox of a service that keeps plain tables. */
export const messageFrom = (
  definition: MessageDefinition,
  message: {
    readonly id: string;
    readonly key: string;
    readonly tenantId: string;
    readonly correlationId: string;
    readonly causationId?: string;
    readonly source: string;
    readonly subject?: string;
    readonly time: Date;
    readonly data: unknown;
  },
): IntegrationMessage => ({
  ...traceOfNow(),
  ...message,
  time: message.time.toISOString(),
  type: definition.type,
  topic: definition.topic,
});

/** The metadata of events that a message causes. */
export const metaOfMessage = (message: IntegrationMessage, actorId = 'system'): EventMeta => ({
  tenantId: message.tenantId,
  actorId,
  correlationId: message.correlationId,
  causationId: message.id,
});
