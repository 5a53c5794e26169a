import { Pool, type PoolConfig } from 'pg';

/**
 * Lends a pool of one connection to `use` and closes it. A connection that breaks while it is idle fails the next
 * query and nothing else: without a listener it would end the process.
 */
export const withPool = async <T>(
  config: PoolConfig,
  use: (pool: Pool) => Promise<T>,
): Promise<T> => {
  const pool = new Pool({ ...config, max: 1 });
  pool.on('error', () => undefined);
  try {
    return await use(pool);
  } finally {
    await pool.end();
  }
};
