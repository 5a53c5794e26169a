import { invariant } from '@daftari/kernel';
import type { Logger } from '../logging.js';
import { jobDuration, jobsFailed } from '../metrics.js';
import type { Database, Tx } from '../persistence/database.js';
import { runInTrace } from '../trace.js';
import {
  type Effect,
  type Job,
  type JobHandler,
  JobRefused,
  type QueueName,
  retryWaitMs,
} from './job.js';
import type { JobQueue } from './job-queue.js';

/** What the workers of a process need. */
export interface JobWorkerOptions {
  readonly db: Database;
  readonly jobs: JobQueue;
  readonly handlers: readonly JobHandler[];
  readonly logger: Logger;
  /** How often due jobs are looked for when there were none. */
  readonly pollMs: number;
  /** How long a job stays with a worker that says nothing any more; a worker that lives says so three times as often. */
  readonly leaseMs?: number;
  /** The wait after the first failed try. */
  readonly firstRetryMs?: number;
}

const LEASE_MS = 30_000;
const FIRST_RETRY_MS = 2_000;
/** Less than the nine seconds that a process has to stop. */
const STOP_MS = 5_000;

// A job that is still running when it is due has lost its worker: that run is written down as lost, and it is taken again.
const CLAIM = `
  with due as (
    select id, state, attempts, started_at from job
    where queue = $1 and kind = any($2) and state in ('queued', 'running') and due_at <= now()
    order by due_at limit $3 for update skip locked),
  lost as (
    insert into job_attempt(job_id, attempt, outcome, started_at, ended_at, error)
    select id, attempts, 'lost', started_at, now(), 'its worker stopped' from due where state = 'running')
  update job set state = 'running', attempts = job.attempts + 1, started_at = now(), due_at = now() + make_interval(secs => $4)
  from due where job.id = due.id
  returning job.id, tenant_id as "tenantId", kind, queue, payload, correlation_id as "correlationId", batch_id as "batchId",
    job.attempts as attempt, job.attempts - attempts_before as round`;

// Nothing is written for a run that was overtaken.
const END = `
  with ended as (
    update job set state = $3, last_error = $5, due_at = now() + make_interval(secs => $6),
      ended_at = case when $3 = 'queued' then null else now() end
    where id = $1 and attempts = $2 and state = 'running' returning id, attempts, started_at)
  insert into job_attempt(job_id, attempt, outcome, started_at, ended_at, error)
  select id, attempts, $4, started_at, now(), $5 from ended`;

const KEEP = `
  update job set due_at = now() + make_interval(secs => $3)
  where state = 'running' and (id, attempts) in (select * from unnest($1::uuid[], $2::int[]))`;

interface End {
  readonly state: 'succeeded' | 'queued' | 'dead';
  readonly error: string | null;
  readonly waitMs: number;
}

/** Does the jobs of one queue, at most `atOnce` at a time. */
export class JobWorker {
  private readonly handlers: ReadonlyMap<string, JobHandler>;
  private readonly running = new Map<Job, Promise<void>>();
  private readonly leaseMs: number;
  private loop: Promise<void> = Promise.resolve();
  private keeping: NodeJS.Timeout | undefined;
  private wake: () => void = () => undefined;
  private stopping = false;

  constructor(
    private readonly queue: QueueName,
    private readonly atOnce: number,
    private readonly options: JobWorkerOptions,
  ) {
    this.handlers = new Map(options.handlers.map((handler) => [handler.kind, handler]));
    this.leaseMs = options.leaseMs ?? LEASE_MS;
    for (const kind of this.handlers.keys()) jobsFailed.inc({ queue, kind }, 0);
  }

  start(): void {
    if (this.atOnce === 0) return;
    this.keeping = setInterval(() => void this.keep(), this.leaseMs / 3);
    this.loop = this.work();
  }

