import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { jest } from '@jest/globals';
import { deterministicId } from '@daftari/kernel';
import { purgeTable } from '@daftari/messaging';
import { eventually, startPostgres, type TestPostgres } from '@daftari/testing';
import { createLogger } from '../logging.js';
import { Database } from '../persistence/database.js';
import { Migrator } from '../persistence/migrations.js';
import {
  type Effect,
  type Job,
  type JobHandler,
  JobRefused,
  type NewJob,
  type QueueName,
} from './job.js';
import { countJobs, JobMonitor } from './job-monitor.js';
import { JobQueue } from './job-queue.js';
import { type JobWorkerOptions } from './job-worker.js';
import { JobWorkers } from './job-workers.js';
import { jobMigrations } from './migrations.js';

jest.setTimeout(240_000);
const SLOW = { withinMs: 200_000 };
const TENANT = deterministicId('tenant', 'jobs');
const nothing: Effect = () => Promise.resolve();

let postgres: TestPostgres;
let url: string;
let db: Database;
let monitor: JobMonitor;
let databases = 0;
const jobs = new JobQueue();
const running: JobWorkers[] = [];
const children: ChildProcess[] = [];

const idOf = (name: string): string => deterministicId('job', name);
const job = (name: string, more: Partial<NewJob> = {}): NewJob => ({
  ...{ id: idOf(name), tenantId: TENANT, kind: 'test', queue: 'medium', correlationId: 'c' },
  payload: { name },
  ...more,
});
const enqueue = (...all: readonly NewJob[]): Promise<number> =>
  db.transaction((tx) => jobs.enqueue(tx, all));
const handler = (run: JobHandler['run'], more: Partial<JobHandler> = {}): JobHandler => ({
  ...{ kind: 'test', attemptsMax: 3, run },
  ...more,
});
const start = (
  handlers: JobHandler[],
  more: Partial<JobWorkerOptions> = {},
  atOnce: Partial<Record<QueueName, number>> = {},
): JobWorkers => {
  const workers = new JobWorkers(
    {
      ...{ db, jobs, handlers, logger: createLogger('test', 'silent') },
      ...{ pollMs: 10, firstRetryMs: 1, ...more },
    },
    { high: 4, medium: 4, low: 4, ...atOnce },
  );
  running.push(workers);
  workers.onApplicationBootstrap();
  return workers;
};
const ended = (name: string, state: 'succeeded' | 'dead') =>
  eventually(async () => {
    const seen = await monitor.show(TENANT, idOf(name));
    return seen.state === state && seen;
  }, SLOW);
const count = async (sql: string): Promise<number> =>
  Number((await db.pool.query<{ n: string }>(`select count(*) as n from ${sql}`)).rows[0]?.n);

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  url = await postgres.createDatabase(`jobs${String(++databases)}`);
  db = await Database.connect({ url, max: 20, entities: [] });
  await new Migrator(db.pool, jobMigrations).up();
  await db.pool.query(
    'create table effect(id uuid primary key); create table run(id uuid, pid int); create table result(id uuid, text text)',
  );
  monitor = new JobMonitor(db);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((workers) => workers.beforeApplicationShutdown()));
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await db.close();
});

describe('a job', () => {
  it('is queued with the transaction that causes it, or not at all', async () => {
    const failed = db.transaction(async (tx) => {
      await jobs.enqueue(tx, [job('rolled back')]);
      throw new Error('the cause did not happen');
    });
    await expect(failed).rejects.toThrow('did not happen');
    await enqueue(job('committed'));
    const { items } = await monitor.list(TENANT, {
      ...{ queue: null, state: null, cursor: null, limit: 10 },
    });
    expect(items.map(({ id, state }) => [id, state])).toEqual([[idOf('committed'), 'queued']]);
  });

  it('is queued once for its id, however often and by however many at once, also when it is done', async () => {
    const given = await Promise.all(Array.from({ length: 10 }, () => enqueue(job('a'))));
    expect(given.reduce((sum, n) => sum + n)).toBe(1);
    const runs: string[] = [];
    start([handler((taken) => Promise.resolve(runs.push(taken.id)).then(() => nothing))]);
    await ended('a', 'succeeded');
    expect(await enqueue(job('a'), job('b'))).toBe(1);
    await ended('b', 'succeeded');
    expect(runs).toEqual([idOf('a'), idOf('b')]);
  });

  it('writes what it brought about with its end, or is tried again', async () => {
    let tries = 0;
    const write = (id: string): Effect =>
      async function effect(tx) {
        await tx.client.query('insert into effect(id) values ($1)', [id]);
        if (++tries === 1) throw new Error('the database said no');
      };
    start([handler(({ id }) => Promise.resolve(write(id)))]);
    await enqueue(job('a'));
    const { history } = await ended('a', 'succeeded');
    expect(history.map(({ outcome, error }) => [outcome, error])).toEqual([
      ['failed', 'the database said no'],
      ['succeeded', null],
    ]);
    expect(await count('effect')).toBe(1);
  });

  it('is left to processes that know its kind', async () => {
    await enqueue(job('unknown', { kind: 'of a newer release' }), job('known'));
    start([handler(() => Promise.resolve(nothing))]);
    await ended('known', 'succeeded');
    expect(await monitor.show(TENANT, idOf('unknown'))).toMatchObject({
      ...{ state: 'queued', attempts: 0 },
    });
  });
});

