import { Inject, Injectable } from '@nestjs/common';
import type { Pool } from 'pg';
import { CONFIG, Database, type Tx, type WorkCount } from '@daftari/service-kit';
import type { PaymentsConfig } from '../config.js';

/** Work that a process waits for. */
export type TaskKind = (typeof TASK_KINDS)[number];
const TASK_KINDS = [
  'submit-payment',
  'poll-payment',
  'allocate-payment',
  'submit-payout',
  'poll-payout',
] as const;

/** Is it the name of work? */
export const isTaskKind = (kind: unknown): kind is TaskKind =>
  TASK_KINDS.some((known) => known === kind);

/** A claimed task. `attempt` counts from 1. */
export interface Task {
  readonly id: string;
  readonly kind: TaskKind;
  readonly aggregateId: string;
  readonly attempt: number;
  /** Grows each time the work is made due; a run that was overtaken neither ends nor delays the next one. */
  readonly version: string;
}

/** How much work waits for its time, is due, or was put aside for people. */
export const countTasks = async (pool: Pool): Promise<readonly WorkCount[]> => {
  const { rows } = await pool.query<Record<WorkCount['state'], string>>(
    `select count(*) filter (where stopped_at is not null) as stopped,
       count(*) filter (where stopped_at is null and due_at <= now()) as due,
       count(*) filter (where stopped_at is null and due_at > now()) as waiting from scheduled_task`,
  );
  return (['waiting', 'due', 'stopped'] as const).map((state) => ({
    queue: 'payments',
    state,
    count: Number(rows[0]?.[state]),
  }));
};

/** Durable work with due times; written in the transaction that makes it necessary, claimed under a lease. */
@Injectable()
export class TaskQueue {
  constructor(
    private readonly db: Database,
    @Inject(CONFIG) private readonly config: PaymentsConfig,
  ) {}

  /** Makes work due after `delayMs`; work that is there already becomes due then. */
  async schedule(tx: Tx, kind: TaskKind, aggregateId: string, delayMs: number): Promise<void> {
    await tx.client.query(
      `insert into scheduled_task(id, kind, aggregate_id, due_at) values ($1, $2, $3, now() + make_interval(secs => $4))
       on conflict (id) do update set due_at = excluded.due_at, attempt = 0, lease_until = null, stopped_at = null, last_error = null, version = scheduled_task.version + 1`,
      [`${kind}:${aggregateId}`, kind, aggregateId, delayMs / 1_000],
    );
  }

  /** Takes what is due. A claim that is not finished in time is taken again by whoever asks next. */
  async claim(most: number): Promise<Task[]> {
    const { rows } = await this.db.pool.query<Task>(
      `update scheduled_task set lease_until = now() + make_interval(secs => $2), attempt = attempt + 1
       where id in (select id from scheduled_task where stopped_at is null and due_at <= now() and (lease_until is null or lease_until < now()) order by due_at limit $1 for update skip locked)
       returning id, kind, aggregate_id as "aggregateId", attempt, version`,
      [most, (2 * this.config.PROVIDER_TIMEOUT_MS) / 1_000],
    );
    return rows;
  }

  /** The work is done, unless it was made due again meanwhile. */
  async finish(task: Task): Promise<void> {
    await this.db.pool.query(
      'delete from scheduled_task where id = $1 and attempt = $2 and version = $3 and lease_until is not null',
      [task.id, task.attempt, task.version],
    );
  }

  /** Nothing more is tried until people say so; the row stays, with what went wrong last. */
  async stop(tx: Tx, task: Task, problem: string): Promise<boolean> {
    const { rowCount } = await tx.client.query(
      'update scheduled_task set stopped_at = now(), lease_until = null, last_error = $4 where id = $1 and attempt = $2 and version = $3 and lease_until is not null',
      [task.id, task.attempt, task.version, problem.slice(0, 1_000)],
    );
    return rowCount === 1;
  }

  /** Looks again later: first after POLL_FIRST_MS, then twice as long each time, at most POLL_MAX_MS, with jitter. */
  async again(task: Task): Promise<void> {
    const wait =
      Math.min(
        this.config.POLL_FIRST_MS * 2 ** Math.min(task.attempt - 1, 20),
        this.config.POLL_MAX_MS,
      ) *
      (0.8 + Math.random() * 0.4);
    await this.db.pool.query(
      'update scheduled_task set lease_until = null, due_at = now() + make_interval(secs => $3) where id = $1 and attempt = $2 and version = $4 and lease_until is not null',
      [task.id, task.attempt, wait / 1_000, task.version],
    );
  }
}
