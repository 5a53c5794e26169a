import { crashPoint } from '@daftari/kernel';
import type { Pool, PoolClient } from 'pg';

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));

/** Runs in one transaction. A connection that breaks while nothing is asked of it makes the commit fail, not the process. */
export const inTransaction = async <T>(
  pool: Pool,
  run: (tx: PoolClient) => Promise<T>,
): Promise<T> => {
  const tx = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error): void => {
    broken = error;
  };
  tx.on('error', onError);
  try {
    await tx.query('begin');
    const result = await run(tx);
    crashPoint('commit-before');
    await tx.query('commit');
    crashPoint('commit-after');
    return result;
  } catch (error) {
    await tx.query('rollback').catch((failure: unknown) => {
      broken = asError(failure);
    });
    throw error;
  } finally {
    tx.off('error', onError);
    tx.release(broken);
  }
};
