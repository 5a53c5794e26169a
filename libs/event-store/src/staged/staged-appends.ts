import type { Pool, PoolClient } from 'pg';
import type { NewEvent } from '../port.js';
import type { Head } from './chain.js';

/** The channel that is told of a staged append when its transaction commits. */
export const STAGED_CHANNEL = 'staged_append';

/** The name under which a stream is locked. */
const LOCK = "hashtextextended('daftari.staged.' || $1, 0)";
const STREAMS = 200;

/** An append that was decided and not yet written. */
export interface StagedAppend {
  readonly id: string;
  /** The revision that it comes after; -1 before the first. */
  readonly after: bigint;
  readonly events: readonly NewEvent[];
}

/** The table of staged appends. Whoever reads or changes a stream's rows holds its lock until the transaction ends. */
export class StagedAppends {
  constructor(private readonly pool: Pool) {}

  async lock(tx: PoolClient, stream: string): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock(${LOCK})`, [stream]);
  }

  async tryLock(tx: PoolClient, stream: string): Promise<boolean> {
    const sql = `select pg_try_advisory_xact_lock(${LOCK}) as mine`;
    const { rows } = await tx.query<{ mine: boolean }>(sql, [stream]);
    return rows[0]?.mine ?? false;
  }

  async add(
    tx: PoolClient,
    { stream, after, events, head }: Omit<StagedAppend, 'id'> & { stream: string; head: Head },
  ): Promise<void> {
    await tx.query(
      'insert into staged_append(stream, after_revision, last_revision, last_hash, events) values ($1, $2, $3, $4, $5)',
      [stream, after.toString(), head.revision.toString(), head.hash, JSON.stringify(events)],
    );
    await tx.query(`notify ${STAGED_CHANNEL}`);
  }

  /** The head that the staged appends of a stream make; undefined when there are none. */
  async head(tx: PoolClient, stream: string): Promise<Head | undefined> {
    const { rows } = await tx.query<{ revision: string; hash: string }>(
      'select last_revision::text as revision, last_hash as hash from staged_append where stream = $1 order by id desc limit 1',
      [stream],
    );
    return rows[0] && { revision: BigInt(rows[0].revision), hash: rows[0].hash };
  }

  /** A stream's staged appends, in the order of their commits. */
  async of(tx: PoolClient, stream: string): Promise<StagedAppend[]> {
    const { rows } = await tx.query<{ id: string; after: string; events: string }>(
      'select id::text, after_revision::text as after, events from staged_append where stream = $1 order by id',
      [stream],
    );
    return rows.map(({ id, after, events }) => ({
      id,
      after: BigInt(after),
      events: JSON.parse(events) as NewEvent[],
    }));
  }

  async remove(tx: PoolClient, id: string): Promise<void> {
    await tx.query('delete from staged_append where id = $1', [id]);
  }

  async has(stream: string): Promise<boolean> {
    const sql = 'select from staged_append where stream = $1 limit 1';
    return (await this.pool.query(sql, [stream])).rows.length > 0;
  }

  /** The streams that have some, the oldest first. */
  async streams(): Promise<string[]> {
    const { rows } = await this.pool.query<{ stream: string }>(
      `select stream from staged_append group by stream order by min(id) limit ${String(STREAMS)}`,
    );
    return rows.map(({ stream }) => stream);
  }
}
