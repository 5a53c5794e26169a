import { InvalidArgument } from './errors.js';
import type { Expected, GlobalPosition, NewEvent, RecordedEvent } from './port.js';

/** Name of this backend and prefix of its positions. */
export const BACKEND = 'pg';

/** A row as the reads select it. */
export interface EventRow {
  readonly pos: string;
  readonly name: string;
  readonly revision: string;
  readonly event_id: string;
  readonly type: string;
  readonly data: Buffer;
  readonly metadata: Buffer;
  readonly created: Date;
}

/** What every read selects, from es.event e and es.stream s. */
export const EVENT_COLUMNS =
  'e.pos, s.name, e.revision, e.event_id, e.type, e.data, e.metadata, e.created';

/** `pg:<20 digits>`. */
export const positionOf = (pos: bigint): GlobalPosition =>
  `${BACKEND}:${pos.toString().padStart(20, '0')}` as GlobalPosition;

/** The number in a position of this backend; another backend's position is refused. */
export const numberOf = (position: GlobalPosition): bigint => {
  const match = /^pg:(\d{20})$/.exec(position);
  if (!match?.[1]) throw new InvalidArgument(`${position} is not a position of this store`);
  return BigInt(match[1]);
};

/** A row as an event. */
export const toEvent = (row: EventRow): RecordedEvent => ({
  id: row.event_id,
  type: row.type,
  data: JSON.parse(row.data.toString('utf8')) as unknown,
  metadata: JSON.parse(row.metadata.toString('utf8')) as Record<string, string>,
  stream: row.name,
  revision: BigInt(row.revision),
  position: positionOf(BigInt(row.pos)),
  recordedAt: row.created,
});

const EXPECTED = { no_stream: -1n, any: -2n, stream_exists: -4n } as const;

/** The append function's argument. */
export const appendArgument = (
  stream: string,
  events: readonly NewEvent[],
  expected: Expected,
): { json: string; bytes: number } => {
  if (events.length === 0) throw new InvalidArgument('An append needs at least one event');
  if (stream === '' || stream.startsWith('$'))
    throw new InvalidArgument(`${stream} is not a name for a stream`);
  if (typeof expected === 'bigint' && expected < 0n)
    throw new InvalidArgument('A revision is not negative');
  const body = events.map((e) => ({
    id: e.id,
    type: e.type,
    data: JSON.stringify(e.data ?? null),
    meta: JSON.stringify(e.metadata ?? {}),
  }));
  const bytes = body.reduce(
    (sum, e) => sum + Buffer.byteLength(e.data) + Buffer.byteLength(e.meta),
    0,
  );
  const code = typeof expected === 'bigint' ? expected : EXPECTED[expected];
  return { json: JSON.stringify({ stream, expected: code.toString(), events: body }), bytes };
};
