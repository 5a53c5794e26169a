import { Pool } from 'pg';
import { eventStoreContract } from './event-store.contract.js';
import { eventStoreMigrations } from './migrations.js';
import { createPostgresEventStore } from './postgres-event-store.js';
import { type RestartablePostgres, startRestartablePostgres } from './test-postgres.js';

let server: RestartablePostgres;
beforeAll(async () => {
  server = await startRestartablePostgres();
});
afterAll(async () => {
  await server.remove();
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
