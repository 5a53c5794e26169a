/** What the writer believes about a stream, as the protocol numbers it: -1 no stream, -2 any, -4 exists, else exact. */
export type ExpectedNumber = bigint;

/** An event to write. */
export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** An event of the log. */
export interface StoredEvent extends ProposedEvent {
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
  readonly created: Date;
}

/** What became of an append. */
export type AppendOutcome =
  | { readonly result: 'ok'; readonly revision: bigint; readonly position: bigint }
  | { readonly result: 'wrong'; readonly current: bigint }
  | { readonly result: 'deleted' }
  | { readonly result: 'too-large'; readonly max: number };

interface Stream {
  readonly events: StoredEvent[];
  /** The first revision that can be read; past the last one: soft-deleted. */
  truncatedBefore: bigint;
  isTombstoned: boolean;
}

const NO_STREAM = -1n;
const ANY = -2n;
const STREAM_EXISTS = -4n;
const MAX_APPEND_BYTES = 1_048_576 + 65_536;
const SOFT_DELETED = 2n ** 63n - 1n;

type Decision =
  | { readonly kind: 'write' }
  | { readonly kind: 'repeat'; readonly last: StoredEvent }
  | { readonly kind: 'wrong' };

/**
 * A log in memory that decides appends as KurrentDB's `IndexWriter.CheckCommit` does: expectations, the two kinds of
 * idempotency, soft deletes, tombstones, and streams of which only metadata exists.
 */
export class InMemoryLog {
  readonly all: StoredEvent[] = [];
  private readonly streams = new Map<string, Stream>();
  private readonly listeners = new Set<() => void>();
  private recent = new Map<string, StoredEvent>();
  private end = 0n;

  /** Called after each write and delete, until the function that it gives is called. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** As a restart does: retries under `any` are no longer recognised. */
  forgetRecent(): void {
    this.recent = new Map();
  }

  append(
    name: string,
    expected: ExpectedNumber,
    proposed: readonly ProposedEvent[],
  ): AppendOutcome {
    const stream = this.streams.get(name);
    if (stream?.isTombstoned) return { result: 'deleted' };
    const bytes = proposed.reduce((sum, e) => sum + e.data.length + e.metadata.length, 0);
    if (bytes > MAX_APPEND_BYTES) return { result: 'too-large', max: MAX_APPEND_BYTES };
    const decision = this.decide(name, expected, proposed);
    if (decision.kind === 'wrong') return { result: 'wrong', current: this.current(name) };
    if (decision.kind === 'repeat') {
      const { revision, position } = decision.last;
      return { result: 'ok', revision, position };
    }
    const last = this.write(name, proposed);
    return { result: 'ok', revision: last?.revision ?? this.current(name), position: this.end };
  }

  /** Hides what the stream holds; a later write goes on with the revisions. Gives false when the expectation is wrong. */
  softDelete(name: string, expected: ExpectedNumber): AppendOutcome {
    const stream = this.streams.get(name);
    if (stream?.isTombstoned) return { result: 'deleted' };
    const current = this.current(name);
    const fits = expected === ANY ? current >= 0n || this.hasMetadata(name) : expected === current;
    if (!fits || (expected === NO_STREAM && !this.hasMetadata(name)))
      return { result: 'wrong', current };
    this.streamOf(name).truncatedBefore = SOFT_DELETED;
    this.changed();
    return { result: 'ok', revision: current, position: this.end };
  }

  /** Ends the stream for ever, also one that never was. */
  tombstone(name: string, expected: ExpectedNumber): AppendOutcome {
    const stream = this.streams.get(name);
    if (stream?.isTombstoned) return { result: 'deleted' };
    const current = this.current(name);
    if (expected !== ANY && expected !== current) return { result: 'wrong', current };
    this.write(name, [
      {
        id: '00000000-0000-4000-8000-000000000000',
        type: '$streamDeleted',
        contentType: 'application/octet-stream',
        data: new Uint8Array(),
        metadata: new Uint8Array(),
      },
    ]);
    this.streamOf(name).isTombstoned = true;
    this.changed();
    return { result: 'ok', revision: current, position: this.end };
  }

