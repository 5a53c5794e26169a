import { AppendTooLarge, InvalidArgument } from './errors.js';
import type { Expected, GlobalPosition, NewEvent, RecordedEvent } from './port.js';

/** Name of this backend and prefix of its positions. */
export const BACKEND = 'pg';

/** The form of a position of either backend, for those who take one from outside. */
export const POSITION = /^(pg:\d{20}|kdb:\d{20}\/\d{20})$/;

/** The largest revision and position. */
export const MAX_INT64 = 9_223_372_036_854_775_807n;

const MAX_BYTES = 1024 * 1024;
const MAX_NAME = 512;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const SCHEMA = /^[a-z_][a-z0-9_]{0,40}$/;
const RESERVED_METADATA = new Set(['$correlationId', '$causationId']);

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

/** A name that can stand in SQL without quotes. */
export const schemaName = (name = 'es'): string => {
  if (!SCHEMA.test(name)) throw new InvalidArgument(`${name} is not a name for a schema`);
  return name;
};

/** What every read begins with. */
export const selectEvents = (schema: string): string =>
  `select e.pos, s.name, e.revision, e.event_id, e.type, e.data, e.metadata, e.created
   from ${schema}.event e join ${schema}.stream s using (stream_id)`;

/** `pg:<20 digits>`. */
export const positionOf = (pos: bigint): GlobalPosition =>
  `${BACKEND}:${pos.toString().padStart(20, '0')}` as GlobalPosition;

/** The number in a position of this backend; another backend's position is refused. */
export const numberOf = (position: GlobalPosition): bigint => {
  const match = /^pg:(\d{20})$/.exec(position);
  const pos = BigInt(match?.[1] ?? -1);
  if (pos < 0n || pos > MAX_INT64)
    throw new InvalidArgument(`${position} is not a position of this store`);
  return pos;
};

/** Refuses what no revision can be. */
export const checkRevision = (revision: bigint): bigint => {
  if (revision < 0n || revision > MAX_INT64)
    throw new InvalidArgument('A revision lies between 0 and 2^63-1');
  return revision;
};

/** Refuses what no limit can be. */
export const checkLimit = (limit: number): number => {
  if (!Number.isSafeInteger(limit) || limit < 0)
    throw new InvalidArgument('A limit is a whole number and not negative');
  return limit;
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

const checkName = (what: string, name: string): void => {
  const fits = name !== '' && [...name].length <= MAX_NAME && !/\p{Surrogate}/u.test(name);
  if (!fits || name.startsWith('$') || name.includes('\0'))
    throw new InvalidArgument(`${JSON.stringify(name)} is not a name for ${what}`);
};

const json = (value: unknown): string => {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new InvalidArgument(`The event is not JSON: ${String(error)}`);
  }
  if (text === undefined) throw new InvalidArgument('The event is not JSON');
  return text;
};

const encodeEvent = (event: NewEvent): { id: string; type: string; data: string; meta: string } => {
  if (!UUID.test(event.id)) throw new InvalidArgument(`${event.id} is not a UUID`);
  checkName('an event type', event.type);
  const metadata: Record<string, string | undefined> = event.metadata ?? {};
  for (const [key, value] of Object.entries(metadata))
    if (
      (value !== undefined && typeof value !== 'string') ||
      (key.startsWith('$') && !RESERVED_METADATA.has(key))
    )
      throw new InvalidArgument(`The metadata ${key} is reserved or not a string`);
  return { id: event.id, type: event.type, data: json(event.data ?? null), meta: json(metadata) };
};

const EXPECTED = { no_stream: -1n, any: -2n, stream_exists: -4n } as const;

/** An append that has been checked: the expectation as its number, and what is stored of each event. */
export interface CheckedAppend {
  readonly stream: string;
  readonly expected: bigint;
  readonly events: readonly { id: string; type: string; data: string; meta: string }[];
  readonly bytes: number;
}

/** Checks an append against the limits of the port. Errors: InvalidArgument, AppendTooLarge. */
export const checkAppend = (
  stream: string,
  events: readonly NewEvent[],
  expected: Expected,
): CheckedAppend => {
  checkName('a stream', stream);
  if (events.length === 0) throw new InvalidArgument('An append needs at least one event');
  const code = typeof expected === 'bigint' ? checkRevision(expected) : EXPECTED[expected];
  const body = events.map(encodeEvent);
  const size = (e: { data: string; meta: string }): number =>
    Buffer.byteLength(e.data) + Buffer.byteLength(e.meta);
  const bytes = body.reduce((sum, e) => sum + size(e), 0);
  if (bytes > MAX_BYTES) throw new AppendTooLarge(bytes);
  return { stream, expected: code, events: body, bytes };
};