describe('a job that fails', () => {
  const failing = (until: () => boolean, more: Partial<JobHandler> = {}): JobHandler =>
    handler(() => (until() ? Promise.resolve(nothing) : Promise.reject(new Error('no answer'))), {
      onDead: async (tx, { id }, reason) => {
        await tx.client.query('insert into result values ($1, $2)', [id, reason]);
      },
      ...more,
    });

  it('waits longer each time, is given up after its last try with what that means, and is then tried again by people alone', async () => {
    let mended = false;
    start([failing(() => mended)], { firstRetryMs: 40 });
    await enqueue(job('a'), job('neighbour', { kind: 'nobody' }));
    const dead = await ended('a', 'dead');
    expect(dead).toMatchObject({ attempts: 3, lastError: 'no answer', dueAt: null });
    expect(dead.history.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      ...[1, 2, 3].map((n) => [n, 'failed']),
    ]);
    const [first = 0, second = 0] = dead.history
      .slice(1)
      .map(({ startedAt }, i) => Number(startedAt) - Number(dead.history[i]?.endedAt));
    // At least 80 % of 40 ms and of four times as much: a slow machine makes a wait longer, never shorter.
    expect(first).toBeGreaterThanOrEqual(31);
    expect(second).toBeGreaterThanOrEqual(127);
    expect((await db.pool.query('select text from result')).rows).toEqual([{ text: 'no answer' }]);

    await expect(monitor.retry(TENANT, idOf('neighbour'))).rejects.toMatchObject({
      code: 'job/not-dead',
    });
    await expect(monitor.retry(idOf('another tenant'), idOf('a'))).rejects.toMatchObject({
      code: 'job/not-found',
    });
    mended = true;
    expect((await monitor.retry(TENANT, idOf('a'))).endedAt).toBeNull();
    const done = await ended('a', 'succeeded');
    expect(done.history.map(({ outcome }) => outcome)).toEqual([
      ...['failed', 'failed', 'failed', 'succeeded'],
    ]);
    await expect(monitor.retry(TENANT, idOf('a'))).rejects.toMatchObject({ code: 'job/not-dead' });
  });

  it('and is tried again by people has all its tries anew', async () => {
    start([failing(() => false)]);
    await enqueue(job('a'));
    await ended('a', 'dead');
    await monitor.retry(TENANT, idOf('a'));
    const dead = await eventually(async () => {
      const seen = await monitor.show(TENANT, idOf('a'));
      return seen.state === 'dead' && seen.attempts > 3 && seen;
    }, SLOW);
    expect(dead.attempts).toBe(6);
    expect(await count('result')).toBe(2);
  });

  it('for good is given up at once', async () => {
    start([handler(() => Promise.reject(new JobRefused('no such mailbox')))]);
    await enqueue(job('a'));
    expect(await ended('a', 'dead')).toMatchObject({ attempts: 1, lastError: 'no such mailbox' });
  });
});

