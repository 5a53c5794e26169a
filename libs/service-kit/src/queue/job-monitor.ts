import { NotFound, Rejected } from '@daftari/kernel';
import type { Pool } from 'pg';
import type { Database } from '../persistence/database.js';
import type { WorkCount } from '../service.js';
import { QUEUES, type QueueName } from './job.js';

/** What becomes of a job: it waits for its (next) try, runs, is done, or was given up. */
export const JOB_STATES = ['queued', 'running', 'succeeded', 'dead'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** A job as operators see it. */
export interface JobView {
  readonly id: string;
  readonly kind: string;
  readonly queue: QueueName;
  readonly state: JobState;
  readonly attempts: number;
  readonly batchId: string | null;
  readonly correlationId: string;
  readonly createdAt: Date;
  /** When it is tried (again); null when it is not waiting. */
  readonly dueAt: Date | null;
  /** When its newest run began, and when it ended for good. */
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly lastError: string | null;
}

/** One run of a job; `lost`: its worker stopped in the middle. */
export interface JobAttempt {
  readonly attempt: number;
  readonly outcome: 'succeeded' | 'failed' | 'lost';
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly error: string | null;
}

/** A job with what it is about and every run that ended. */
export interface JobDetails extends JobView {
  readonly payload: Readonly<Record<string, unknown>>;
  readonly history: readonly JobAttempt[];
}

/** Which jobs. */
export interface JobFilter {
  readonly queue: string | null;
  readonly state: string | null;
  readonly cursor: string | null;
  readonly limit: number;
}

/** A queue in figures: its jobs by state, and the runs of the last 24 hours with their times in milliseconds. */
export interface QueueStatistics extends Readonly<Record<JobState, number>> {
  readonly queue: QueueName;
  readonly lastDay: {
    readonly runs: number;
    readonly failures: number;
    readonly p50Ms: number | null;
    readonly p95Ms: number | null;
    readonly p99Ms: number | null;
  };
}

/** A batch and how far it is. `filling`: it does not have all its jobs yet. */
export interface BatchView {
  readonly id: string;
  readonly kind: string;
  readonly state: 'filling' | 'running' | 'completed';
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly createdAt: Date;
  readonly completedAt: Date | null;
}

const VIEW = `id, kind, queue, state, attempts, batch_id as "batchId", correlation_id as "correlationId", created_at as "createdAt",
  case when state = 'queued' then due_at end as "dueAt", started_at as "startedAt", ended_at as "endedAt", last_error as "lastError"`;
const CURSOR = `to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '_' || id as cursor`;

/** How many jobs of each queue wait for their time, are due, run, or were given up: for `work` of a service. */
export const countJobs = async (pool: Pool): Promise<readonly WorkCount[]> => {
  const { rows } = await pool.query<WorkCount>(
    `select queue, case when state = 'running' then state when due_at <= now() then 'due' else 'waiting' end as state, count(*)::int
       from job where state in ('queued', 'running') group by 1, 2
     union all select queue, 'stopped', count(*)::int from job where state = 'dead' group by 1`,
  );
  return QUEUES.flatMap((queue) =>
    (['waiting', 'due', 'running', 'stopped'] as const).map((state) => ({
      ...{ queue, state },
      count: rows.find((row) => row.queue === queue && row.state === state)?.count ?? 0,
    })),
  );
};

/** What people see of a service's jobs and do about them. Nobody sees those of another tenant. */
export class JobMonitor {
  constructor(private readonly db: Database) {}

  /** Jobs of a tenant, the newest first. */
  async list(
    tenantId: string,
    filter: JobFilter,
  ): Promise<{ items: JobView[]; nextCursor: string | null }> {
    const [at, after] = filter.cursor?.split('_') ?? [null, null];
    const { rows } = await this.db.pool.query<JobView & { cursor: string }>(
      `select ${VIEW}, ${CURSOR} from job
       where tenant_id = $1 and ($2::text is null or queue = $2) and ($3::text is null or state = $3)
         and ($4::timestamptz is null or (created_at, id) < ($4, $5::uuid))
       order by created_at desc, id desc limit $6`,
      [tenantId, filter.queue, filter.state, at, after, filter.limit + 1],
    );
    const shown = rows.slice(0, filter.limit);
    const nextCursor = rows.length > filter.limit ? (shown.at(-1)?.cursor ?? null) : null;
    return { items: shown.map(({ cursor: _, ...view }) => view), nextCursor };
  }

  /** One job with its history. Throws NotFound. */
  async show(tenantId: string, id: string): Promise<JobDetails> {
    const { rows } = await this.db.pool.query<Omit<JobDetails, 'history'>>(
      `select ${VIEW}, payload from job where tenant_id = $1 and id = $2`,
      [tenantId, id],
    );
    if (!rows[0]) throw new NotFound('job');
    const { rows: history } = await this.db.pool.query<JobAttempt>(
      `select attempt, outcome, started_at as "startedAt", ended_at as "endedAt", error
       from job_attempt where job_id = $1 order by attempt`,
      [id],
    );
    return { ...rows[0], history };
  }

  /** Has a job that was given up tried again, as often as a new one. Throws NotFound, or Rejected `job/not-dead`. */
  async retry(tenantId: string, id: string): Promise<JobDetails> {
    await this.db.transaction(async ({ client }) => {
      const { rows } = await client.query<{ batchId: string | null }>(
        `update job set state = 'queued', due_at = now(), attempts_before = attempts, ended_at = null
         where tenant_id = $1 and id = $2 and state = 'dead' returning batch_id as "batchId"`,
        [tenantId, id],
      );
      if (rows[0])
        await client.query('update job_batch set failed = failed - 1 where id = $1', [
          rows[0].batchId,
        ]);
      else if (await this.show(tenantId, id))
        throw new Rejected('job/not-dead', 'Only a job that was given up is tried again');
    });
    return this.show(tenantId, id);
  }

  /** Each queue of a tenant in figures, the most urgent first. */
  async statistics(tenantId: string): Promise<QueueStatistics[]> {
    const { rows: counts } = await this.db.pool.query<{
      queue: QueueName;
      state: JobState;
      count: number;
    }>('select queue, state, count(*)::int from job where tenant_id = $1 group by queue, state', [
      tenantId,
    ]);
    const { rows: times } = await this.db.pool.query<
      { queue: QueueName } & QueueStatistics['lastDay']
    >(
      `select queue, count(*)::int as runs, count(*) filter (where outcome <> 'succeeded')::int as failures,
         ${[50, 95, 99].map((p) => `round(percentile_cont(${String(p / 100)}) within group (order by ms))::int as "p${String(p)}Ms"`).join(', ')}
       from (select queue, outcome, extract(epoch from a.ended_at - a.started_at)::float8 * 1000 as ms
         from job_attempt a join job on job.id = a.job_id
         where tenant_id = $1 and a.ended_at > now() - interval '24 hours') run
       group by queue`,
      [tenantId],
    );
    return QUEUES.map((queue) => {
      const of = (state: JobState): number =>
        counts.find((row) => row.queue === queue && row.state === state)?.count ?? 0;
      const { queue: _, ...lastDay } = times.find((row) => row.queue === queue) ?? {
        ...{ queue, runs: 0, failures: 0, p50Ms: null, p95Ms: null, p99Ms: null },
      };
      const states = { queued: of('queued'), running: of('running') };
      return { queue, ...states, succeeded: of('succeeded'), dead: of('dead'), lastDay };
    });
  }

  /** How far a batch is. Throws NotFound. */
  async batch(tenantId: string, id: string): Promise<BatchView> {
    const { rows } = await this.db.pool.query<BatchView>(
      `select id, kind, state, total, succeeded, failed, created_at as "createdAt", completed_at as "completedAt"
       from job_batch where tenant_id = $1 and id = $2`,
      [tenantId, id],
    );
    if (!rows[0]) throw new NotFound('job-batch');
    return rows[0];
  }
}
