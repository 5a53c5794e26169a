// Measures the job queue on PostgreSQL and prints a table: `npm run bench:jobs [-- --jobs 5000] [--samples 200]`.
import { randomUUID } from 'node:crypto';
import { cpus, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  createLogger,
  Database,
  jobMigrations,
  JobQueue,
  JobWorkers,
  Migrator,
} from '@daftari/service-kit';
import { eventually, startPostgres } from '@daftari/testing';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '5000' },
    samples: { type: 'string', default: '200' },
  },
});
const JOBS = Number(values.jobs);
const SAMPLES = Number(values.samples);
const AT_ONCE = 10;
const PATIENT = { withinMs: 600_000 };

const tenantId = randomUUID();
const job = (queue) => ({
  ...{ id: randomUUID(), tenantId, queue, kind: 'bench', correlationId: 'bench', payload: {} },
});
const postgres = await startPostgres();
const db = await Database.connect({
  ...{ url: await postgres.createDatabase('bench'), max: 10, entities: [] },
});
await new Migrator(db.pool, jobMigrations).up();
const jobs = new JobQueue();
const enqueue = (all) => db.transaction((tx) => jobs.enqueue(tx, all));
const began = new Map();
const waits = [];
const workers = new JobWorkers(
  {
    ...{ db, jobs, logger: createLogger('bench', 'silent'), pollMs: 200 },
    handlers: [
      {
        ...{ kind: 'bench', attemptsMax: 1 },
        run: async ({ id, queue }) => {
          if (began.has(id)) waits.push(performance.now() - began.get(id));
          if (queue === 'low') await delay(50);
          return async () => undefined;
        },
      },
    ],
  },
  { high: AT_ONCE, medium: AT_ONCE, low: AT_ONCE },
);
const left = async (queue) => {
  const sql = `select 1 from job where queue = $1 and state in ('queued', 'running') limit 1`;
  return (await db.pool.query(sql, [queue])).rowCount;
};
/** Milliseconds from the commit of a high job to its handler, one at a time. */
const waitOfHigh = async () => {
  waits.splice(0);
  for (let i = 0; i < SAMPLES; i++) {
    const one = job('high');
    began.set(one.id, performance.now());
    await enqueue([one]);
    await eventually(() => waits.length > i, { ...PATIENT, everyMs: 5 });
  }
  const sorted = [...waits].sort((a, b) => a - b);
  return [0.5, 0.95].map((share) => Math.round(sorted[Math.ceil(share * SAMPLES) - 1]));
};

workers.onApplicationBootstrap();
const started = performance.now();
await enqueue(Array.from({ length: JOBS }, () => job('medium')));
const queuedMs = performance.now() - started;
await eventually(async () => (await left('medium')) === 0, PATIENT);
const rate = JOBS / ((performance.now() - started) / 1_000);
const idle = await waitOfHigh();
await enqueue(Array.from({ length: 4 * JOBS }, () => job('low')));
const flooded = await waitOfHigh();
const wasFlooded = await left('low');
await workers.beforeApplicationShutdown();
await db.close();
await postgres.stop();

process.stdout.write(`
${String(cpus().length)} cores, load ${loadavg()[0]?.toFixed(1) ?? ''}; ${String(AT_ONCE)} jobs of each queue at a time, looked for every 200 ms

| what | figure |
|---|---|
| ${String(JOBS)} jobs queued in one transaction | ${queuedMs.toFixed(0)} ms |
| jobs done per second that do nothing | ${rate.toFixed(0)} |
| wait of a high job, nothing else to do | p50 ${idle[0]} ms, p95 ${idle[1]} ms |
| wait of a high job before ${String(4 * JOBS)} low ones of 50 ms${wasFlooded ? '' : ' (which ended before)'} | p50 ${flooded[0]} ms, p95 ${flooded[1]} ms |
`);
