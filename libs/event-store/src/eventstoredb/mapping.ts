import { InvalidArgument } from '../errors.js';
import type { EventMetadata, GlobalPosition, PrefixFilter, RecordedEvent } from '../port.js';
import type { ClientEvent, ClientPosition } from './client.js';

/** Name of this backend and prefix of its positions. */
export const KDB = 'kdb';

const POSITION = /^kdb:(\d{20})\/(\d{20})$/;
const MAX_UINT64 = 2n ** 64n - 1n;
const NAMESPACE = /^[a-z0-9_.]{0,60}$/;

const padded = (n: bigint): string => n.toString().padStart(20, '0');

/** `kdb:<commit, 20 digits>/<prepare, 20 digits>`: the order of the texts is the order of the log. */
export const positionFrom = ({ commit, prepare }: ClientPosition): GlobalPosition =>
  `${KDB}:${padded(commit)}/${padded(prepare)}` as GlobalPosition;

/** The numbers in a position of this backend. Errors: InvalidArgument for another backend's. */
export const clientPosition = (position: GlobalPosition): ClientPosition => {
  const [, commit = '', prepare = ''] = POSITION.exec(position) ?? [];
  const numbers = { commit: BigInt(commit || -1), prepare: BigInt(prepare || -1) };
  if (numbers.commit < 0n || numbers.commit > MAX_UINT64 || numbers.prepare > MAX_UINT64)
    throw new InvalidArgument(`${position} is not a position of this store`);
  return numbers;
};

/**
 * One server holds the logs of several services: all streams of one begin with its namespace, which nobody outside of
 * the adapter sees. It has no hyphen, so a category (the name up to its first hyphen) stays one.
 */
export class Namespace {
  constructor(readonly prefix: string) {
    if (!NAMESPACE.test(prefix))
      throw new InvalidArgument(
        `${JSON.stringify(prefix)} is no namespace: at most 60 of a-z, 0-9, dot and underscore`,
      );
  }

  /** The name on the server. */
  name(stream: string): string {
    return this.prefix + stream;
  }

  /** Whether an event is in this log and passes the filter. The server's own events never do. */
  holds(event: ClientEvent, filter?: PrefixFilter): boolean {
    if (event.streamId.startsWith('$') || event.type.startsWith('$')) return false;
    if (!event.streamId.startsWith(this.prefix)) return false;
    if (!filter) return true;
    const text = filter.on === 'type' ? event.type : event.streamId.slice(this.prefix.length);
    return filter.prefixes.some((p) => text.startsWith(p));
  }

  /** An event of this log as the port gives it. */
  event(event: ClientEvent): RecordedEvent {
    return {
      id: event.id,
      type: event.type,
      data: event.data,
      metadata: (event.metadata ?? {}) as EventMetadata,
      stream: event.streamId.slice(this.prefix.length),
      revision: event.revision,
      // A server that does not tell the place of a stream's event gives the largest number twice.
      position: positionFrom(event.position ?? { commit: MAX_UINT64, prepare: MAX_UINT64 }),
      recordedAt: event.created,
    };
  }
}