  /** Takes no more and waits for what runs, five seconds at most: another worker does the rest when its lease ends. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.wake();
    await this.loop;
    const late = new Promise((resolve) => setTimeout(resolve, STOP_MS).unref());
    await Promise.race([Promise.all(this.running.values()), late]);
    clearInterval(this.keeping);
  }

  private async work(): Promise<void> {
    while (!this.stopping) {
      const free = this.atOnce - this.running.size;
      const taken = free === 0 ? [] : await this.claim(free);
      for (const job of taken) {
        const end = this.perform(job).finally(() => {
          this.running.delete(job);
          // Several places are filled by one query.
          if (this.running.size <= this.atOnce / 2) this.wake();
        });
        this.running.set(job, end);
      }
      if (taken.length === 0 || this.running.size === this.atOnce) await this.rest();
    }
  }

  /** Until half of the places are free or it is time to look again. */
  private async rest(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.options.pollMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.stopping) this.wake();
    });
  }

  private async claim(most: number): Promise<readonly Job[]> {
    const kinds = [...this.handlers.keys()];
    try {
      const { rows } = await this.options.db.pool.query<Job>(CLAIM, [
        ...[this.queue, kinds, most],
        this.leaseMs / 1_000,
      ]);
      return rows;
    } catch (error) {
      this.options.logger.warn({ err: error, queue: this.queue }, 'jobs wait');
      return [];
    }
  }

  /** Says that the jobs of this worker are being done, however long they take. */
  private async keep(): Promise<void> {
    const jobs = [...this.running.keys()];
    if (jobs.length === 0) return;
    const [ids, attempts] = [jobs.map(({ id }) => id), jobs.map(({ attempt }) => attempt)];
    await this.options.db.pool
      .query(KEEP, [ids, attempts, this.leaseMs / 1_000])
      .catch((error: unknown) => {
        this.options.logger.warn({ err: error, queue: this.queue }, 'leases of jobs were not kept');
      });
  }

  private async perform(job: Job): Promise<void> {
    const handler = this.handlers.get(job.kind);
    invariant(handler !== undefined, `nobody does jobs of kind ${job.kind}`);
    const end = jobDuration.startTimer({ queue: this.queue, kind: job.kind });
    const trace = { correlationId: job.correlationId };
    const outcome = await runInTrace(trace, () => this.attempt(job, handler)).catch(
      (error: unknown) => {
        this.options.logger.warn({ err: error, ...about(job) }, 'the end of a job was not written');
        return 'lost' as const;
      },
    );
    end({ outcome });
  }

  private async attempt(job: Job, handler: JobHandler): Promise<'succeeded' | 'failed'> {
    try {
      // Its last run did not come to an end, as one that ends its process would not.
      if (job.round > handler.attemptsMax) throw new JobRefused('its last try was lost');
      const effect = await handler.run(job);
      await this.end(job, { state: 'succeeded', error: null, waitMs: 0 }, effect);
      return 'succeeded';
    } catch (error) {
      await this.afterError(job, handler, error);
      return 'failed';
    }
  }

  private async afterError(job: Job, handler: JobHandler, error: unknown): Promise<void> {
    const { logger, firstRetryMs = FIRST_RETRY_MS } = this.options;
    const reason = (error instanceof Error ? error.message : String(error)).slice(0, 1_000);
    if (!(error instanceof JobRefused) && job.round < handler.attemptsMax) {
      const waitMs = retryWaitMs(job.round, firstRetryMs);
      await this.end(job, { state: 'queued', error: reason, waitMs });
      logger.warn({ err: error, ...about(job), waitMs }, 'a job waits for another try');
      return;
    }
    const isMine = await this.end(job, { state: 'dead', error: reason, waitMs: 0 }, async (tx) =>
      handler.onDead?.(tx, job, reason),
    );
    if (!isMine) return;
    jobsFailed.inc({ queue: this.queue, kind: job.kind });
    logger.error({ err: error, ...about(job) }, 'a job was given up');
  }

  /** Writes the end of a run with its effect; false, and nothing is written, when another run has overtaken it. */
  private end(job: Job, { state, error, waitMs }: End, effect?: Effect): Promise<boolean> {
    const { db, jobs } = this.options;
    return db.transaction(async (tx: Tx) => {
      const outcome = state === 'succeeded' ? 'succeeded' : 'failed';
      const { rowCount } = await tx.client.query(END, [
        ...[job.id, job.attempt, state, outcome, error],
        waitMs / 1_000,
      ]);
      if (rowCount === 0) return false;
      await effect?.(tx);
      if (state !== 'queued' && job.batchId !== null)
        await jobs.countEnded(tx, job.batchId, outcome);
      return true;
    });
  }
}

const about = ({ id, kind, queue, attempt, tenantId }: Job): object => ({
  ...{ jobId: id, kind, queue, attempt, tenantId },
});
