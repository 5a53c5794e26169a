import { setTimeout as delay } from 'node:timers/promises';
import { checkAppend } from '../encoding.js';
import { AmbiguousAppend, StoreUnavailable } from '../errors.js';
import type {
  AppendResult,
  EventStore,
  Expected,
  GlobalPosition,
  NewEvent,
  PrefixFilter,
  RecordedEvent,
  Subscription,
  SubscriptionHandlers,
} from '../port.js';
import { retryAppend } from '../retry-append.js';
import { CatchUp, type Source } from './catch-up.js';
import { type EventStoreDbClient, type EventStoreDbDriver, openClient } from './client.js';
import { normaliseClientError } from './failures.js';
import { KDB, Namespace, positionFrom } from './mapping.js';
import { EventStoreDbReader } from './reader.js';
import { Slots } from './slots.js';

/** How the store is reached. */
export interface EventStoreDbOptions {
  /** `esdb://…` or `kurrentdb://…`, with everything else (TLS, credentials, nodes) that a connection string can say. */
  readonly url: string;
  /** 'eventstore' unless told. */
  readonly driver?: EventStoreDbDriver;
  /** What all its streams begin with on the server, so that several logs can share one; '' unless told. */
  readonly namespace?: string;
  /** How long the answer to an append is waited for; 10,000 unless told. */
  readonly appendTimeoutMs?: number;
}

/**
 * Both clients send all appends over one call, and when that breaks while a write waits for the network they leave a
 * rejection that nobody hears, which would end the process. Below the call's buffer of 16 no write ever waits.
 */
const APPENDS_AT_ONCE = 12;
const DISPOSE_MS = 1_000;

class EventStoreDb implements EventStore {
  readonly backend = KDB;
  private closed = false;
  private readonly reader: EventStoreDbReader;
  private readonly slots = new Slots(APPENDS_AT_ONCE);
  private readonly subscriptions = new Set<Subscription>();

  constructor(
    private readonly client: EventStoreDbClient,
    private readonly space: Namespace,
    private readonly timeoutMs: number,
  ) {
    this.reader = new EventStoreDbReader(client, space);
  }

  async append(
    stream: string,
    events: readonly NewEvent[],
    { expected }: { expected: Expected },
  ): Promise<AppendResult> {
    const { bytes } = checkAppend(stream, events, expected);
    const send = async (): Promise<AppendResult> => {
      if (this.closed) throw new StoreUnavailable('The event store is closed');
      try {
        return await this.slots.use(() => this.within(this.send(stream, events, expected)));
      } catch (error) {
        throw normaliseClientError(error, { stream, append: { expected, bytes } });
      }
    };
    return retryAppend(send, () => this.closed);
  }

  readStream(
    stream: string,
    options: Parameters<EventStore['readStream']>[1] = {},
  ): AsyncIterable<RecordedEvent> {
    return this.reader.readStream(stream, options);
  }

  readAll(options: Parameters<EventStore['readAll']>[0]): AsyncIterable<RecordedEvent> {
    return this.reader.readAll(options);
  }

  subscribeToStream(
    stream: string,
    { after }: { after: bigint | 'start' | 'end' },
    handlers: SubscriptionHandlers,
  ): Subscription {
    return this.follow(this.reader.streamSource(stream, after), handlers);
  }

  subscribeToAll(
    { after, filter }: { after: GlobalPosition | 'start' | 'end'; filter?: PrefixFilter },
    handlers: SubscriptionHandlers,
  ): Subscription {
    return this.follow(this.reader.allSource(after, filter), handlers);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.subscriptions].map((subscription) => subscription.stop()));
    await this.slots.idle();
    // A call that was stopped with events unread never says that it is over.
    await Promise.race([this.client.dispose(), delay(DISPOSE_MS, undefined, { ref: false })]);
  }

  private async send(
    stream: string,
    events: readonly NewEvent[],
    expected: Expected,
  ): Promise<AppendResult> {
    const { nextExpectedRevision, position } = await this.client.appendToStream(
      this.space.name(stream),
      events.map(({ id, type, data, metadata }) => ({
        id,
        type,
        contentType: 'application/json' as const,
        data: data ?? null,
        metadata: metadata ?? {},
      })),
      { expectedRevision: expected, streamState: expected, requiresLeader: true },
    );
    return { nextExpectedRevision, ...(position && { position: positionFrom(position) }) };
  }

  /** The clients wait for an answer for ever when the server takes the append and says nothing. */
  private async within<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new AmbiguousAppend(`No answer within ${String(this.timeoutMs)} ms`, 200));
      }, this.timeoutMs);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private follow<P>(source: Source<P>, handlers: SubscriptionHandlers): Subscription {
    const subscription: Subscription = new CatchUp(source, {
      ...handlers,
      dropped: (reason) => {
        this.subscriptions.delete(subscription);
        handlers.dropped?.(reason);
      },
    });
    this.subscriptions.add(subscription);
    return subscription;
  }
}

/**
 * The event store on EventStoreDB or KurrentDB, 23.10 or newer (ADR 0007). Nothing is sent before the first call.
 * Errors: InvalidArgument for an address or namespace of another form, and for a client package that is missing.
 */
export const createEventStoreDb = async (options: EventStoreDbOptions): Promise<EventStore> => {
  const space = new Namespace(options.namespace ?? '');
  const client = await openClient(options.url, options.driver ?? 'eventstore');
  return new EventStoreDb(client, space, options.appendTimeoutMs ?? 10_000);
};
