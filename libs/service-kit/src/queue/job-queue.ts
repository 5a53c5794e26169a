import { deterministicId, invariant } from '@daftari/kernel';
import type { Tx } from '../persistence/database.js';
import type { NewJob } from './job.js';

/** Jobs that have one result. */
export interface NewBatch {
  /** A UUID derived from its cause, as a job's. */
  readonly id: string;
  readonly tenantId: string;
  readonly kind: string;
  readonly correlationId: string;
  /** The kind of the job that is queued when all others have ended, once, with `{ batchId }`. */
  readonly then?: string;
}

/** Queues jobs in the transaction of who causes them: none is lost, and none stays of what was rolled back. */
export class JobQueue {
  /** Queues what is not there yet, and counts it in its batch. Gives how many were new. */
  async enqueue(tx: Tx, jobs: readonly NewJob[]): Promise<number> {
    const { rows } = await tx.client.query<{ batch_id: string | null }>(
      `insert into job(id, tenant_id, kind, queue, payload, correlation_id, batch_id)
       select id, "tenantId", kind, queue, payload, "correlationId", "batchId" from jsonb_to_recordset($1)
         as j(id uuid, "tenantId" uuid, kind text, queue text, payload jsonb, "correlationId" text, "batchId" uuid)
       on conflict (id) do nothing returning batch_id`,
      [JSON.stringify(jobs)],
    );
    const batches = rows.flatMap(({ batch_id: id }) => (id === null ? [] : [id]));
    for (const id of new Set(batches)) {
      const { rowCount } = await tx.client.query(
        `update job_batch set total = total + $2 where id = $1 and state = 'filling'`,
        [id, batches.filter((each) => each === id).length],
      );
      invariant(rowCount === 1, `batch ${id} takes no more jobs`);
    }
    return rows.length;
  }

  /** Opens a batch; jobs that name it count until `closeBatch`. One that is there stays as it is. */
  async openBatch(tx: Tx, batch: NewBatch): Promise<void> {
    await tx.client.query(
      `insert into job_batch(id, tenant_id, kind, correlation_id, then_kind) values ($1, $2, $3, $4, $5)
       on conflict (id) do nothing`,
      [batch.id, batch.tenantId, batch.kind, batch.correlationId, batch.then ?? null],
    );
  }

  /** The batch has all its jobs: it is completed when they have ended, at once when they have already. */
  async closeBatch(tx: Tx, id: string): Promise<void> {
    await tx.client.query(
      `update job_batch set state = 'running' where id = $1 and state = 'filling'`,
      [id],
    );
    await this.completeIfDone(tx, id);
  }

  /** Counts a job of a batch that has ended. The batch's row is locked by it, so that exactly one is the last. */
  async countEnded(tx: Tx, batchId: string, outcome: 'succeeded' | 'failed'): Promise<void> {
    await tx.client.query(`update job_batch set ${outcome} = ${outcome} + 1 where id = $1`, [
      batchId,
    ]);
    await this.completeIfDone(tx, batchId);
  }

  private async completeIfDone(tx: Tx, id: string): Promise<void> {
    const { rows } = await tx.client.query<{
      tenantId: string;
      then: string | null;
      correlationId: string;
    }>(
      `update job_batch set state = 'completed', completed_at = now()
       where id = $1 and state = 'running' and succeeded + failed = total
       returning tenant_id as "tenantId", then_kind as "then", correlation_id as "correlationId"`,
      [id],
    );
    for (const { then: kind, ...batch } of rows)
      if (kind !== null)
        await this.enqueue(tx, [
          {
            ...batch,
            ...{ id: deterministicId('batch-completed', id), kind, queue: 'medium' },
            payload: { batchId: id },
          },
        ]);
  }
}
