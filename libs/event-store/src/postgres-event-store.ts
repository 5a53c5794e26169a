import { setTimeout as delay } from 'node:timers/promises';
import { Client, type Pool, type PoolClient } from 'pg';
import {
  appendArgument,
  BACKEND,
  EVENT_COLUMNS,
  type EventRow,
  numberOf,
  positionOf,
  toEvent,
} from './encoding.js';
import {
  AmbiguousAppend,
  AppendTooLarge,
  InvalidArgument,
  StoreUnavailable,
  StreamNotFound,
  WrongExpectedRevision,
} from './errors.js';
import type {
  AppendResult,
  Expected,
  GlobalPosition,
  NewEvent,
  PrefixFilter,
  RecordedEvent,
  Subscription,
  SubscriptionHandlers,
  TransactionalEventStore,
} from './port.js';
import { type Feed, PollingSubscription } from './subscription.js';

/** How the store is run. */
export interface PostgresEventStoreOptions {
  /** How long a subscription sleeps when nothing wakes it; the notification is only a hint. */
  readonly pollIntervalMs?: number;
  /** A direct connection for LISTEN; without it subscriptions only poll. */
  readonly listenConnectionString?: string;
}

interface Outcome {
  readonly ok: boolean;
  readonly revision?: number | string;
  readonly pos?: number | string;
  readonly actual?: number | string;
}
interface Pending {
  readonly stream: string;
  readonly expected: Expected;
  readonly json: string;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

const MAX_BYTES = 1024 * 1024;
const MAX_BATCH = 64;
const RETRIES = 4;
const REFUSED = /ECONNREFUSED|ENOTFOUND|timeout exceeded when trying to connect|^57P03$|^53300$/;
const BROKEN = /ECONNRESET|EPIPE|Connection terminated|^57P0[12]$|^08/;

const describe = (error: unknown): string =>
  error instanceof Error
    ? `${'code' in error ? String(error.code) : ''} ${error.message}`
    : String(error);
const matches = (error: unknown, pattern: RegExp): boolean => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return pattern.test(code) || (error instanceof Error && pattern.test(error.message));
};

/** Turns a driver's failure into the port's errors; anything else stays as it is. */
const normalise = (error: unknown, writing: boolean): unknown => {
  if (matches(error, REFUSED))
    return new StoreUnavailable(`the event store does not answer: ${describe(error)}`, 500, {
      cause: error,
    });
  if (matches(error, BROKEN)) {
    return writing
      ? new AmbiguousAppend('the connection broke during an append', 200, { cause: error })
      : new StoreUnavailable('the connection to the event store broke', 500, { cause: error });
  }
  return error;
};

const resultOf = (stream: string, expected: Expected, outcome: Outcome): AppendResult => {
  if (!outcome.ok) {
    const actual = BigInt(outcome.actual ?? -1);
    throw new WrongExpectedRevision(stream, expected, actual < 0n ? null : actual);
  }
  return {
    nextExpectedRevision: BigInt(outcome.revision ?? 0),
    position: positionOf(BigInt(outcome.pos ?? 0)),
  };
};

class PostgresEventStore implements TransactionalEventStore {
  readonly backend = BACKEND;
  private readonly queue: Pending[] = [];
  private flushing = false;
  private readonly wakers = new Set<() => void>();
  private readonly subscriptions = new Set<Subscription>();
  private listener: Client | undefined;
  private closed = false;

  constructor(
    private readonly pool: Pool,
    private readonly options: PostgresEventStoreOptions,
  ) {
    if (options.listenConnectionString !== undefined)
      void this.listen(options.listenConnectionString);
  }

