import { eventually } from '@daftari/testing';
import { Client } from 'pg';
import { busContract } from './bus.contract.js';
import { createPgBus } from './pg-bus.js';
import { busDatabase, pgHarness, startPostgres } from './test-bus.js';

describe('PostgreSQL bus', () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres.stop();
  });

  busContract('PostgreSQL', () => pgHarness(postgres));

  it('goes on after the database has dropped every connection', async () => {
    const url = await busDatabase(postgres);
    const bus = createPgBus({ connectionString: url, pollIntervalMs: 50 });
    await bus.admin.createTopics([{ topic: 't', partitions: 2 }]);
    const producer = await bus.producer();
    const seen: string[] = [];
    await bus.consume({
      group: 'g',
      topics: ['t'],
      handler: async (message) => void seen.push(String(message.value)),
      onFatal: (error) => {
        throw error;
      },
    });
    const killer = new Client({ connectionString: postgres.url() });
    await killer.connect();
    for (const value of ['1', '2', '3']) {
      const message = { topic: 't', key: 'k', value: Buffer.from(value), headers: {} };
      await eventually(() => producer.send([message]).then(() => true));
      await eventually(() => seen.includes(value));
      await killer.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = $1`,
        [new URL(url).pathname.slice(1)],
      );
    }
    await killer.end();
    await bus.close();
    expect([...new Set(seen)]).toEqual(['1', '2', '3']);
  });
});
