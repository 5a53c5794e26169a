import type { PoolClient } from 'pg';

/** What the writer believes about a stream before it appends. Money uses 'no_stream' or an exact revision only. */
export type Expected = 'any' | 'no_stream' | 'stream_exists' | bigint;

/** An opaque, lexicographically ordered place in one store's log: `pg:…` or `kdb:…`. Never computed by callers. */
export type GlobalPosition = string & { readonly __position: unique symbol };

/** Metadata is a flat string map on both backends. */
export type EventMetadata = Readonly<Record<string, string>>;

/** An event to append. `id` is a UUID derived from its cause, so that a retry is recognised. */
export interface NewEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata?: EventMetadata;
}

/** A stored event. `revision` is its dense place in the stream, `position` its place in the whole log. */
export interface RecordedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: EventMetadata;
  readonly stream: string;
  readonly revision: bigint;
  readonly position: GlobalPosition;
  readonly recordedAt: Date;
}

/** What an append gives. No 'was it a repeat' flag: KurrentDB does not tell. */
export interface AppendResult {
  readonly nextExpectedRevision: bigint;
  readonly position?: GlobalPosition;
}

/** Only streams (or types) whose name starts with one of the prefixes. */
export interface PrefixFilter {
  readonly on: 'stream' | 'type';
  readonly prefixes: readonly string[];
}

/** Called one after the other; the next event waits until the promise of the last one settles. */
export interface SubscriptionHandlers {
  readonly event: (event: RecordedEvent) => Promise<void>;
  /** Also called when a filtered log moved on without a match; store it. */
  readonly checkpoint?: (position: GlobalPosition) => Promise<void>;
  readonly caughtUp?: () => void;
  /** Called once, with the reason when it was not `stop`. */
  readonly dropped?: (reason?: Error) => void;
}

/** A running subscription. `stop` waits for the handler that is running. */
export interface Subscription {
  stop(): Promise<void>;
}

/** The event store port: the portable subset of KurrentDB and PostgreSQL (ADR 0002). */
export interface EventStore {
  /** Prefix of this store's positions ('pg' or 'kdb'); a checkpoint of another backend is refused. */
  readonly backend: string;
  /**
   * Appends all events or none. Errors: WrongExpectedRevision, StreamDeleted, AppendTooLarge (over 1 MiB),
   * StoreUnavailable, AmbiguousAppend (retry with the same ids and expectation).
   */
  append(
    stream: string,
    events: readonly NewEvent[],
    options: { expected: Expected },
  ): Promise<AppendResult>;
  /** Inclusive of `from`. Errors: StreamNotFound, StreamDeleted. */
  readStream(
    stream: string,
    options?: {
      from?: bigint | 'start' | 'end';
      direction?: 'forwards' | 'backwards';
      limit?: number;
    },
  ): AsyncIterable<RecordedEvent>;
  /** Exclusive of `after`. */
  readAll(options: {
    after?: GlobalPosition | 'start' | 'end';
    direction?: 'forwards' | 'backwards';
    limit: number;
    filter?: PrefixFilter;
  }): AsyncIterable<RecordedEvent>;
  /** Exclusive of `after`; a stream that does not exist yet is waited for. */
  subscribeToStream(
    stream: string,
    options: { after: bigint | 'start' | 'end' },
    handlers: SubscriptionHandlers,
  ): Subscription;
  /** Exclusive of `after`. */
  subscribeToAll(
    options: { after: GlobalPosition | 'start' | 'end'; filter?: PrefixFilter },
    handlers: SubscriptionHandlers,
  ): Subscription;
  close(): Promise<void>;
}

/** What a check of the whole log found. */
export interface ChainReport {
  readonly ok: boolean;
  readonly events: number;
  /** How many events are missing. */
  readonly gaps: number;
  readonly firstBadPosition?: string;
  /** Stands for the whole log: SHA-256, hex; 64 zeros of an empty one. */
  readonly headHash: string;
}

/**
 * A store that can also append with the caller's own transaction on the service's database, so that an inbox row and
 * the events that it caused commit together. The append holds a lock until the transaction ends: keep it short.
 * Events of one transaction are in the log right after its commit, and no later than the next read of their stream.
 */
export interface TransactionalEventStore extends EventStore {
  /** Recomputes the hashes of the whole log. */
  verify(): Promise<ChainReport>;
  appendIn(
    tx: PoolClient,
    stream: string,
    events: readonly NewEvent[],
    options: { expected: Expected },
  ): Promise<AppendResult>;
}
