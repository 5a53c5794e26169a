import { eventStoreMigrations } from '@daftari/event-store';
import { busMigrations, outboxMigrations, relayMigrations } from '@daftari/messaging';
import { startPostgres, type TestPostgres } from '@daftari/testing';
import { Pool } from 'pg';
import { migrate } from '../migrate.js';
import { jobMigrations } from '../queue/index.js';
import { kitMigrations } from './kit-migrations.js';
import { type Migration, Migrator } from './migrations.js';

const first: Migration = {
  name: '20260101_000001_first',
  up: 'create table first_table(id int)',
  down: 'drop table first_table',
};
const second: Migration = {
  name: '20260102_000001_second',
  up: 'create table second_table(id int)',
  down: 'drop table second_table',
};
const broken: Migration = {
  name: '20260103_000001_broken',
  up: 'create table third_table(id int); select 1 / 0',
  down: 'drop table third_table',
};

describe('migrations', () => {
  let postgres: TestPostgres;
  let databases = 0;

  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  const emptyDatabase = (): Promise<string> => postgres.createDatabase(`m${String(++databases)}`);
  const withPool = async <T>(url: string, work: (pool: Pool) => Promise<T>): Promise<T> => {
    const pool = new Pool({ connectionString: url });
    pool.on('error', () => undefined); // a connection that is being closed may hear the server stop
    try {
      return await work(pool);
    } finally {
      await pool.end();
    }
  };
  const tablesOf = (url: string): Promise<string[]> =>
    withPool(url, async (pool) => {
      const { rows } = await pool.query<{ name: string }>(
        `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind in ('r', 'i', 'S') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
         and c.relname not like 'schema_migration%' order by 1`,
      );
      return rows.map(({ name }) => name);
    });

  it('leaves none of a batch applied when one of it fails', async () => {
    const url = await emptyDatabase();
    await expect(migrate(url, [first, broken], 'up')).rejects.toThrow('division by zero');
    expect(await tablesOf(url)).toEqual([]);
    expect((await migrate(url, [first, broken], 'status')).lines).toEqual([
      'missing  20260101_000001_first',
      'missing  20260103_000001_broken',
    ]);
  });

  it('reverts the newest batch only', async () => {
    const url = await emptyDatabase();
    await migrate(url, [first], 'up');
    await migrate(url, [first, second], 'up');
    expect((await migrate(url, [first, second], 'down')).lines).toEqual([
      'reverted 20260102_000001_second',
    ]);
    expect(await tablesOf(url)).toEqual(['public.first_table']);
    expect((await migrate(url, [first, second], 'up')).lines).toEqual([
      'applied 20260102_000001_second',
    ]);
    expect((await migrate(url, [first, second], 'up')).lines).toEqual(['nothing to do']);
  });

  it('verifies: missing, changed and unknown migrations are each a difference', async () => {
    const url = await emptyDatabase();
    expect(await migrate(url, [first], 'verify')).toEqual({
      ok: false,
      lines: ['missing 20260101_000001_first'],
    });
    await migrate(url, [first, second], 'up');
    expect((await migrate(url, [first, second], 'verify')).ok).toBe(true);
    const edited = { ...first, up: `${first.up}; select 1` };
    expect(await migrate(url, [edited], 'verify')).toEqual({
      ok: false,
      lines: ['changed 20260101_000001_first', 'unknown 20260102_000001_second'],
    });
  });

  it('lets one of several processes that start at once migrate', async () => {
    const url = await emptyDatabase();
    const reports = await Promise.all([1, 2, 3].map(() => migrate(url, [first, second], 'up')));
    expect(reports.flatMap(({ lines }) => lines).sort()).toEqual([
      'applied 20260101_000001_first',
      'applied 20260102_000001_second',
      'nothing to do',
      'nothing to do',
    ]);
  });

  it.each([
    ['kit', kitMigrations],
    ['outbox', outboxMigrations],
    ['relay', relayMigrations],
    ['bus', busMigrations],
    ['jobs', jobMigrations],
    ['event store', eventStoreMigrations],
  ] as const)('takes the tables of the %s away again and makes them anew', async (_name, all) => {
    const url = await emptyDatabase();
    await migrate(url, all, 'up');
    const made = await tablesOf(url);
    await migrate(url, all, 'down');
    expect(await tablesOf(url)).toEqual([]);
    await migrate(url, all, 'up');
    expect(await tablesOf(url)).toEqual(made);
  });

  it('does not drop an event log that holds events', async () => {
    const url = await emptyDatabase();
    await migrate(url, eventStoreMigrations, 'up');
    await withPool(url, async (pool) => {
      await pool.query(
        `select es.append('{"stream": "s-1", "expected": -1, "events":
         [{"id": "0198c2f0-0000-7000-8000-000000000001", "type": "Made", "data": "{}", "meta": "{}"}]}')`,
      );
      await expect(new Migrator(pool, eventStoreMigrations).down()).rejects.toThrow(
        'es.event holds events',
      );
      const { rows } = await pool.query('select count(*)::int as n from es.event');
      expect(rows).toEqual([{ n: 1 }]);
    });
  });
});
