import { randomUUID } from 'node:crypto';
import {
  eventStoreUnderTestName,
  type EventStoreUnderTest,
  eventually,
  startEventStoreUnderTest,
  startPostgres,
  type TestPostgres,
} from '@daftari/testing';
import { Pool } from 'pg';
import { collect, event, events, record, revisions, streamId } from '../contract/support.js';
import { StoreUnavailable, WrongExpectedRevision } from '../errors.js';
import { eventStoreContract } from '../event-store.contract.js';
import { createEventStoreDb } from '../eventstoredb/event-store-db.js';
import { eventStoreMigrations } from '../migrations.js';
import type { EventStore } from '../port.js';
import { inTransaction } from '../transaction.js';
import { StagedAppendRelay } from './staged-append-relay.js';
import { createStagedEventStore } from './staged-event-store.js';

let postgres: TestPostgres;
let server: EventStoreUnderTest;
beforeAll(async () => {
  postgres = await startPostgres();
  server = await startEventStoreUnderTest();
});
afterAll(async () => {
  await server.stop();
  await postgres.stop();
});

const open = async () => {
  const url = await postgres.createDatabase(`staged_${randomUUID().slice(0, 8)}`);
  const pool = new Pool({ connectionString: url, max: 20 });
  for (const migration of eventStoreMigrations) await pool.query(migration.up);
  await pool.query('create table inbox(id text primary key)');
  const remote = await createEventStoreDb({ url: server.url, namespace: server.namespace() });
  const store = createStagedEventStore(remote, pool);
  return {
    url,
    pool,
    remote,
    store,
    async close() {
      await store.close();
      await pool.end();
    },
  };
};
type Opened = Awaited<ReturnType<typeof open>>;
const on = (work: (opened: Opened) => Promise<void>) => async () => {
  const opened = await open();
  try {
    await work(opened);
  } finally {
    await opened.close();
  }
};

eventStoreContract(`staged, on ${eventStoreUnderTestName}`, open);

/** A store whose appends do what `fate` says: `before` fails and writes nothing, `after` writes and loses the answer. */
const crashing = (store: EventStore, fate: () => 'before' | 'after' | 'never'): EventStore =>
  new Proxy(store, {
    get(target, name) {
      if (name !== 'append') return Reflect.get(target, name, target) as unknown;
      return async (...args: Parameters<EventStore['append']>) => {
        const point = fate();
        if (point === 'before') throw new StoreUnavailable('crashed before the append');
        const result = await target.append(...args);
        if (point === 'after') throw new StoreUnavailable('crashed after the append');
        return result;
      };
    },
  });

