import { randomUUID } from 'node:crypto';
import { eventually, freePort, startPostgres, type TestPostgres } from '@daftari/testing';
import { Pool } from 'pg';
import { collect, event, events, headOf, record, revisions, streamId } from './contract/support.js';
import { AmbiguousAppend, StoreUnavailable, WrongExpectedRevision } from './errors.js';
import { eventStoreMigrations, eventStoreMigrationsIn } from './migrations.js';
import type { GlobalPosition } from './port.js';
import { createPostgresEventStore } from './postgres-event-store.js';
import { inTransaction } from './transaction.js';
import { verifyChain } from './verify-chain.js';

describe('PostgreSQL event store', () => {
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

  const open = async (schema = 'es') => {
    const connectionString = await server.createDatabase(`only-${randomUUID()}`);
    const pool = new Pool({ connectionString, max: 20 });
    for (const migration of eventStoreMigrationsIn(schema)) await pool.query(migration.up);
    const store = createPostgresEventStore(pool, {
      schema,
      listenConnectionString: connectionString,
    });
    closing.push(
      () => pool.end(),
      () => store.close(),
    );
    return { pool, store, connectionString };
  };

  it('events cannot be updated, deleted or truncated', async () => {
    const { pool, store } = await open();
    await store.append(streamId(), events(2), { expected: 'no_stream' });
    for (const sql of [
      "update es.event set type = 'x'",
      'delete from es.event',
      'truncate es.event',
      'truncate es.stream',
      'delete from es.stream',
    ])
      await expect(pool.query(sql)).rejects.toMatchObject({ code: 'ES405' });
  });

  it('the migration goes down and up again', async () => {
    const { pool } = await open();
    for (const { down } of [...eventStoreMigrations].reverse().slice(1)) await pool.query(down);
    for (const { up } of eventStoreMigrations.slice(0, -1)) await pool.query(up);
    expect(await verifyChain(pool)).toEqual({
      ok: true,
      events: 0,
      gaps: 0,
      headHash: '0'.repeat(64),
    });
  });

  it('a log goes on whole across the migrations that changed how it is written, up and down', async () => {
    const pool = new Pool({ connectionString: await server.createDatabase(`up-${randomUUID()}`) });
    const [first, batches, shortWay] = eventStoreMigrationsIn('es');
    if (!first || !batches || !shortWay) throw new Error('there are three migrations');
    const [one, two] = [streamId(), streamId()];
    let revision = -1n;
    const write = async (): Promise<void> => {
      // A store of its own each time: connections keep the plans of the functions that they have called.
      const store = createPostgresEventStore(pool);
      const expected = revision < 0n ? 'no_stream' : revision;
      await Promise.all([
        store.append(one, events(2), { expected }),
        store.append(two, events(2), { expected }),
      ]);
      await store.append(one, events(2), { expected: revision + 2n });
      await store.append(two, events(2), { expected: 'any' });
      revision += 4n;
      await store.close();
    };
    await pool.query(first.up);
    await pool.query(batches.up);
    await write();
    await pool.query(shortWay.up);
    await write();
    await pool.query(shortWay.down);
    await write();
    expect(await verifyChain(pool)).toMatchObject({ ok: true, events: 24, gaps: 0 });
    await pool.end();
  });

  it('a log of several pages verifies', async () => {
    const { pool, store } = await open();
    for (let n = 0; n < 5; n++) await store.append(streamId(), events(900), { expected: 'any' });
    expect(await verifyChain(pool)).toMatchObject({ ok: true, events: 4_500, gaps: 0 });
  });

  const tampering: readonly (readonly [string, string, number])[] = [
    ['changed data', `update es.event set data = '{"n":9}' where pos = 5`, 0],
    ['changed metadata', `update es.event set metadata = '{"a":"b"}' where pos = 5`, 0],
    ['a changed type', "update es.event set type = 'Other' where pos = 5", 0],
    ['a changed time', "update es.event set created = created - interval '1 day' where pos = 5", 0],
    ['another stream', "update es.stream set name = 'moved' where name = 'watched'", 0],
    [
      'bytes moved between fields',
      `update es.event set type = type || '{' , data = substr(data, 2) where pos = 5`,
      0,
    ],
    ['a removed event', 'delete from es.event where pos = 4', 1],
  ];
  it.each(tampering)('verifyChain sees %s', async (_, sql, gaps) => {
    const { pool, store } = await open();
    await store.append(streamId(), events(4), { expected: 'no_stream' });
    await store.append('watched', events(6), { expected: 'no_stream' });
    await pool.query(`alter table es.event disable trigger user; ${sql}`);
    const report = { ok: false, gaps, firstBadPosition: 'pg:00000000000000000005' };
    expect(await verifyChain(pool)).toMatchObject(report);
  });

  it('verifyChain sees that the end of the log was cut off', async () => {
    const { pool, store } = await open();
    await store.append(streamId(), events(10), { expected: 'no_stream' });
    await pool.query(
      'alter table es.event disable trigger user; delete from es.event where pos > 7',
    );
    expect(await verifyChain(pool)).toMatchObject({ ok: false, events: 7, gaps: 3 });
  });

  it('appendIn commits and rolls back with the transaction of the caller', async () => {
    const { pool, store } = await open();
    await pool.query('create table inbox(id text primary key)');
    const stream = streamId();
    const handle = (fail: boolean) =>
      inTransaction(pool, async (tx) => {
        await tx.query("insert into inbox values ('m1')");
        const result = await store.appendIn(tx, stream, events(2), { expected: 'no_stream' });
        if (fail) throw new Error('changed my mind');
        return result;
      });
    await expect(handle(true)).rejects.toThrow('changed my mind');
    expect((await pool.query('select from inbox')).rowCount).toBe(0);
    expect((await handle(false)).nextExpectedRevision).toBe(1n);
    expect((await pool.query('select from inbox')).rowCount).toBe(1);
    expect(await revisions(store, stream)).toEqual([0n, 1n]);
  });

  it('a refused appendIn leaves the transaction usable', async () => {
    const { pool, store } = await open();
    const stream = streamId();
    await inTransaction(pool, async (tx) => {
      const stale = store.appendIn(tx, stream, events(1), { expected: 3n });
      await expect(stale).rejects.toBeInstanceOf(WrongExpectedRevision);
      await store.appendIn(tx, stream, events(1), { expected: 'no_stream' });
    });
    expect(await revisions(store, stream)).toEqual([0n]);
  });

  it.each(['repeatable read', 'serializable'])('an append under %s is refused', async (level) => {
    const { pool, store } = await open();
    const work = inTransaction(
      pool,
      (tx) => store.appendIn(tx, streamId(), events(1), { expected: 'any' }),
      `begin isolation level ${level}`,
    );
    await expect(work).rejects.toMatchObject({ code: 'ES400' });
  });

  it('of 16 writers with delays and rollbacks a subscriber misses nothing, and no position is lost', async () => {
    const { pool, store } = await open();
    const seen = record();
    const running = store.subscribeToAll({ after: 'start' }, seen.handlers);
    const committed: string[] = [];
    const writer = async (w: number): Promise<void> => {
      for (let n = 0; n < 20; n++) {
        const one = event();
        const work = inTransaction(pool, async (tx) => {
          await store.appendIn(tx, `writer-${String(w)}`, [one], { expected: 'any' });
          await tx.query('select pg_sleep($1)', [((w * 7 + n * 3) % 5) / 1_000]);
          if ((w + n) % 6 === 0) throw new Error('rolled back');
        });
        await work.then(
          () => committed.push(one.id),
          () => undefined,
        );
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, w) => writer(w)));
    await eventually(() => seen.events.length >= committed.length);
    await running.stop();
    expect(new Set(committed).size).toBeGreaterThan(200);
    expect(seen.events.map((e) => e.id).sort()).toEqual([...committed].sort());
    expect(await verifyChain(pool)).toMatchObject({
      ok: true,
      events: committed.length,
      gaps: 0,
    });
  });

  it('concurrent appends share transactions, and one that is refused does not spoil the others', async () => {
    const { pool, store } = await open();
    const results = await Promise.allSettled(
      Array.from({ length: 128 }, (_, n) =>
        store.append(`batch-${String(n)}`, events(1), { expected: n % 8 === 7 ? 5n : 'no_stream' }),
      ),
    );
    expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(112);
    const { rows } = await pool.query<{ n: number }>(
      'select count(distinct xmin::text)::int as n from es.event',
    );
    expect(rows[0]?.n).toBe(2);
  });

  it('two schemas are two logs', async () => {
    const { pool, store } = await open('other_log');
    await store.append(streamId(), events(3), { expected: 'no_stream' });
    expect(await verifyChain(pool, { schema: 'other_log' })).toMatchObject({ ok: true, events: 3 });
  });

  it('revisions above 2^53 are written and read exactly', async () => {
    const { pool, store } = await open();
    const far = 2n ** 53n + 1n;
    const stream = streamId();
    await pool.query('insert into es.stream(name, revision) values ($1, $2)', [stream, far]);
    const result = await store.append(stream, events(1), { expected: far });
    expect(result.nextExpectedRevision).toBe(far + 1n);
    expect(await revisions(store, stream)).toEqual([far + 1n]);
  });

  it('a subscription past the end of the log is dropped, not left waiting', async () => {
    const { store } = await open();
    const seen = record();
    const after = 'pg:00000000000000000009' as GlobalPosition;
    store.subscribeToAll({ after }, seen.handlers);
    const [reason] = await eventually(() => seen.dropped.length > 0 && seen.dropped);
    expect(reason?.message).toContain('past the end');
  });

  it('a store that is not there is StoreUnavailable', async () => {
    const port = await freePort();
    const pool = new Pool({ host: '127.0.0.1', port, user: 'postgres', password: 'test' });
    const store = createPostgresEventStore(pool);
    closing.push(
      () => pool.end(),
      () => store.close(),
    );
    const append = store.append(streamId(), events(1), { expected: 'any' });
    await expect(append).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(collect(store.readStream(streamId()))).rejects.toBeInstanceOf(StoreUnavailable);
    const all = collect(store.readAll({ limit: 1 }));
    await expect(all).rejects.toBeInstanceOf(StoreUnavailable);
  });

  it('an answer that is lost after the commit is asked for again, and written once', async () => {
    const { pool, store } = await open();
    let lost = 1;
    const flaky = losingAnswers(pool, () => lost-- > 0);
    const over = createPostgresEventStore(flaky);
    const stream = streamId();
    const result = await over.append(stream, events(2), { expected: 'no_stream' });
    expect(result.nextExpectedRevision).toBe(1n);
    expect(await revisions(store, stream)).toEqual([0n, 1n]);
    await over.close();
  });

  it('when every answer is lost the append is ambiguous, and a retry with the same ids succeeds', async () => {
    const { pool, store } = await open();
    const over = createPostgresEventStore(losingAnswers(pool, () => true));
    const stream = streamId();
    const list = events(2);
    const work = over.append(stream, list, { expected: 'no_stream' });
    await expect(work).rejects.toBeInstanceOf(AmbiguousAppend);
    const again = await store.append(stream, list, { expected: 'no_stream' });
    expect(again.nextExpectedRevision).toBe(1n);
    expect(await revisions(store, stream)).toEqual([0n, 1n]);
    await over.close();
  });

  it('a subscription survives a restart of the database and goes on where it was', async () => {
    const { store } = await open();
    const stream = streamId();
    const seen = record();
    const running = store.subscribeToAll({ after: 'start' }, seen.handlers);
    await store.append(stream, events(3), { expected: 'no_stream' });
    await eventually(() => seen.events.length === 3);
    await server.halt();
    const during = store.append(stream, events(1), { expected: 2n });
    await expect(during).rejects.toMatchObject({ code: 'service/unavailable' });
    await server.resume();
    await store.append(stream, events(2), { expected: 2n });
    await eventually(() => seen.events.length === 5, { withinMs: 20_000 });
    await running.stop();
    expect(seen.events.map((e) => e.revision)).toEqual([0n, 1n, 2n, 3n, 4n]);
    expect(seen.dropped).toEqual([undefined]);
    expect(await headOf(store)).toBe(seen.events.at(-1)?.position);
  });
});

/** The same pool, but the connection seems to break after an append was committed. */
const losingAnswers = (pool: Pool, loses: () => boolean): Pool =>
  new Proxy(pool, {
    get: (target, name) => {
      if (name !== 'query') return Reflect.get(target, name, target) as unknown;
      return async (query: { text: string; values: unknown[] }) => {
        const result = await target.query(query.text, query.values);
        if (loses()) throw new Error('Connection terminated unexpectedly');
        return result;
      };
    },
  });
