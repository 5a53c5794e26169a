import { startPostgres, type TestPostgres } from '@daftari/testing';
import { Pool } from 'pg';
import { eventStoreContract } from './event-store.contract.js';
import { eventStoreMigrations } from './migrations.js';
import { createPostgresEventStore } from './postgres-event-store.js';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server.stop();
});

eventStoreContract('PostgreSQL', async () => {
  const connectionString = await server.createDatabase('contract');
  const pool = new Pool({ connectionString });
  for (const migration of eventStoreMigrations) await pool.query(migration.up);
  const store = createPostgresEventStore(pool, { listenConnectionString: connectionString });
  return {
    store,
    async close() {
      await store.close();
      await pool.end();
    },
  };
});