  /** What can be read of a stream, or why nothing can. */
  read(name: string): readonly StoredEvent[] | 'not-found' | 'deleted' {
    const stream = this.streams.get(name);
    if (stream?.isTombstoned) return 'deleted';
    if (!stream || stream.events.length === 0 || stream.truncatedBefore === SOFT_DELETED)
      return 'not-found';
    return stream.truncatedBefore === 0n
      ? stream.events
      : stream.events.filter((e) => e.revision >= stream.truncatedBefore);
  }

  private decide(
    name: string,
    expected: ExpectedNumber,
    proposed: readonly ProposedEvent[],
  ): Decision {
    const stream = this.streams.get(name);
    const current = this.current(name);
    const isSoftDeleted = stream?.truncatedBefore === SOFT_DELETED;
    if (expected === current) return { kind: 'write' };
    if (expected === ANY || expected === STREAM_EXISTS) {
      const exists = isSoftDeleted ? false : current >= 0n || this.hasMetadata(name);
      if (expected === STREAM_EXISTS && !exists) return { kind: 'wrong' };
      return this.weak(name, proposed);
    }
    if (expected > current) return { kind: 'wrong' };
    return this.strong(stream, expected, proposed, isSoftDeleted);
  }

  /** The ids must stand where the expectation says that they were written. */
  private strong(
    stream: Stream | undefined,
    expected: bigint,
    proposed: readonly ProposedEvent[],
    isSoftDeleted: boolean,
  ): Decision {
    const stored = proposed.map((_, i) => stream?.events[Number(expected) + 1 + i]);
    const same = stored.findIndex((event, i) => event?.id !== proposed[i]?.id);
    const last = stored.at(-1);
    if (same === -1 && last) return { kind: 'repeat', last };
    return same === 0 && expected === NO_STREAM && isSoftDeleted
      ? { kind: 'write' }
      : { kind: 'wrong' };
  }

  /** The ids are looked for among what was written lately; only the first one decides whether to write. */
  private weak(name: string, proposed: readonly ProposedEvent[]): Decision {
    const found = proposed.map(({ id }) => this.recent.get(`${name} ${id}`));
    const missing = found.indexOf(undefined);
    const last = found.at(-1);
    if (missing === -1 && last) return { kind: 'repeat', last };
    return missing === 0 ? { kind: 'write' } : { kind: 'wrong' };
  }

  private write(name: string, proposed: readonly ProposedEvent[]): StoredEvent | undefined {
    const stream = this.streamOf(name);
    if (stream.truncatedBefore === SOFT_DELETED)
      stream.truncatedBefore = BigInt(stream.events.length);
    for (const one of proposed) {
      // Positions are places of bytes: they grow, and are not dense.
      this.end += BigInt(100 + one.data.length + one.metadata.length);
      const event: StoredEvent = {
        ...one,
        stream: name,
        revision: BigInt(stream.events.length),
        position: this.end,
        created: new Date(),
      };
      stream.events.push(event);
      this.all.push(event);
      const key = `${name} ${one.id}`;
      if (!this.recent.has(key)) this.recent.set(key, event);
    }
    this.changed();
    return stream.events.at(-1);
  }

  private current(name: string): bigint {
    return BigInt(this.streams.get(name)?.events.length ?? 0) - 1n;
  }

  private hasMetadata(name: string): boolean {
    return (this.streams.get(`$$${name}`)?.events.length ?? 0) > 0;
  }

  private streamOf(name: string): Stream {
    const stream = this.streams.get(name) ?? {
      events: [],
      truncatedBefore: 0n,
      isTombstoned: false,
    };
    this.streams.set(name, stream);
    return stream;
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}
