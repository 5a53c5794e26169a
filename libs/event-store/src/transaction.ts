import { crashPoint } from '@daftari/kernel';
import type { Pool, PoolClient } from 'pg';
import { asError } from './failures.js';

/** Runs `work` in one transaction on the pool; a connection that broke is thrown away. */
export const inTransaction = async <T>(
  pool: Pool,
  work: (tx: PoolClient) => Promise<T>,
  begin = 'begin isolation level read committed',
): Promise<T> => {
  const tx = await pool.connect();
  let broken: Error | undefined;
  // Without a listener, losing a connection between two statements would end the process.
  const onError = (error: Error): void => {
    broken = error;
  };
  tx.on('error', onError);
  try {
    await tx.query(begin);
    const result = await work(tx);
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
