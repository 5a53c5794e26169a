import {
  createEventStoreDb,
  createPostgresEventStore,
  createStagedEventStore,
  type EventStore,
  ProjectionRunner,
} from '@daftari/event-store';
import type { PostTransaction } from '@daftari/contracts';
import { deterministicId } from '@daftari/kernel';
import { Inbox } from '@daftari/messaging';
import {
  Database,
  type EventMeta,
  migrationsOf,
  Migrator,
  type ServiceDefinition,
} from '@daftari/service-kit';
import {
  eventStoreUnderTestName,
  type EventStoreUnderTest,
  startEventStoreUnderTest,
  startPostgres,
  type TestPostgres,
} from '@daftari/testing';
import { AuditConsumer } from './audit/audit.consumer.js';
import { auditEvents } from './audit/audit.projection.js';
import { AuditQuery } from './audit/audit.query.js';
import { journalEntries } from './journal/find-entries/journal.projection.js';
import { JournalQuery } from './journal/find-entries/journal.query.js';
import { PostTransactionHandler } from './journal/post-transaction/post-transaction.handler.js';
import { VerifyJournalHandler } from './journal/verify-journal/verify-journal.handler.js';
import { service } from './service.js';

let server: TestPostgres;
let events: EventStoreUnderTest;
beforeAll(async () => {
  server = await startPostgres();
  events = await startEventStoreUnderTest();
});
afterAll(async () => {
  await events.stop();
  await server.stop();
});

type Backend = 'PostgreSQL' | 'EventStoreDB';

const tenantId = deterministicId('tenant', 'a');
const meta: EventMeta = { tenantId, actorId: 'u', correlationId: 'c', causationId: 'm' };
const loanId = deterministicId('loan', 'a');
const request = (id: string, overrides: Partial<PostTransaction> = {}): PostTransaction => ({
  transactionId: deterministicId('t', id),
  kind: 'capital-injected',
  currency: 'KES',
  amounts: { amount: '10.00' },
  effectiveOn: '2026-01-31',
  loanId: null,
  paymentId: null,
  reference: id,
  ...overrides,
});

let databases = 0;
const start = async (backend: Backend) => {
  const url = await server.createDatabase(`ledger_${String(++databases)}`);
  const db = await Database.connect({ url, max: 10, entities: [] });
  await new Migrator(db.pool, migrationsOf(service as unknown as ServiceDefinition)).up();
  const remote =
    backend === 'EventStoreDB'
      ? await createEventStoreDb({ url: events.url, namespace: events.namespace() })
      : undefined;
  const store = remote
    ? createStagedEventStore(remote, db.pool)
    : createPostgresEventStore(db.pool, {});
  const runners = [journalEntries, auditEvents].map(
    (projection) => new ProjectionRunner({ store, pool: db.pool, projection }),
  );
  return {
    db,
    store,
    remote,
    writer: () => new PostTransactionHandler(store),
    query: new JournalQuery(db),
    audit: new AuditQuery(db),
    verify: () => new VerifyJournalHandler(db, store).verify(tenantId),
    catchUp: async () => {
      for (const runner of runners) await runner.catchUp();
    },
    rebuild: async () => {
      for (const runner of runners) await runner.rebuild();
    },
    close: async () => {
      await store.close();
      await db.close();
    },
  };
};
type Ledger = Awaited<ReturnType<typeof start>>;
const onBackend = (backend: Backend) => (work: (ledger: Ledger) => Promise<void>) => async () => {
  const ledger = await start(backend);
  try {
    await work(ledger);
  } finally {
    await ledger.close();
  }
};
const floatOf = async (ledger: Ledger, at = {}): Promise<string | undefined> =>
  (await ledger.query.accounts(tenantId, at)).find((a) => a.account === 'asset:float')?.balance;
const dump = async (ledger: Ledger): Promise<unknown[]> => {
  const tables = ['read_transactions', 'read_postings', 'read_balances', 'read_audit'];
  const rows = [];
  for (const table of tables)
    rows.push((await ledger.db.pool.query(`select t::text from ${table} t order by 1`)).rows);
  return rows;
};