describe(`staged appends on ${eventStoreUnderTestName}`, () => {
  const counts = async ({ pool }: Opened) => ({
    inbox: (await pool.query('select from inbox')).rowCount,
    staged: (await pool.query('select from staged_append')).rowCount,
  });

  it(
    'a row and its events commit together, and the events can be read right after',
    on(async (opened) => {
      const { pool, store, remote } = opened;
      const stream = streamId();
      const handle = (fail: boolean) =>
        inTransaction(pool, async (tx) => {
          await tx.query("insert into inbox values ('m1')");
          const result = await store.appendIn(tx, stream, events(2), { expected: 'no_stream' });
          if (fail) throw new Error('changed my mind');
          return result;
        });
      await expect(handle(true)).rejects.toThrow('changed my mind');
      expect(await counts(opened)).toEqual({ inbox: 0, staged: 0 });
      await expect(revisions(remote, stream)).rejects.toThrow(stream);
      expect((await handle(false)).nextExpectedRevision).toBe(1n);
      expect(await revisions(store, stream)).toEqual([0n, 1n]);
      expect(await counts(opened)).toEqual({ inbox: 1, staged: 0 });
    }),
  );

  it.each(['before', 'after'] as const)(
    'a crash %s the append leaves the event once, and the row once',
    (point) =>
      on(async (opened) => {
        const { pool, store, remote } = opened;
        let crashes = 1;
        const first = createStagedEventStore(
          crashing(remote, () => (crashes-- > 0 ? point : 'never')),
          pool,
        );
        const stream = streamId();
        const one = event();
        await inTransaction(pool, async (tx) => {
          await tx.query("insert into inbox values ('m1')");
          await first.appendIn(tx, stream, [one], { expected: 'no_stream' });
        });
        await expect(first.deliver()).rejects.toBeInstanceOf(StoreUnavailable);
        expect(await counts(opened)).toEqual({ inbox: 1, staged: 1 });
        // The next process.
        expect(await collect(store.readStream(stream))).toMatchObject([{ id: one.id }]);
        expect(await counts(opened)).toEqual({ inbox: 1, staged: 0 });
        expect(await store.verify()).toMatchObject({ ok: true, events: 1 });
      })(),
  );

  it(
    'a stale expectation is refused in the transaction, also against what is only staged',
    on(async ({ pool, store }) => {
      const stream = streamId();
      await inTransaction(pool, async (tx) => {
        await store.appendIn(tx, stream, events(2), { expected: 'no_stream' });
        await store.appendIn(tx, stream, events(1), { expected: 1n });
        const stale = store.appendIn(tx, stream, events(1), { expected: 1n });
        await expect(stale).rejects.toMatchObject({ expected: 1n, actual: 2n });
      });
      const late = inTransaction(pool, (tx) =>
        store.appendIn(tx, stream, events(1), { expected: 'no_stream' }),
      );
      await expect(late).rejects.toBeInstanceOf(WrongExpectedRevision);
      await expect(store.append(stream, events(1), { expected: 0n })).rejects.toBeInstanceOf(
        WrongExpectedRevision,
      );
      expect(await revisions(store, stream)).toEqual([0n, 1n, 2n]);
    }),
  );

  it(
    'a repeat with the same ids and expectation is recognised, staged or written',
    on(async ({ pool, store }) => {
      const stream = streamId();
      const list = events(2);
      const stage = () =>
        inTransaction(pool, (tx) => store.appendIn(tx, stream, list, { expected: 'no_stream' }));
      await stage();
      expect(await stage()).toMatchObject({ nextExpectedRevision: 1n });
      await store.deliver();
      expect(await stage()).toMatchObject({ nextExpectedRevision: 1n });
      expect(await revisions(store, stream)).toEqual([0n, 1n]);
    }),
  );

  it(
    'of 8 transactions at one revision exactly one commits',
    on(async ({ pool, store }) => {
      const stream = streamId();
      await store.append(stream, events(1), { expected: 'no_stream' });
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, () =>
          inTransaction(pool, (tx) => store.appendIn(tx, stream, events(1), { expected: 0n })),
        ),
      );
      expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
      expect(await revisions(store, stream)).toEqual([0n, 1n]);
      expect(await store.verify()).toMatchObject({ ok: true, events: 2 });
    }),
  );

  it(
    'the relay writes what is committed, also after the store was away',
    on(async ({ pool, remote, url }) => {
      let away = 2;
      const store = createStagedEventStore(
        crashing(remote, () => (away-- > 0 ? 'before' : 'never')),
        pool,
      );
      const tries: number[] = [];
      const relay = new StagedAppendRelay({
        store,
        listenConnectionString: url,
        onFatal: (error) => {
          throw error;
        },
        onRetry: (_, attempt) => tries.push(attempt),
      });
      relay.start();
      const seen = record();
      const following = store.subscribeToAll({ after: 'start' }, seen.handlers);
      const stream = streamId();
      await inTransaction(pool, (tx) => store.appendIn(tx, stream, events(1), { expected: 'any' }));
      await eventually(() => seen.events.length === 1);
      expect(tries).toEqual([1, 2]);
      expect(seen.events[0]?.metadata).toEqual({});
      await following.stop();
      await relay.stop();
    }),
  );

  it(
    'an event by another hand is seen by verify, and stops what was decided without it',
    on(async ({ pool, store, remote }) => {
      const stream = streamId();
      await store.append(stream, events(3), { expected: 'no_stream' });
      const before = await store.verify();
      expect(before).toMatchObject({ ok: true, events: 3, gaps: 0 });
      await inTransaction(pool, (tx) => store.appendIn(tx, stream, events(1), { expected: 2n }));
      await remote.append(stream, events(1), { expected: 2n });
      await expect(store.deliver()).rejects.toThrow('by another hand');
      await pool.query('delete from staged_append');
      const after = await store.verify();
      expect(after).toMatchObject({ ok: false, events: 4 });
      expect(after.firstBadPosition).toMatch(/^kdb:\d{20}\/\d{20}$/);
      expect(after.headHash).not.toBe(before.headHash);
    }),
  );

  it(
    'a migration is not taken back while events wait',
    on(async ({ pool, store }) => {
      await inTransaction(pool, (tx) =>
        store.appendIn(tx, streamId(), events(1), { expected: 'any' }),
      );
      const { down } = eventStoreMigrations.at(-1) ?? { down: '' };
      await expect(pool.query(down)).rejects.toThrow('not written yet');
      await store.deliver();
      await pool.query(down);
    }),
  );
});
