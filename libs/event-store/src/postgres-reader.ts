import type { Pool } from 'pg';
import {
  checkLimit,
  checkRevision,
  type EventRow,
  MAX_INT64,
  numberOf,
  positionOf,
  selectEvents,
  toEvent,
} from './encoding.js';
import { InvalidArgument, StreamNotFound } from './errors.js';
import { normalise } from './failures.js';
import type { EventStore, GlobalPosition, PrefixFilter, RecordedEvent } from './port.js';
import type { Feed } from './subscription.js';

/** Options of EventStore.readStream. */
export type ReadStreamOptions = NonNullable<Parameters<EventStore['readStream']>[1]>;
/** Options of EventStore.readAll. */
export type ReadAllOptions = Parameters<EventStore['readAll']>[0];

const PAGE = 500;
const FEED_PAGE = 200;

/** The store's reads. Positions are dense and in commit order, so `pos > last` misses nothing. */
export class PostgresReader {
  private readonly select: string;

  constructor(
    private readonly pool: Pool,
    private readonly schema: string,
  ) {
    this.select = selectEvents(schema);
  }

  async *readStream(stream: string, options: ReadStreamOptions): AsyncIterable<RecordedEvent> {
    const backwards = options.direction === 'backwards';
    const sql = `${this.select} where s.name = $1 and e.revision ${backwards ? '<=' : '>='} $2
      order by e.revision ${backwards ? 'desc' : 'asc'} limit $3`;
    let next = startOf(options.from, backwards);
    let left = checkLimit(options.limit ?? Number.MAX_SAFE_INTEGER);
    let known = false;
    while (left > 0) {
      const size = Math.min(left, PAGE);
      const rows = await this.query<EventRow>(sql, [stream, next.toString(), size]);
      const last = rows.at(-1);
      if (!last && !known && (await this.lastRevision(stream)) < 0n)
        throw new StreamNotFound(stream);
      known = true;
      for (const row of rows) yield toEvent(row);
      left -= rows.length;
      if (!last || rows.length < size) return;
      next = BigInt(last.revision) + (backwards ? -1n : 1n);
    }
  }

  async *readAll(options: ReadAllOptions): AsyncIterable<RecordedEvent> {
    const { filter } = options;
    const backwards = options.direction === 'backwards';
    const after = options.after ?? (backwards ? 'end' : 'start');
    let last = after === 'start' ? 0n : after === 'end' ? MAX_INT64 : numberOf(after);
    let left = checkLimit(options.limit);
    const column = filter?.on === 'type' ? 'e.type' : 's.name';
    const sql = `${this.select} where e.pos ${backwards ? '<' : '>'} $1
      ${filter ? `and exists (select 1 from unnest($3::text[]) p where starts_with(${column}, p))` : ''}
      order by e.pos ${backwards ? 'desc' : 'asc'} limit $2`;
    while (left > 0) {
      const size = Math.min(left, PAGE);
      const values = [last.toString(), size, ...(filter ? [[...filter.prefixes]] : [])];
      const rows = await this.query<EventRow>(sql, values);
      for (const row of rows) yield toEvent(row);
      left -= rows.length;
      const end = rows.at(-1);
      if (!end || rows.length < size) return;
      last = BigInt(end.pos);
    }
  }

  /** What follows a revision of one stream; a stream that does not exist yet is waited for. */
  streamFeed(stream: string, after: bigint | 'start' | 'end'): Feed {
    const sql = `${this.select} where s.name = $1 and e.revision > $2 order by e.revision limit ${String(FEED_PAGE)}`;
    return {
      start: async () => {
        if (typeof after === 'bigint') return checkRevision(after);
        return after === 'start' ? -1n : this.lastRevision(stream);
      },
      next: async (last) => {
        const events = (await this.query<EventRow>(sql, [stream, last.toString()])).map(toEvent);
        return { events, end: events.at(-1)?.revision ?? last };
      },
    };
  }

  /** What follows a position of the log. The filter runs here, so a quiet one still moves its checkpoint. */
  allFeed(after: GlobalPosition | 'start' | 'end', filter?: PrefixFilter): Feed {
    const wanted = (event: EventRow): boolean =>
      filter?.prefixes.some((p) =>
        (filter.on === 'type' ? event.type : event.name).startsWith(p),
      ) ?? true;
    const sql = `${this.select} where e.pos > $1 order by e.pos limit ${String(FEED_PAGE)}`;
    return {
      start: () => this.startAfter(after),
      next: async (last) => {
        const rows = await this.query<EventRow>(sql, [last.toString()]);
        const end = rows.at(-1);
        return { events: rows.filter(wanted).map(toEvent), end: end ? BigInt(end.pos) : last };
      },
      checkpoint: positionOf,
    };
  }

  private async startAfter(after: GlobalPosition | 'start' | 'end'): Promise<bigint> {
    if (after === 'start') return 0n;
    const end = await this.lastPosition();
    const position = after === 'end' ? end : numberOf(after);
    // A log that was put back from an older copy: to wait there would skip what is written next.
    if (position > end) throw new InvalidArgument(`${after} lies past the end of the log`);
    return position;
  }

  private async lastRevision(stream: string): Promise<bigint> {
    const sql = `select revision from ${this.schema}.stream where name = $1`;
    const rows = await this.query<{ revision: string }>(sql, [stream]);
    return BigInt(rows[0]?.revision ?? -1);
  }

  private async lastPosition(): Promise<bigint> {
    const sql = `select pos from ${this.schema}.event order by pos desc limit 1`;
    const rows = await this.query<{ pos: string }>(sql);
    return BigInt(rows[0]?.pos ?? 0);
  }

  private async query<R extends object>(text: string, values: unknown[] = []): Promise<R[]> {
    try {
      return (await this.pool.query<R>(text, values)).rows;
    } catch (error) {
      throw normalise(error, false);
    }
  }
}

const startOf = (from: bigint | 'start' | 'end' | undefined, backwards: boolean): bigint => {
  if (from === 'end' || (from === undefined && backwards)) return MAX_INT64;
  return from === undefined || from === 'start' ? 0n : checkRevision(from);
};