/** Changes the second entry's reference past the store: in the table, or by writing to the server without the ledger. */
const tamper = async (ledger: Ledger): Promise<void> => {
  if (ledger.remote) await forge(ledger.remote);
  else
    await ledger.db.pool.query(
      `alter table es.event disable trigger all;
       update es.event set data = convert_to(replace(convert_from(data, 'UTF8'), '"reference":"2"', '"reference":"9"'), 'UTF8') where pos = 2`,
    );
};
const forge = async (remote: EventStore): Promise<void> => {
  const stream = `journal-${tenantId}`;
  for await (const { type, data } of remote.readStream(stream, { from: 1n, limit: 1 }))
    await remote.append(
      stream,
      [
        {
          id: deterministicId('forged', tenantId),
          type,
          data: { ...(data as object), transactionId: deterministicId('t', 'forged') },
        },
      ],
      { expected: 2n },
    );
};

describe.each([
  ['PostgreSQL', 'PostgreSQL'],
  [eventStoreUnderTestName, 'EventStoreDB'],
] as const)('ledger on %s', (_, backend) => {
  const onLedger = onBackend(backend);

  it(
    'posts 300 parallel transactions to the right balance, in dense revisions',
    onLedger(async (ledger) => {
      const writer = ledger.writer();
      const results = await Promise.all(
        Array.from({ length: 300 }, (_, i) => writer.post(request(String(i)), meta)),
      );
      expect(new Set(results.map((r) => r.revision)).size).toBe(300);
      await ledger.catchUp();
      expect(await floatOf(ledger)).toBe('3000.00');
      expect(await ledger.verify()).toMatchObject({ ok: true, entries: 300 });
    }),
  );

  it(
    'posts the same command once, in one process and in the next one',
    onLedger(async (ledger) => {
      const writer = ledger.writer();
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => writer.post(request('same'), meta)),
      );
      answers.push(await ledger.writer().post(request('same'), meta));
      expect(answers.filter((answer) => !answer.repeated)).toHaveLength(1);
      await ledger.catchUp();
      expect(await floatOf(ledger)).toBe('10.00');
      await expect(
        writer.post(request('same', { amounts: { amount: '11.00' } }), meta),
      ).rejects.toMatchObject({ code: 'ledger/id-reused' });
    }),
  );

  it(
    'fences a stale writer: two writers never overdraw the float or lose an entry',
    onLedger(async (ledger) => {
      const [first, second] = [ledger.writer(), ledger.writer()];
      await first.post(request('capital', { amounts: { amount: '100.00' } }), meta);
      await second.post(request('other'), meta);
      const reserve = (id: string) =>
        request(id, { kind: 'disbursement-reserved', loanId, amounts: { amount: '30.00' } });
      await Promise.all(
        Array.from({ length: 6 }, (_, i) =>
          (i % 2 === 0 ? first : second).post(reserve(`r${String(i)}`), meta),
        ),
      );
      await ledger.catchUp();
      const entries = await ledger.query.entries(tenantId, { limit: 100 });
      expect(entries).toHaveLength(8);
      expect(entries.filter((e) => e.code === 'ledger/insufficient-funds')).toHaveLength(3);
      expect(await floatOf(ledger)).toBe('20.00');
      expect((await ledger.verify()).ok).toBe(true);
    }),
  );

  it(
    'detects a changed entry, and a changed read model, and tells them apart',
    onLedger(async (ledger) => {
      const writer = ledger.writer();
      for (const id of ['1', '2', '3']) await writer.post(request(id), meta);
      await ledger.catchUp();
      const failed = async () =>
        (await ledger.verify()).checks.filter(({ ok }) => !ok).map(({ name }) => name);
      expect(await failed()).toEqual([]);
      await ledger.db.pool.query('update read_balances set debits = debits + 1');
      expect(await failed()).toEqual(['balances-equal-read-models']);
      await ledger.rebuild();
      expect(await failed()).toEqual([]);
      await tamper(ledger);
      expect(await failed()).toEqual(['hash-chain']);
    }),
  );

  it(
    'rebuilds the same read models from the log, and answers as of both clocks',
    onLedger(async (ledger) => {
      const writer = ledger.writer();
      await writer.post(request('jan'), meta);
      await writer.post(request('feb', { effectiveOn: '2026-02-10' }), meta);
      await ledger.catchUp();
      const [latest] = await ledger.query.entries(tenantId, { limit: 1 });
      await new Promise((resolve) => setTimeout(resolve, 5));
      await writer.post(request('late', { effectiveOn: '2026-01-05' }), meta);
      await ledger.catchUp();
      const before = await dump(ledger);
      await ledger.rebuild();
      expect(await dump(ledger)).toEqual(before);
      const recordedBefore = new Date(Date.parse(latest?.recordedAt ?? '') + 1).toISOString();
      expect(await floatOf(ledger)).toBe('30.00');
      expect(await floatOf(ledger, { asOf: '2026-01-31' })).toBe('20.00');
      expect(await floatOf(ledger, { asOf: '2026-01-31', recordedBefore })).toBe('10.00');
      const lines = await ledger.query.statement(tenantId, 'asset:float', {
        from: '2026-01-10',
        offset: 0,
        limit: 10,
      });
      expect(lines.map((line) => [line.reference, line.balanceAfter])).toEqual([
        ['jan', '20.00'],
        ['feb', '30.00'],
      ]);
      expect(await ledger.query.accounts(deterministicId('tenant', 'b'), {})).toEqual([]);
    }),
  );

  it(
    'keeps each message once in the audit stream, and nothing personal of it',
    onLedger(async (ledger) => {
      const consumer = new AuditConsumer(ledger.db, new Inbox(), ledger.store);
      const message = {
        id: 'm1',
        type: 'daftari.identity.user-registered.v1',
        topic: 'daftari.identity.user.v1',
        key: 'user-1',
        source: '/daftari/identity',
        time: '2026-01-31T08:00:00.000Z',
        tenantId,
        correlationId: 'c1',
        data: { email: 'asha@example.com' },
      };
      for (let i = 0; i < 3; i++) await consumer.onFact(message);
      await ledger.catchUp();
      const found = await ledger.audit.find(tenantId, { limit: 10 });
      expect(found).toMatchObject([{ messageId: 'm1', subject: 'user-1', revision: '0' }]);
      expect(JSON.stringify(found)).not.toContain('asha');
      expect(await ledger.audit.touching(tenantId, 'user-1', [])).toHaveLength(1);
    }),
  );

  it(
    'a message whose handling crashed at the commit is handled again, and counts once',
    onLedger(async (ledger) => {
      let crashes = 2;
      const crashing = new Proxy(ledger.db, {
        get(db, name) {
          if (name !== 'transaction') return Reflect.get(db, name, db) as unknown;
          return (work: Parameters<Database['transaction']>[0]) =>
            db.transaction(async (tx) => {
              await work(tx);
              if (crashes-- > 0) throw new Error('crashed before the commit');
            });
        },
      });
      const consumer = new AuditConsumer(crashing, new Inbox(), ledger.store);
      const message = {
        id: 'm2',
        type: 'daftari.identity.user-registered.v1',
        topic: 'daftari.identity.user.v1',
        key: 'user-2',
        source: '/daftari/identity',
        time: '2026-01-31T08:00:00.000Z',
        tenantId,
        correlationId: 'c2',
        data: {},
      };
      for (let i = 0; i < 2; i++) await expect(consumer.onFact(message)).rejects.toThrow('crashed');
      await ledger.catchUp();
      expect(await ledger.audit.find(tenantId, { limit: 10 })).toEqual([]);
      for (let i = 0; i < 3; i++) await consumer.onFact(message);
      await ledger.catchUp();
      expect(await ledger.audit.find(tenantId, { limit: 10 })).toMatchObject([
        { messageId: 'm2', revision: '0' },
      ]);
      expect(await ledger.verify()).toMatchObject({ ok: true });
    }),
  );
});
