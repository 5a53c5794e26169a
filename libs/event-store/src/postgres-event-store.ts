import { crashPoint } from '@daftari/kernel';
import type { Pool, PoolClient } from 'pg';
import { AppendQueue, appendQuery, type Outcome, resultOf } from './append-queue.js';
import { BACKEND, checkAppend, schemaName } from './encoding.js';
import { normalise } from './failures.js';
import { Listener } from './listener.js';
import type {
  AppendResult,
  ChainReport,
  Expected,
  GlobalPosition,
  NewEvent,
  PrefixFilter,
  RecordedEvent,
  Subscription,
  SubscriptionHandlers,
  TransactionalEventStore,
} from './port.js';
import { PostgresReader, type ReadAllOptions, type ReadStreamOptions } from './postgres-reader.js';
import { type Feed, PollingSubscription } from './subscription.js';
import { verifyChain } from './verify-chain.js';

/** How the store is run. */
export interface PostgresEventStoreOptions {
  /** Where the migrations made the tables; 'es' unless told. */
  readonly schema?: string;
  /** How long a subscription sleeps when nothing wakes it; the notification is only a hint. 250 unless told. */
  readonly pollIntervalMs?: number;
  /** A direct connection for LISTEN; without it subscriptions poll, and hear only this process's own appends. */
  readonly listenConnectionString?: string;
}

class PostgresEventStore implements TransactionalEventStore {
  readonly backend = BACKEND;
  private readonly schema: string;
  private readonly pollMs: number;
  private readonly reader: PostgresReader;
  private readonly appends: AppendQueue;
  private readonly listener: Listener | undefined;
  private readonly wakers = new Set<() => void>();
  private readonly subscriptions = new Set<Subscription>();

  constructor(
    private readonly pool: Pool,
    options: PostgresEventStoreOptions,
  ) {
    this.schema = schemaName(options.schema);
    this.pollMs = options.pollIntervalMs ?? 250;
    this.reader = new PostgresReader(pool, this.schema);
    this.appends = new AppendQueue(pool, this.schema, this.wakeAll);
    if (options.listenConnectionString !== undefined)
      this.listener = new Listener(options.listenConnectionString, this.schema, this.wakeAll);
    // Without a listener, an idle connection that a database restart breaks would end the process. It outlives the
    // store: a pool that is ended closes its connections later, and they may still fail.
    if (!pool.listeners('error').includes(onIdleError)) pool.on('error', onIdleError);
  }

  async append(
    stream: string,
    events: readonly NewEvent[],
    { expected }: { expected: Expected },
  ): Promise<AppendResult> {
    return this.appends.add({ ...checkAppend(stream, events, expected), asked: expected });
  }

  async appendIn(
    tx: PoolClient,
    stream: string,
    events: readonly NewEvent[],
    { expected }: { expected: Expected },
  ): Promise<AppendResult> {
    const append = { ...checkAppend(stream, events, expected), asked: expected };
    crashPoint('append-before');
    // Not ambiguous: without the caller's commit nothing is written.
    const { rows } = await tx
      .query<Outcome>(appendQuery(this.schema, [append]))
      .catch((error: unknown) => {
        throw normalise(error, false);
      });
    crashPoint('append-after');
    return resultOf(append, rows[0]);
  }

  readStream(stream: string, options: ReadStreamOptions = {}): AsyncIterable<RecordedEvent> {
    return this.reader.readStream(stream, options);
  }

  readAll(options: ReadAllOptions): AsyncIterable<RecordedEvent> {
    return this.reader.readAll(options);
  }

  subscribeToStream(
    stream: string,
    { after }: { after: bigint | 'start' | 'end' },
    handlers: SubscriptionHandlers,
  ): Subscription {
    return this.subscribe(this.reader.streamFeed(stream, after), handlers);
  }

  subscribeToAll(
    { after, filter }: { after: GlobalPosition | 'start' | 'end'; filter?: PrefixFilter },
    handlers: SubscriptionHandlers,
  ): Subscription {
    return this.subscribe(this.reader.allFeed(after, filter), handlers);
  }

  async verify(): Promise<ChainReport> {
    return verifyChain(this.pool, { schema: this.schema });
  }

  async close(): Promise<void> {
    await Promise.all([...this.subscriptions].map((subscription) => subscription.stop()));
    await this.listener?.close();
    await this.appends.close();
  }

  private readonly wakeAll = (): void => {
    for (const wake of this.wakers) wake();
  };

  private subscribe(feed: Feed, handlers: SubscriptionHandlers): Subscription {
    const subscription: Subscription = new PollingSubscription(
      feed,
      {
        ...handlers,
        dropped: (reason) => {
          this.subscriptions.delete(subscription);
          handlers.dropped?.(reason);
        },
      },
      { wakers: this.wakers, pollMs: this.pollMs },
    );
    this.subscriptions.add(subscription);
    return subscription;
  }
}

/** The pool has already thrown the connection away; the next query opens another. */
const onIdleError = (): void => undefined;

/** The event store in PostgreSQL (ADR 0002). The pool's database must have `eventStoreMigrations`. */
export const createPostgresEventStore = (
  pool: Pool,
  options: PostgresEventStoreOptions = {},
): TransactionalEventStore => new PostgresEventStore(pool, options);
