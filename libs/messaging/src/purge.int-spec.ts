import { Pool } from 'pg';
import { outboxMigrations } from './migrations.js';
import { createPgBus } from './pg-bus.js';
import type { Bus, BusMessage } from './port.js';
import { purgeBus, purgeTable } from './purge.js';
import { busDatabase, migrate, startPostgres } from './test-bus.js';
import { eventually } from '@daftari/testing';

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let bus: Bus;
let pool: Pool;

const send = async (topic: string, ...values: string[]): Promise<void> => {
  const producer = await bus.producer();
  await producer.send(
    values.map((value) => ({ topic, key: 'k', value: Buffer.from(value), headers: {} })),
  );
};
/** Lets a group read a topic to its end. */
const read = async (group: string, topic: string): Promise<string[]> => {
  const seen: string[] = [];
  const consumer = await bus.consume({
    group,
    topics: [topic],
    handler: async ({ value }: BusMessage) => void seen.push(String(value)),
    onFatal: (error) => {
      throw error;
    },
  });
  await eventually(async () =>
    (await bus.admin.lag(group)).every(({ committed, end }) => committed === end),
  );
  await consumer.stop();
  return seen;
};
const age = (days: number): Promise<unknown> =>
  pool.query('update bus.message set ts = ts - make_interval(days => $1)', [days]);
const left = async (topic: string): Promise<string[]> => {
  const { rows } = await pool.query<{ value: Buffer }>(
    'select value from bus.message where topic = $1 order by partition, "offset"',
    [topic],
  );
  return rows.map(({ value }) => value.toString());
};

beforeAll(async () => {
  postgres = await startPostgres();
  const url = await busDatabase(postgres);
  bus = createPgBus({ connectionString: url, pollIntervalMs: 20 });
  pool = new Pool({ connectionString: url, max: 2 });
  await bus.admin.createTopics(
    ['read', 'unread', 'read.dlq.g'].map((topic) => ({ topic, partitions: 1 })),
  );
});
afterAll(async () => {
  await bus.close();
  await pool.end();
  await postgres.stop();
});

describe('purging the bus', () => {
  it('takes what is old and was read by every group, and nothing else', async () => {
    await send('read', 'old');
    await send('unread', 'old');
    await send('read.dlq.g', 'a dead letter');
    expect(await read('g', 'read')).toEqual(['old']);
    await age(8);
    await send('read', 'young');
    expect(await read('g', 'read')).toEqual(['young']);
    // A group that has seen nothing of the topic yet: it joined and stopped before the first message.
    await pool.query("insert into bus.lease(grp, topic, partition) values ('late', 'unread', 0)");
    expect(await purgeBus(pool, 7)).toBe(1);
    expect([await left('read'), await left('unread'), await left('read.dlq.g')]).toEqual([
      ['young'],
      ['old'],
      ['a dead letter'],
    ]);
  });

  it('leaves the offsets as they are: a group goes on where it was, behind the gap', async () => {
    await age(8);
    await purgeBus(pool, 7);
    expect(await left('read')).toEqual([]);
    await send('read', 'next');
    expect(await read('g', 'read')).toEqual(['next']);
    expect(await read('newcomer', 'read')).toEqual(['next']);
    expect(await read('late', 'unread')).toEqual(['old']);
  });
});

describe('purging a table', () => {
  it('takes the old rows in batches and keeps the young ones', async () => {
    const url = await postgres.createDatabase('inbox');
    await migrate(url, outboxMigrations);
    const db = new Pool({ connectionString: url, max: 1 });
    const fill = (consumer: string, count: number, days: number): Promise<unknown> =>
      db.query(
        'insert into inbox select $1, g::text, now() - make_interval(days => $3) from generate_series(1, $2::int) g',
        [consumer, count, days],
      );
    await fill('old', 12_000, 31);
    await fill('young', 10, 29);
    const inbox = { table: 'inbox', column: 'processed_at', days: 30 };
    expect(await purgeTable(db, inbox)).toBe(12_000);
    const { rows } = await db.query('select consumer, count(*)::int as n from inbox group by 1');
    expect(rows).toEqual([{ consumer: 'young', n: 10 }]);
    await db.end();
  });
});
