import type { Tx } from '../persistence/database.js';

/** The queues, the most urgent first. Each has workers of its own: what floods one does not delay another. */
export const QUEUES = ['high', 'medium', 'low'] as const;
/** A queue's name: how urgent its jobs are. */
export type QueueName = (typeof QUEUES)[number];

/** What is known of a job before it runs. */
export interface NewJob {
  /** A UUID derived from the job's cause: an id that is there already is the same job, and is not queued twice. */
  readonly id: string;
  readonly tenantId: string;
  /** Names the handler. */
  readonly kind: string;
  readonly queue: QueueName;
  /** What the handler needs: ids, never personal data, because operators read it. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly correlationId: string;
  readonly batchId?: string;
}

/** A job that a worker has taken. */
export interface Job extends Omit<NewJob, 'batchId'> {
  readonly batchId: string | null;
  /** Counts every run from 1; a run that was overtaken cannot end the job. */
  readonly attempt: number;
  /** Counts from 1, and again from 1 when people have had the job tried again. */
  readonly round: number;
}

/** Writes what a job has brought about, in the transaction that ends the job. */
export type Effect = (tx: Tx) => Promise<void>;

/** Does the jobs of one kind. */
export interface JobHandler {
  readonly kind: string;
  /** How often a job is tried before it is given up. */
  readonly attemptsMax: number;
  /**
   * Does the work and gives what is to be written with its end. Runs at least once: a worker can die behind it, so what
   * it does outside the database must bear a repeat. Throws JobRefused when no other try can help; after any other error
   * the job waits and is tried again.
   */
  run(job: Job): Promise<Effect>;
  /** Writes that the job was given up, in the same transaction. */
  onDead?(tx: Tx, job: Job, reason: string): Promise<void>;
}

/** The work can never succeed: the job is given up without another try. */
export class JobRefused extends Error {
  override readonly name = 'JobRefused';
}

const GROWTH = 4;
const WAIT_MAX_MS = 1_800_000;

/** How long a job waits after its nth try: `firstMs`, then four times as long each time, at most half an hour, 20 % more or less by chance. */
export const retryWaitMs = (
  tries: number,
  firstMs: number,
  random: () => number = Math.random,
): number =>
  Math.round(
    Math.min(firstMs * GROWTH ** Math.min(tries - 1, 20), WAIT_MAX_MS) * (0.8 + random() * 0.4),
  );
