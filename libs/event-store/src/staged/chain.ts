import { createHash } from 'node:crypto';
import type { ChainReport, EventStore, GlobalPosition, NewEvent, RecordedEvent } from '../port.js';

/** The metadata key that holds an event's hash; nobody outside of this folder sees it. */
const KEY = 'chainHash';
/** What the first event of a stream is chained to. */
export const GENESIS = '0'.repeat(64);

/** The last event of a stream; revision -1 before the first. */
export interface Head {
  readonly revision: bigint;
  readonly hash: string;
}

/** Nothing has been written. */
export const EMPTY: Head = { revision: -1n, hash: GENESIS };

interface Link {
  readonly stream: string;
  readonly revision: bigint;
  readonly event: Pick<NewEvent, 'id' | 'type' | 'data' | 'metadata'>;
}

/** SHA-256 of one event and its predecessor's hash. Lengths stand before texts, so no byte can change its field unseen. */
const hashOf = (previous: string, { stream, revision, event }: Link): string => {
  const data = JSON.stringify(event.data ?? null);
  const metadata = JSON.stringify(event.metadata ?? {});
  const { id, type } = event;
  const lengths = [stream, type, data, metadata].map((text) => Buffer.byteLength(text));
  return createHash('sha256')
    .update(Buffer.from(previous, 'hex'))
    .update([...lengths, stream, revision, id, type, data, metadata].join('|'))
    .digest('hex');
};

/** The events with their hashes, and the head that they make. */
export const chained = (
  stream: string,
  head: Head,
  events: readonly NewEvent[],
): { readonly events: NewEvent[]; readonly head: Head } => {
  let { revision, hash } = head;
  const linked = events.map((event) => {
    revision += 1n;
    hash = hashOf(hash, { stream, revision, event });
    return { ...event, metadata: { ...event.metadata, [KEY]: hash } };
  });
  return { events: linked, head: { revision, hash } };
};

/** The head that a stored event is. One that was written by another hand has no hash: what follows it is chained to nothing. */
export const headOf = ({ revision, metadata }: RecordedEvent): Head => ({
  revision,
  hash: metadata[KEY] ?? GENESIS,
});

/** The event without its hash. */
export const unchained = (event: RecordedEvent): RecordedEvent => {
  const { [KEY]: _, ...metadata } = event.metadata;
  return { ...event, metadata };
};

/** Recomputes every stream's chain over the whole log, in its order. Memory grows with the number of streams. */
export const verifyStreams = async (store: EventStore): Promise<ChainReport> => {
  const heads = new Map<string, Head>();
  let events = 0;
  let gaps = 0;
  let bad: GlobalPosition | undefined;
  let log = GENESIS;
  for await (const stored of store.readAll({ limit: Number.MAX_SAFE_INTEGER })) {
    const { stream, revision } = stored;
    const before = heads.get(stream) ?? EMPTY;
    const head = headOf(stored);
    events++;
    gaps += Number(revision - before.revision - 1n);
    if (head.hash !== hashOf(before.hash, { stream, revision, event: unchained(stored) }))
      bad ??= stored.position;
    heads.set(stream, head);
    log = createHash('sha256').update(log).update(head.hash).digest('hex');
  }
  const ok = bad === undefined && gaps === 0;
  return { ok, events, gaps, headHash: log, ...(bad !== undefined && { firstBadPosition: bad }) };
};