  append(
    stream: string,
    events: readonly NewEvent[],
    { expected }: { expected: Expected },
  ): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      const { json, bytes } = appendArgument(stream, events, expected);
      if (bytes > MAX_BYTES) throw new AppendTooLarge(bytes);
      this.queue.push({ stream, expected, json, resolve, reject });
      if (!this.flushing) void this.flush();
    });
  }

  async appendIn(
    tx: PoolClient,
    stream: string,
    events: readonly NewEvent[],
    { expected }: { expected: Expected },
  ): Promise<AppendResult> {
    const { json, bytes } = appendArgument(stream, events, expected);
    if (bytes > MAX_BYTES) throw new AppendTooLarge(bytes);
    const { rows } = await tx.query<{ outcome: Outcome }>({
      name: 'es_append',
      text: 'select es.append($1::jsonb) as outcome',
      values: [json],
    });
    return resultOf(stream, expected, rows[0]?.outcome ?? { ok: false });
  }

  async *readStream(
    stream: string,
    options: {
      from?: bigint | 'start' | 'end';
      direction?: 'forwards' | 'backwards';
      limit?: number;
    } = {},
  ): AsyncIterable<RecordedEvent> {
    const backwards = options.direction === 'backwards';
    let next = startOf(options.from, backwards);
    let left = options.limit ?? Number.MAX_SAFE_INTEGER;
    const known = await this.query<{ stream_id: string }>(
      'select stream_id from es.stream where name = $1',
      [stream],
    );
    const id = known[0]?.stream_id;
    if (id === undefined) throw new StreamNotFound(stream);
    const sql = `select ${EVENT_COLUMNS} from es.event e join es.stream s using (stream_id) where e.stream_id = $1 and e.revision ${backwards ? '<=' : '>='} $2 order by e.revision ${backwards ? 'desc' : 'asc'} limit $3`;
    while (left > 0) {
      const size = Math.min(left, 500);
      const rows = await this.query<EventRow>(sql, [id, next.toString(), size]);
      for (const row of rows) yield toEvent(row);
      left -= rows.length;
      const last = rows.at(-1);
      if (!last || rows.length < size) return;
      next = BigInt(last.revision) + (backwards ? -1n : 1n);
    }
  }

  async *readAll(options: {
    after?: GlobalPosition | 'start' | 'end';
    direction?: 'forwards' | 'backwards';
    limit: number;
    filter?: PrefixFilter;
  }): AsyncIterable<RecordedEvent> {
    const backwards = options.direction === 'backwards';
    const after = options.after ?? (backwards ? 'end' : 'start');
    if (after === (backwards ? 'start' : 'end')) return;
    const bound =
      after === 'start'
        ? '0'
        : after === 'end'
          ? '9223372036854775807'
          : numberOf(after).toString();
    const rows = await this.query<EventRow>(
      `select ${EVENT_COLUMNS} from es.event e join es.stream s using (stream_id)
       where e.pos ${backwards ? '<' : '>'} $1 and ($3::text[] is null or exists (select 1 from unnest($3::text[]) p where starts_with(${options.filter?.on === 'type' ? 'e.type' : 's.name'}, p)))
       order by e.pos ${backwards ? 'desc' : 'asc'} limit $2`,
      [bound, options.limit, options.filter ? [...options.filter.prefixes] : null],
    );
    for (const row of rows) yield toEvent(row);
  }

  subscribeToStream(
    stream: string,
    { after }: { after: bigint | 'start' | 'end' },
    handlers: SubscriptionHandlers,
  ): Subscription {
    const sql = `select ${EVENT_COLUMNS} from es.event e join es.stream s using (stream_id) where s.name = $1 and e.revision > $2 order by e.revision limit 200`;
    return this.subscribe(
      {
        start: async () =>
          typeof after === 'bigint' ? after : after === 'start' ? -1n : this.lastRevision(stream),
        next: async (last) => {
          const events = (await this.query<EventRow>(sql, [stream, last.toString()])).map(toEvent);
          return { events, end: events.at(-1)?.revision ?? last };
        },
      },
      handlers,
    );
  }

  subscribeToAll(
    { after, filter }: { after: GlobalPosition | 'start' | 'end'; filter?: PrefixFilter },
    handlers: SubscriptionHandlers,
  ): Subscription {
    const wanted = (event: RecordedEvent): boolean =>
      filter?.prefixes.some((p) =>
        (filter.on === 'type' ? event.type : event.stream).startsWith(p),
      ) ?? true;
    const sql = `select ${EVENT_COLUMNS} from es.event e join es.stream s using (stream_id) where e.pos > $1 order by e.pos limit 200`;
    return this.subscribe(
      {
        start: async () =>
          after === 'start' ? 0n : after === 'end' ? this.lastPosition() : numberOf(after),
        next: async (last) => {
          const rows = await this.query<EventRow>(sql, [last.toString()]);
          const end = rows.at(-1);
          return {
            events: rows.map(toEvent).filter(wanted),
            end: end ? BigInt(end.pos) : last,
            checkpoint: positionOf,
          };
        },
      },
      handlers,
    );
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.subscriptions].map((subscription) => subscription.stop()));
    await this.listener?.end().catch(() => undefined);
  }

  private subscribe(feed: Feed, handlers: SubscriptionHandlers): Subscription {
    const subscription = new PollingSubscription(
      feed,
      handlers,
      this.wakers,
      this.options.pollIntervalMs ?? 250,
      () => this.subscriptions.delete(subscription),
    );
    this.subscriptions.add(subscription);
    return subscription;
  }

  private async lastRevision(stream: string): Promise<bigint> {
    const rows = await this.query<{ revision: string }>(
      'select revision from es.stream where name = $1',
      [stream],
    );
    return BigInt(rows[0]?.revision ?? -1);
  }

  private async lastPosition(): Promise<bigint> {
    const rows = await this.query<{ pos: string }>(
      'select pos from es.event order by pos desc limit 1',
    );
    return BigInt(rows[0]?.pos ?? 0);
  }

  private async query<R extends object>(text: string, values: unknown[] = []): Promise<R[]> {
    try {
      return (await this.pool.query<R>(text, values)).rows;
    } catch (error) {
      throw normalise(error, false);
    }
  }

  /** Sends whatever has arrived as one statement and one commit; refusals are values, so one does not abort the rest. */
  private async flush(): Promise<void> {
    this.flushing = true;
    while (this.queue.length > 0) {
      const batch = this.queue.splice(0, MAX_BATCH);
      try {
        const outcomes = await this.write(batch.map((pending) => pending.json));
        batch.forEach((pending, index) => {
          try {
            pending.resolve(
              resultOf(pending.stream, pending.expected, outcomes[index] ?? { ok: false }),
            );
          } catch (error) {
            pending.reject(error);
          }
        });
      } catch (error) {
        for (const pending of batch) pending.reject(error);
      }
    }
    this.flushing = false;
  }

  /** An ambiguous failure is tried again with the same ids and expectations, which the store recognises. */
  private async write(jsons: readonly string[]): Promise<Outcome[]> {
    const text =
      'select es.append(x) as outcome from jsonb_array_elements($1::jsonb) with ordinality t(x, o) order by o';
    for (let attempt = 1; ; attempt++) {
      try {
        const { rows } = await this.pool.query<{ outcome: Outcome }>({
          name: 'es_append_many',
          text,
          values: [`[${jsons.join(',')}]`],
        });
        return rows.map((row) => row.outcome);
      } catch (error) {
        const known = normalise(error, true);
        if (
          !(known instanceof AmbiguousAppend || known instanceof StoreUnavailable) ||
          attempt >= RETRIES
        )
          throw known;
        await delay(100 * 2 ** attempt * (0.5 + Math.random()));
      }
    }
  }

  private async listen(connectionString: string): Promise<void> {
    while (!this.closed) {
      const client = new Client({ connectionString, connectionTimeoutMillis: 3_000 });
      try {
        const lost = new Promise<void>((resolve) => {
          client.once('error', () => {
            resolve();
          });
          client.once('end', () => {
            resolve();
          });
        });
        await client.connect();
        await client.query('listen es');
        this.listener = client;
        client.on('notification', () => {
          for (const wake of this.wakers) wake();
        });
        await lost;
      } catch {
        await client.end().catch(() => undefined);
      }
      if (!this.closed) await delay(500 + Math.random() * 500);
    }
  }
}

const startOf = (from: bigint | 'start' | 'end' | undefined, backwards: boolean): bigint => {
  if (from === 'end' || (from === undefined && backwards)) return 9_223_372_036_854_775_807n;
  if (from === undefined || from === 'start') return 0n;
  if (from < 0n || from > 9_223_372_036_854_775_807n)
    throw new InvalidArgument('A revision lies between 0 and 2^63-1');
  return from;
};

/** The event store in PostgreSQL (ADR 0002). The pool's database must have `eventStoreMigrations`. */
export const createPostgresEventStore = (
  pool: Pool,
  options: PostgresEventStoreOptions = {},
): TransactionalEventStore => new PostgresEventStore(pool, options);
