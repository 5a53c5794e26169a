import type { Pool, PoolClient } from 'pg';

interface Migration {
  readonly name: string;
  readonly up: string;
  readonly down: string;
}

/** Rows of one statement: a purge never holds many locks or writes much log at once. */
const MOST_AT_ONCE = 5_000;

/**
 * What every consumer has read goes after its time. What a group has not read stays, however old: a consumer that was
 * down loses nothing. Dead letters stay until people have dealt with them.
 */
export const busPurgeMigration: Migration = {
  name: '20260601_000021_bus_purge',
  up: `
alter table bus.topic drop column retention;
create index bus_message_ts on bus.message(ts);
create function bus.purge(p_retention interval, p_most int) returns bigint language plpgsql as $$
declare v_gone bigint;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('bus:purge', 0)) then return 0; end if;
  delete from bus.message m using (
    select x.topic, x.partition, x."offset" from bus.message x
    where x.ts < clock_timestamp() - p_retention and position('.dlq.' in x.topic) = 0
      and not exists (select 1 from bus.lease l where l.topic = x.topic and l.partition = x.partition and l.committed <= x."offset")
    order by x.ts limit p_most) old
  where m.topic = old.topic and m.partition = old.partition and m."offset" = old."offset";
  get diagnostics v_gone = row_count;
  return v_gone;
end $$;`,
  down: `
drop function bus.purge(interval, int);
drop index bus.bus_message_ts;
alter table bus.topic add column retention interval not null default '30 days';`,
};

const untilLess = async (batch: () => Promise<number>): Promise<number> => {
  for (let gone = 0; ;) {
    const last = await batch();
    gone += last;
    if (last < MOST_AT_ONCE) return gone;
  }
};

/** Deletes messages of the PostgreSQL bus that are older than `days` and read by every group; gives how many. */
export const purgeBus = (bus: Pool, days: number): Promise<number> =>
  untilLess(async () => {
    const { rows } = await bus.query<{ gone: string }>(
      'select bus.purge(make_interval(days => $1), $2) as gone',
      [days, MOST_AT_ONCE],
    );
    return Number(rows[0]?.gone ?? 0);
  });

/** A table whose rows go after a time; `column` is when a row was written. Names come from code, never from users. */
export interface Expiring {
  readonly table: string;
  readonly column: string;
  readonly days: number;
  /** SQL of the rows that may go; left out: all. */
  readonly only?: string;
}

/** Deletes the rows of a table that are too old; gives how many. Safe beside another process that does the same. */
export const purgeTable = (
  db: Pool | PoolClient,
  { table, column, days, only = 'true' }: Expiring,
): Promise<number> =>
  untilLess(async () => {
    const { rowCount } = await db.query(
      `delete from ${table} where ctid in (
         select ctid from ${table} where ${column} < now() - make_interval(days => $1) and ${only} limit $2 for update skip locked)`,
      [days, MOST_AT_ONCE],
    );
    return rowCount ?? 0;
  });
