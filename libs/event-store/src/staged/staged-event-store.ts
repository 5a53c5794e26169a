import { InvariantViolation } from '@daftari/kernel';
import type { Pool, PoolClient } from 'pg';
import { checkAppend } from '../encoding.js';
import { StreamNotFound, WrongExpectedRevision } from '../errors.js';
import { normalise } from '../failures.js';
import type {
  AppendResult,
  ChainReport,
  EventStore,
  Expected,
  GlobalPosition,
  NewEvent,
  PrefixFilter,
  RecordedEvent,
  Subscription,
  SubscriptionHandlers,
  TransactionalEventStore,
} from '../port.js';
import { inTransaction } from '../transaction.js';
import { chained, EMPTY, type Head, headOf, unchained, verifyStreams } from './chain.js';
import { StagedAppends } from './staged-appends.js';

type ReadStreamOptions = Parameters<EventStore['readStream']>[1];
type ReadAllOptions = Parameters<EventStore['readAll']>[0];

const ANY = -2n;
const STREAM_EXISTS = -4n;
const CACHED_HEADS = 10_000;

/** What a staged store can do beside its port. */
export interface StagedEventStore extends TransactionalEventStore {
  /** Writes what is staged of every stream that nobody else works on; gives how many streams it touched. */
  deliver(): Promise<number>;
}

class Staged implements StagedEventStore {
  readonly backend: string;
  private readonly staged: StagedAppends;
  private readonly heads = new Map<string, Head>();

  constructor(
    private readonly store: EventStore,
    private readonly pool: Pool,
  ) {
    this.backend = store.backend;
    this.staged = new StagedAppends(pool);
  }

  async append(
    stream: string,
    events: readonly NewEvent[],
    { expected }: { expected: Expected },
  ): Promise<AppendResult> {
    checkAppend(stream, events, expected);
    return this.transaction(async (tx) => {
      await this.staged.lock(tx, stream);
      await this.deliverIn(tx, stream);
      // The expectation is the fence: where it is met, this is the head.
      const known = expected === 'no_stream' ? EMPTY : this.heads.get(stream);
      const isFenced = expected === 'no_stream' || known?.revision === expected;
      const head = known && isFenced ? known : await this.headOf(stream);
      const linked = chained(stream, head, events);
      const result = await this.store.append(stream, linked.events, { expected });
      if (result.nextExpectedRevision === linked.head.revision) this.remember(stream, linked.head);
      return result;
    }, true);
  }

  /** Under 'any' only the caller's own row tells a repeat; with an exact expectation the events do. */
  async appendIn(
    tx: PoolClient,
    stream: string,
    events: readonly NewEvent[],
    { expected }: { expected: Expected },
  ): Promise<AppendResult> {
    const { expected: number } = checkAppend(stream, events, expected);
    try {
      await this.staged.lock(tx, stream);
      const head = (await this.staged.head(tx, stream)) ?? (await this.headOf(stream));
      const isFree = number === ANY || (number === STREAM_EXISTS && head.revision >= 0n);
      if (!isFree && number !== head.revision) {
        if (number < -1n || !(await this.isRepeat(tx, stream, number, events)))
          throw new WrongExpectedRevision(
            stream,
            expected,
            head.revision < 0n ? null : head.revision,
          );
        return { nextExpectedRevision: number + BigInt(events.length) };
      }
      const linked = chained(stream, head, events);
      await this.staged.add(tx, { stream, after: head.revision, ...linked });
      return { nextExpectedRevision: linked.head.revision };
    } catch (error) {
      throw normalise(error, false); // Not ambiguous: without the caller's commit nothing is written.
    }
  }

  async *readStream(stream: string, options?: ReadStreamOptions): AsyncIterable<RecordedEvent> {
    await this.flush(stream);
    for await (const event of this.store.readStream(stream, options)) yield unchained(event);
  }

  async *readAll(options: ReadAllOptions): AsyncIterable<RecordedEvent> {
    await this.deliver();
    for await (const event of this.store.readAll(options)) yield unchained(event);
  }