describe('the queues', () => {
  it('have workers of their own: 2,000 low jobs before it do not delay a high one', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const started = { high: 0, medium: 0, low: 0 };
    const slow = async ({ queue }: Job): Promise<Effect> => {
      started[queue]++;
      if (queue === 'low') await held;
      return nothing;
    };
    await enqueue(
      ...Array.from({ length: 2_000 }, (_, i) => job(`low ${String(i)}`, { queue: 'low' })),
    );
    start([handler(slow)]);
    await eventually(() => started.low === 4, SLOW);
    await enqueue(job('urgent', { queue: 'high' }), job('usual', { queue: 'medium' }));
    await ended('urgent', 'succeeded');
    await ended('usual', 'succeeded');
    expect(started).toEqual({ high: 1, medium: 1, low: 4 });
    const counts = await countJobs(db.pool);
    expect(counts.filter((each) => each.count > 0)).toEqual([
      { queue: 'low', state: 'due', count: 1_996 },
      { queue: 'low', state: 'running', count: 4 },
    ]);
    release();
    await eventually(async () => (await count(`job where state = 'succeeded'`)) > 100, SLOW);
  });

  it('are shared by two workers, and no job is done twice', async () => {
    const taken: string[][] = [[], []];
    for (const own of taken)
      start([
        handler(async ({ id }) => {
          own.push(id);
          await new Promise((after) => setTimeout(after, 1));
          return nothing;
        }),
      ]);
    await enqueue(...Array.from({ length: 500 }, (_, i) => job(`n${String(i)}`)));
    await eventually(async () => (await count(`job where state = 'succeeded'`)) === 500, SLOW);
    expect(taken.map((own) => own.length > 0)).toEqual([true, true]);
    expect(new Set(taken.flat()).size).toBe(500);
    expect(taken.flat()).toHaveLength(500);
  });

  it('can be left to other processes', async () => {
    start([handler(() => Promise.resolve(nothing))], {}, { low: 0 });
    await enqueue(job('low', { queue: 'low' }), job('high', { queue: 'high' }));
    await ended('high', 'succeeded');
    expect((await monitor.show(TENANT, idOf('low'))).attempts).toBe(0);
    start([handler(() => Promise.resolve(nothing))]);
    await ended('low', 'succeeded');
  });
});

describe('a worker', () => {
  const LEASE_MS = 1_500;
  const worker = (stay: 'stay' | 'go'): ChildProcess => {
    const script = resolve('libs/service-kit/dist/queue/test-worker.js');
    const args = ['--no-warnings', script, url, String(LEASE_MS), stay];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    children.push(child);
    return child;
  };
  const exited = (child: ChildProcess): Promise<unknown> =>
    new Promise((gone) => child.once('exit', (...how) => gone(how)));

  it('that is killed in the middle of a job leaves it to another, and the effect is there once', async () => {
    await enqueue(job('a', { kind: 'effect' }));
    const first = worker('stay');
    await eventually(async () => (await count('run')) === 1, SLOW);
    const gone = exited(first);
    first.kill('SIGKILL');
    expect(await gone).toEqual([null, 'SIGKILL']);
    expect(await monitor.show(TENANT, idOf('a'))).toMatchObject({ state: 'running', history: [] });
    const second = worker('go');
    const { history, attempts } = await ended('a', 'succeeded');
    expect(attempts).toBe(2);
    expect(history.map(({ outcome, error }) => [outcome, error])).toEqual([
      ['lost', 'its worker stopped'],
      ['succeeded', null],
    ]);
    expect([await count('run'), await count('effect')]).toEqual([2, 1]);
    expect((await db.pool.query('select distinct pid from run')).rows).toHaveLength(2);
    const end = exited(second);
    second.kill('SIGTERM');
    expect(await end).toEqual([0, null]);
  });

  it('that lives keeps a job that takes longer than its lease', async () => {
    let runs = 0;
    let release: () => void = () => undefined;
    const held = new Promise<void>((free) => (release = free));
    for (let i = 0; i < 2; i++)
      start(
        [
          handler(async () => {
            runs++;
            await held;
            return nothing;
          }),
        ],
        { leaseMs: 600 },
      );
    await enqueue(job('long'));
    // Until it has run three leases long.
    await eventually(
      async () =>
        (await count(`job where state = 'running' and started_at < now() - interval '1.8 s'`)) ===
        1,
      SLOW,
    );
    release();
    expect((await ended('long', 'succeeded')).attempts).toBe(1);
    expect(runs).toBe(1);
  });

  it('that was overtaken ends nothing and writes nothing', async () => {
    const turns: (() => void)[] = [];
    const effects: number[] = [];
    start([
      handler(async ({ attempt, id }) => {
        await new Promise<void>((turn) => turns.push(turn));
        return async (tx) => {
          effects.push(attempt);
          await tx.client.query('insert into result values ($1, $2)', [id, String(attempt)]);
        };
      }),
    ]);
    await enqueue(job('a'));
    await eventually(() => turns.length === 1, SLOW);
    // As after a pause of the whole process: its lease has ended, and the job is taken again.
    await eventually(async () => {
      await db.pool.query(`update job set due_at = now() where state = 'running' and attempts = 1`);
      return turns.length === 2;
    }, SLOW);
    turns[0]?.();
    turns[1]?.();
    const { history } = await ended('a', 'succeeded');
    expect(history.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, 'lost'],
      [2, 'succeeded'],
    ]);
    expect(effects).toEqual([2]);
    expect((await db.pool.query('select text from result')).rows).toEqual([{ text: '2' }]);
  });

  it('does not try for ever what kills it', async () => {
    let tries = 0;
    start([
      handler(() => {
        tries++;
        return new Promise(() => undefined);
      }),
    ]);
    await enqueue(job('poison'));
    await eventually(async () => {
      await db.pool.query(`update job set due_at = now() where state = 'running'`);
      return (await monitor.show(TENANT, idOf('poison'))).state === 'dead';
    }, SLOW);
    expect(tries).toBe(3);
    expect((await monitor.show(TENANT, idOf('poison'))).lastError).toBe('its last try was lost');
  });

  it('that stops takes no more and ends what it has', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((free) => (release = free));
    let runs = 0;
    const workers = start(
      [
        handler(async () => {
          runs++;
          await held;
          return nothing;
        }),
      ],
      {},
      { medium: 1 },
    );
    await enqueue(job('a'), job('b'));
    await eventually(() => runs === 1, SLOW);
    const stopped = workers.beforeApplicationShutdown();
    release();
    await stopped;
    const states = await db.pool.query('select state, count(*)::int as n from job group by 1');
    expect(states.rows).toEqual(
      expect.arrayContaining([
        { state: 'queued', n: 1 },
        { state: 'succeeded', n: 1 },
      ]),
    );
    expect(runs).toBe(1);
  });
});

