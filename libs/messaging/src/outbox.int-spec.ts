import { eventually } from '@daftari/testing';
import { Unavailable } from '@daftari/kernel';
import { Pool } from 'pg';
import type { IntegrationMessage } from './message.js';
import { outboxMigrations } from './migrations.js';
import { Inbox, Outbox, OutboxRelay } from './outbox.js';
import type { BusProducer, OutgoingMessage } from './port.js';
import { migrate, startPostgres } from './test-bus.js';
import { integrationMessage } from './test-messages.js';
import { inTransaction } from './transaction.js';

/** Keeps what is sent; fails as often as it is told to. */
class FakeProducer implements BusProducer {
  readonly sent: OutgoingMessage[] = [];
  failures = 0;
  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    if (this.failures-- > 0) throw new Unavailable('the bus is away');
    this.sent.push(...messages);
  }
  async close(): Promise<void> {
    return undefined;
  }
  get ids(): (string | undefined)[] {
    return this.sent.map((message) => message.headers['ce_id']);
  }
}

describe('outbox and inbox', () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  let pool: Pool;
  let producer: FakeProducer;
  let relays: OutboxRelay[];
  const outbox = new Outbox();
  const inbox = new Inbox();

  beforeAll(async () => {
    postgres = await startPostgres();
    const url = await postgres.createDatabase('service');
    await migrate(url, outboxMigrations);
    pool = new Pool({ connectionString: url, max: 8 });
    pool.on('error', () => undefined);
  });
  afterAll(async () => {
    await pool.end();
    await postgres.stop();
  });
  beforeEach(async () => {
    await pool.query('truncate outbox, inbox');
    producer = new FakeProducer();
    relays = [];
  });
  afterEach(async () => {
    await Promise.all(relays.map((relay) => relay.stop()));
  });

  const add = (...messages: IntegrationMessage[]): Promise<void> =>
    inTransaction(pool, (tx) => outbox.add(tx, ...messages));
  const start = (changes: { batchSize?: number; pollIntervalMs?: number } = {}): OutboxRelay => {
    const relay = new OutboxRelay({ pool, producer, pollIntervalMs: 50, ...changes });
    relay.start();
    relays.push(relay);
    return relay;
  };
  const left = async (): Promise<number> =>
    (await pool.query('select 1 from outbox')).rowCount ?? -1;
  const isEmpty = (): Promise<boolean> => eventually(async () => (await left()) === 0);

  it('publishes in the order of writing, over several batches, and keeps nothing', async () => {
    const ids = Array.from({ length: 25 }, (_, n) => String(n));
    await add(...ids.map((id) => integrationMessage(id)));
    start({ batchSize: 10 });
    await isEmpty();
    expect(producer.ids).toEqual(ids);
    expect(producer.sent[0]).toMatchObject({ topic: 'payments', key: 'payment-1' });
  });

  it('publishes nothing of a transaction that is rolled back', async () => {
    const failed = inTransaction(pool, async (tx) => {
      await outbox.add(tx, integrationMessage('ghost'));
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    await add(integrationMessage('real'));
    start();
    await isEmpty();
    expect(producer.ids).toEqual(['real']);
  });

  it('picks up a row that commits after a later one was sent', async () => {
    const late = await pool.connect();
    await late.query('begin');
    await outbox.add(late, integrationMessage('late'));
    await add(integrationMessage('early'));
    start();
    await eventually(() => producer.ids.includes('early'));
    await late.query('commit');
    late.release();
    await isEmpty();
    expect(producer.ids).toEqual(['early', 'late']);
  });

  it('sends again until the bus has answered', async () => {
    producer.failures = 3;
    await add(integrationMessage('1'), integrationMessage('2'));
    start();
    await isEmpty();
    expect(producer.ids).toEqual(['1', '2']);
    expect(producer.failures).toBe(-1);
  });

  it('wakes for a commit long before it would poll', async () => {
    start({ pollIntervalMs: 600_000 });
    for (const id of ['1', '2', '3']) {
      await add(integrationMessage(id));
      await isEmpty();
    }
    expect(producer.ids).toEqual(['1', '2', '3']);
  });

  it('lets two relays send each row once', async () => {
    start();
    start();
    const ids = Array.from({ length: 100 }, (_, n) => String(n));
    for (const id of ids) await add(integrationMessage(id));
    await isEmpty();
    expect(producer.ids).toEqual(ids);
  });

  it('goes on after its connections were cut', async () => {
    start();
    await add(integrationMessage('before'));
    await isEmpty();
    await pool.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()',
    );
    await eventually(() => add(integrationMessage('after')).then(() => true));
    await isEmpty();
    expect(producer.ids).toEqual(['before', 'after']);
  });

  it('knows a message the second time, per consumer, and forgets it with a rollback', async () => {
    const once = (consumer: string, id: string): Promise<boolean> =>
      inTransaction(pool, (tx) => inbox.once(tx, consumer, id));
    const failed = inTransaction(pool, async (tx) => {
      await inbox.once(tx, 'a', 'm');
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect(await once('a', 'm')).toBe(true);
    expect(await once('a', 'm')).toBe(false);
    expect(await once('b', 'm')).toBe(true);
  });
});
