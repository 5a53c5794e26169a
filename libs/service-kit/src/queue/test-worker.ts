import { createLogger } from '../logging.js';
import { Database } from '../persistence/database.js';
import { JobQueue } from './job-queue.js';
import { JobWorkers } from './job-workers.js';

/**
 * A process that does jobs of the kind `effect`, for tests: `node test-worker.js <database> <lease ms> <stay>`. It has
 * its effect in the table `effect` at once, as a provider has, and then does not come to an end if it is to stay.
 */
const [url = '', leaseMs = '', stay = ''] = process.argv.slice(2);
const db = await Database.connect({ url, max: 5, entities: [] });
const workers = new JobWorkers(
  {
    db,
    jobs: new JobQueue(),
    logger: createLogger('test-worker', 'silent'),
    ...{ pollMs: 20, leaseMs: Number(leaseMs) },
    handlers: [
      {
        kind: 'effect',
        attemptsMax: 5,
        async run({ id }) {
          await db.pool.query('insert into effect(id) values ($1) on conflict do nothing', [id]);
          await db.pool.query('insert into run(id, pid) values ($1, $2)', [id, process.pid]);
          if (stay === 'stay') await new Promise(() => undefined);
          return async () => undefined;
        },
      },
    ],
  },
  { high: 2, medium: 2, low: 2 },
);
workers.onApplicationBootstrap();
process.once('SIGTERM', () => {
  void workers
    .beforeApplicationShutdown()
    .then(() => db.close())
    .then(() => process.exit(0));
});