describe('a batch', () => {
  const BATCH = deterministicId('batch', '1');
  const then = 'told';
  const told: Job[] = [];
  const teller = handler((taken) => Promise.resolve(told.push(taken)).then(() => nothing), {
    kind: then,
  });
  const open = (size: number, close = true): Promise<void> =>
    db.transaction(async (tx) => {
      await jobs.openBatch(tx, {
        ...{ id: BATCH, tenantId: TENANT, kind: 'test', correlationId: 'c', then },
      });
      const all = Array.from({ length: size }, (_, i) =>
        job(`in ${String(i)}`, { batchId: BATCH }),
      );
      if (size > 0) await jobs.enqueue(tx, all);
      if (close) await jobs.closeBatch(tx, BATCH);
    });
  const completed = () =>
    eventually(async () => {
      const batch = await monitor.batch(TENANT, BATCH);
      return batch.state === 'completed' && batch;
    }, SLOW);
  beforeEach(() => told.splice(0));

  it('has one result, once, also when its last jobs end at the same moment', async () => {
    const SIZE = 8;
    let arrived = 0;
    let release: () => void = () => undefined;
    const all = new Promise<void>((free) => (release = free));
    const together = async ({ payload }: Job): Promise<Effect> => {
      if (++arrived === SIZE) release();
      await all;
      if (payload.name === 'in 0') throw new JobRefused('never');
      return nothing;
    };
    await open(SIZE);
    expect(await monitor.batch(TENANT, BATCH)).toMatchObject({ state: 'running', total: SIZE });
    for (let i = 0; i < 2; i++) start([handler(together), teller]);
    const batch = await completed();
    expect(batch).toMatchObject({ total: SIZE, succeeded: SIZE - 1, failed: 1 });
    expect(batch.completedAt).toBeInstanceOf(Date);
    await eventually(() => told.length > 0, SLOW);
    await ended('in 1', 'succeeded');
    expect(told.map(({ payload }) => payload)).toEqual([{ batchId: BATCH }]);
    expect(await count(`job where kind = 'told'`)).toBe(1);
  });

  it('is not completed while it is being filled', async () => {
    await open(2, false);
    start([handler(() => Promise.resolve(nothing)), teller]);
    await ended('in 0', 'succeeded');
    await ended('in 1', 'succeeded');
    expect(await monitor.batch(TENANT, BATCH)).toMatchObject({ state: 'filling', succeeded: 2 });
    await db.transaction((tx) => jobs.closeBatch(tx, BATCH));
    expect(await completed()).toMatchObject({ total: 2, succeeded: 2, failed: 0 });
    await expect(enqueue(job('late', { batchId: BATCH }))).rejects.toThrow('takes no more jobs');
  });

  it('of nothing is completed at once', async () => {
    await open(0);
    start([teller]);
    expect(await completed()).toMatchObject({ total: 0 });
    await eventually(() => told.length === 1, SLOW);
  });

  it('counts a job that people had tried again, and tells its result no second time', async () => {
    let mended = false;
    const run = (): Promise<Effect> =>
      mended ? Promise.resolve(nothing) : Promise.reject(new JobRefused('no'));
    await open(1);
    start([handler(run), teller]);
    expect(await completed()).toMatchObject({ succeeded: 0, failed: 1 });
    mended = true;
    await monitor.retry(TENANT, idOf('in 0'));
    await ended('in 0', 'succeeded');
    expect(await monitor.batch(TENANT, BATCH)).toMatchObject({ succeeded: 1, failed: 0 });
    expect(await count(`job where kind = 'told'`)).toBe(1);
  });

  it('is nobody else’s', async () => {
    await open(1);
    await expect(monitor.batch(idOf('another tenant'), BATCH)).rejects.toMatchObject({
      code: 'job-batch/not-found',
    });
  });
});