  subscribeToStream(
    stream: string,
    options: { after: bigint | 'start' | 'end' },
    handlers: SubscriptionHandlers,
  ): Subscription {
    return this.store.subscribeToStream(stream, options, withoutHashes(handlers));
  }

  subscribeToAll(
    options: { after: GlobalPosition | 'start' | 'end'; filter?: PrefixFilter },
    handlers: SubscriptionHandlers,
  ): Subscription {
    return this.store.subscribeToAll(options, withoutHashes(handlers));
  }

  async verify(): Promise<ChainReport> {
    await this.deliver();
    return verifyStreams(this.store);
  }

  async deliver(): Promise<number> {
    const streams = await this.query(() => this.staged.streams());
    for (const stream of streams)
      await this.transaction(async (tx) => {
        if (await this.staged.tryLock(tx, stream)) await this.deliverIn(tx, stream);
      });
    return streams.length;
  }

  close(): Promise<void> {
    return this.store.close();
  }

  /** What was decided before is seen by what is decided now. */
  private async flush(stream: string): Promise<void> {
    if (!(await this.query(() => this.staged.has(stream)))) return;
    await this.transaction(async (tx) => {
      await this.staged.lock(tx, stream);
      await this.deliverIn(tx, stream);
    });
  }

  /** Writes a stream's staged appends in order. A repeat after a crash is recognised by ids and expectation. */
  private async deliverIn(tx: PoolClient, stream: string): Promise<void> {
    for (const { id, after, events } of await this.staged.of(tx, stream)) {
      const expected = after < 0n ? 'no_stream' : after;
      await this.store.append(stream, events, { expected }).catch((error: unknown) => {
        if (!(error instanceof WrongExpectedRevision)) throw error;
        throw new InvariantViolation(
          `${stream} was written by another hand: a committed append after ${String(after)} does not fit (${error.message})`,
        );
      });
      await this.staged.remove(tx, id);
    }
  }

  private async headOf(stream: string): Promise<Head> {
    const last = { from: 'end', direction: 'backwards', limit: 1 } as const;
    try {
      for await (const event of this.store.readStream(stream, last)) return headOf(event);
    } catch (error) {
      if (!(error instanceof StreamNotFound)) throw error;
    }
    return EMPTY;
  }

  /** Whether these events stand right after that revision already, written or staged. */
  private async isRepeat(
    tx: PoolClient,
    stream: string,
    after: bigint,
    events: readonly NewEvent[],
  ): Promise<boolean> {
    const ids = new Map<bigint, string>();
    for (const row of await this.staged.of(tx, stream))
      row.events.forEach(({ id }, i) => ids.set(row.after + 1n + BigInt(i), id));
    try {
      const slice = { from: after + 1n, limit: events.length };
      for await (const { id, revision } of this.store.readStream(stream, slice))
        ids.set(revision, id);
    } catch (error) {
      if (!(error instanceof StreamNotFound)) throw error;
    }
    return events.every(({ id }, i) => ids.get(after + 1n + BigInt(i)) === id);
  }

  private remember(stream: string, head: Head): void {
    this.heads.delete(stream);
    this.heads.set(stream, head);
    if (this.heads.size <= CACHED_HEADS) return;
    const [oldest] = this.heads.keys();
    if (oldest !== undefined) this.heads.delete(oldest);
  }

  private transaction<T>(work: (tx: PoolClient) => Promise<T>, writing = false): Promise<T> {
    return this.query(() => inTransaction(this.pool, work), writing);
  }

  private async query<T>(work: () => Promise<T>, writing = false): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw normalise(error, writing);
    }
  }
}

const withoutHashes = (handlers: SubscriptionHandlers): SubscriptionHandlers => ({
  ...handlers,
  event: (event) => handlers.event(unchained(event)),
});

/**
 * Gives a store without transactions the port's `appendIn` (ADR 0007): the append is decided and staged in the caller's
 * transaction, and written to the store after the commit, with the same ids and an exact expectation. All appends of the
 * streams must go through it. The pool's database must have `eventStoreMigrations`. Every stream is chained by SHA-256.
 */
export const createStagedEventStore = (store: EventStore, pool: Pool): StagedEventStore =>
  new Staged(store, pool);
