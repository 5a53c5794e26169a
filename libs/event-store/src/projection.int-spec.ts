import { randomUUID } from 'node:crypto';
import { eventually, startPostgres, type TestPostgres } from '@daftari/testing';
import { Pool, type PoolClient } from 'pg';
import { event, events, headOf, streamId } from './contract/support.js';
import { StoreUnavailable } from './errors.js';
import { eventStoreMigrations } from './migrations.js';
import { createPostgresEventStore } from './postgres-event-store.js';
import { type Projection, ProjectionRunner } from './projection.js';

describe('ProjectionRunner', () => {
  let server: TestPostgres;
  const closing: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  afterAll(async () => {
    await server.stop();
  });

  const open = async () => {
    const connectionString = await server.createDatabase(`projection-${randomUUID()}`);
    const pool = new Pool({ connectionString });
    for (const migration of eventStoreMigrations) await pool.query(migration.up);
    await pool.query('create table tally(stream text primary key, n int not null)');
    const store = createPostgresEventStore(pool);
    closing.push(
      () => pool.end(),
      () => store.close(),
    );
    const total = async (): Promise<number> => {
      const sql = 'select coalesce(sum(n), 0)::int as n from tally';
      return (await pool.query<{ n: number }>(sql)).rows[0]?.n ?? -1;
    };
    const runner = (changes: Partial<Projection> = {}, onFatal?: (e: Error) => void) => {
      const projection = { ...tally, ...changes };
      const made = new ProjectionRunner({ store, pool, projection, ...(onFatal && { onFatal }) });
      closing.push(() => made.stop());
      return made;
    };
    return { pool, store, total, runner };
  };

  const count = (stream: string, tx: PoolClient) =>
    tx.query(
      'insert into tally values ($1, 1) on conflict (stream) do update set n = tally.n + 1',
      [stream],
    );
  const tally: Projection = {
    name: 'tally',
    handles: ['Happened'],
    ignores: ['Ignored'],
    apply: async (e, tx) => {
      await count(e.stream, tx);
    },
    reset: async (tx) => {
      await tx.query('delete from tally');
    },
  };

  it('catches up to the end of the log and tells its position', async () => {
    const { store, total, runner } = await open();
    const made = runner();
    expect(await made.position()).toBeNull();
    await made.catchUp();
    expect(await made.position()).toBeNull();
    await store.append(streamId(), events(450), { expected: 'no_stream' });
    await store.append(streamId(), [event({ type: 'Ignored' })], { expected: 'no_stream' });
    await made.catchUp();
    expect(await total()).toBe(450);
    expect(await made.position()).toBe(await headOf(store));
  });

  it('follows the log while it runs', async () => {
    const { store, total, runner } = await open();
    const made = runner();
    made.start();
    for (let n = 0; n < 10; n++) await store.append(streamId(), events(3), { expected: 'any' });
    await eventually(async () => (await total()) === 30);
    await made.stop();
    await store.append(streamId(), events(1), { expected: 'any' });
    expect(await total()).toBe(30);
  });

  it('a runner killed between handler and checkpoint has no double effect', async () => {
    const { pool, store, total, runner } = await open();
    await store.append('watched', events(10), { expected: 'no_stream' });
    let kills = 3;
    const made = runner({
      apply: async (e, tx) => {
        await count(e.stream, tx);
        if (e.revision !== 7n || kills-- <= 0) return;
        const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
        await pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
      },
    });
    made.start();
    await eventually(async () => (await total()) === 10, { withinMs: 20_000 });
    await made.stop();
    expect(kills).toBeLessThan(0);
    expect(await total()).toBe(10);
    expect(await made.position()).toBe(await headOf(store));
  });

  it('two runners of one projection count every event once', async () => {
    const { store, total, runner } = await open();
    const both = [runner(), runner()];
    for (const made of both) made.start();
    for (let n = 0; n < 40; n++) await store.append(streamId(), events(5), { expected: 'any' });
    await Promise.all(both.map((made) => made.catchUp()));
    await Promise.all(both.map((made) => made.stop()));
    expect(await total()).toBe(200);
  });

  it('an unknown event type stops it, with everything before it applied', async () => {
    const { store, total, runner } = await open();
    await store.append(streamId(), events(3), { expected: 'no_stream' });
    await store.append(streamId(), [event({ type: 'Surprise' })], { expected: 'no_stream' });
    await store.append(streamId(), events(3), { expected: 'no_stream' });
    const fatal: Error[] = [];
    const made = runner({}, (e) => fatal.push(e));
    made.start();
    await eventually(() => fatal.length > 0);
    expect(fatal[0]?.message).toContain('Surprise');
    expect(await total()).toBe(3);
    await expect(made.catchUp()).rejects.toThrow('Surprise');
    expect(await total()).toBe(3);
    expect(fatal).toHaveLength(1);
  });

  it('a handler with a fault stops it and leaves no part of the page', async () => {
    const { store, total, runner } = await open();
    await store.append(streamId(), events(3), { expected: 'no_stream' });
    const fatal: Error[] = [];
    const apply: Projection['apply'] = async (e, tx) => {
      await count(e.stream, tx);
      if (e.revision === 1n) throw new TypeError('a fault');
    };
    runner({ apply }, (e) => fatal.push(e)).start();
    await eventually(() => fatal.length > 0);
    expect(fatal[0]).toBeInstanceOf(TypeError);
    expect(await total()).toBe(0);
  });

  it('a failure that passes is tried again', async () => {
    const { store, total, runner } = await open();
    await store.append(streamId(), events(3), { expected: 'no_stream' });
    let failures = 2;
    const apply: Projection['apply'] = async (e, tx) => {
      await count(e.stream, tx);
      if (failures-- > 0) throw new StoreUnavailable('not now');
    };
    const fatal: Error[] = [];
    runner({ apply }, (e) => fatal.push(e)).start();
    await eventually(async () => (await total()) === 3);
    expect(fatal).toEqual([]);
  });

  it('a rebuild gives the same rows, also while it runs', async () => {
    const { store, total, runner, pool } = await open();
    await store.append(streamId(), events(300), { expected: 'no_stream' });
    const made = runner();
    made.start();
    await eventually(async () => (await total()) === 300);
    await pool.query("insert into tally values ('wrong', 7)");
    await made.rebuild();
    expect(await total()).toBe(300);
  });

  it('a new version is built from the start', async () => {
    const { store, total, runner } = await open();
    await store.append(streamId(), events(5), { expected: 'no_stream' });
    await runner().catchUp();
    const apply: Projection['apply'] = async (e, tx) => {
      await count(e.stream, tx);
      await count(`${e.stream}-twice`, tx);
    };
    await runner({ version: 2, apply }).catchUp();
    expect(await total()).toBe(10);
  });

  it('a filter that matches nothing moves the position all the same', async () => {
    const { store, total, runner } = await open();
    await store.append(streamId('loan'), events(5), { expected: 'no_stream' });
    await store.append(streamId('other'), [event({ type: 'Surprise' })], { expected: 'any' });
    const made = runner({ filter: { on: 'stream', prefixes: ['loan-'] } });
    await made.catchUp();
    expect(await total()).toBe(5);
    expect(await made.position()).toBe(await headOf(store));
  });

  it('a checkpoint of another backend is refused', async () => {
    const { pool, store, runner } = await open();
    await store.append(streamId(), events(1), { expected: 'no_stream' });
    await pool.query("insert into projection_checkpoint values ('tally', 'kdb', 'kdb:1/1', 1)");
    await expect(runner().catchUp()).rejects.toThrow('kdb');
  });
});