describe('what operators see', () => {
  it('is each queue in figures, jobs page by page, and nothing of another tenant', async () => {
    const other = deterministicId('tenant', 'other');
    start([
      handler(({ payload }) =>
        payload.name === 'bad' ? Promise.reject(new JobRefused('no')) : Promise.resolve(nothing),
      ),
    ]);
    for (const name of ['1', '2', '3', 'bad']) await enqueue(job(name));
    await enqueue(job('theirs', { tenantId: other, queue: 'high' }));
    for (const name of ['1', '2', '3']) await ended(name, 'succeeded');
    await ended('bad', 'dead');
    const all = { queue: null, state: null, limit: 3 };
    const first = await monitor.list(TENANT, { ...all, cursor: null });
    const second = await monitor.list(TENANT, { ...all, cursor: first.nextCursor });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(
      ['bad', '3', '2', '1'].map(idOf),
    );
    expect([first.nextCursor === null, second.nextCursor]).toEqual([false, null]);
    const dead = await monitor.list(TENANT, { ...all, cursor: null, state: 'dead' });
    expect(dead.items.map(({ id }) => id)).toEqual([idOf('bad')]);
    const [high, medium, low] = await monitor.statistics(TENANT);
    const none = { queued: 0, running: 0, succeeded: 0, dead: 0 };
    const noRuns = { runs: 0, failures: 0, p50Ms: null, p95Ms: null, p99Ms: null };
    expect(high).toEqual({ queue: 'high', ...none, lastDay: noRuns });
    expect(low).toEqual({ queue: 'low', ...none, lastDay: noRuns });
    expect(medium).toMatchObject({ queued: 0, succeeded: 3, dead: 1 });
    expect(medium?.lastDay).toMatchObject({ runs: 4, failures: 1, p50Ms: expect.any(Number) });
    expect(medium?.lastDay.p99Ms).toBeGreaterThanOrEqual(Number(medium?.lastDay.p50Ms));
  });

  it('goes after its time, but never what was given up', async () => {
    start([
      handler(({ payload }) =>
        payload.name === 'bad' ? Promise.reject(new JobRefused('no')) : Promise.resolve(nothing),
      ),
    ]);
    await enqueue(job('good'), job('bad'));
    await ended('good', 'succeeded');
    await ended('bad', 'dead');
    await db.pool.query(`update job set ended_at = ended_at - interval '91 days'`);
    const only = `state = 'succeeded'`;
    expect(await purgeTable(db.pool, { table: 'job', column: 'ended_at', days: 90, only })).toBe(1);
    expect((await db.pool.query('select job_id from job_attempt')).rows).toEqual([
      { job_id: idOf('bad') },
    ]);
  });
});
