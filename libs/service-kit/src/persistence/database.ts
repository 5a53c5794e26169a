import { crashPoint, invariant } from '@daftari/kernel';
import type { Pool, PoolClient } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';

/** One transaction: raw SQL for the hot paths, TypeORM for rows; both on the same connection. */
export interface Tx {
  readonly client: PoolClient;
  readonly manager: EntityManager;
}

/** The service's own PostgreSQL database. */
export class Database {
  readonly pool: Pool;

  private constructor(readonly dataSource: DataSource) {
    this.pool = (dataSource.driver as unknown as { master: Pool }).master;
  }

  /** Connects; tries again for `patienceMs` while the server does not answer. */
  static async connect(options: {
    url: string;
    max: number;
    entities: readonly (new () => object)[];
    patienceMs?: number;
  }): Promise<Database> {
    const deadline = Date.now() + (options.patienceMs ?? 20_000);
    for (;;) {
      const dataSource = new DataSource({
        type: 'postgres',
        url: options.url,
        entities: [...options.entities],
        synchronize: false,
        logging: false,
        poolErrorHandler: () => undefined,
        extra: {
          max: options.max,
          connectionTimeoutMillis: 3_000,
          statement_timeout: 15_000,
          idle_in_transaction_session_timeout: 15_000,
        },
      });
      try {
        await dataSource.initialize();
        return new Database(dataSource);
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    }
  }

  /** Runs `work` in one READ COMMITTED transaction; any error rolls all of it back. */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    const client = (await runner.connect()) as PoolClient;
    try {
      await runner.startTransaction('READ COMMITTED');
      const result = await work({ client, manager: runner.manager });
      crashPoint('commit-before');
      await runner.commitTransaction();
      crashPoint('commit-after');
      return result;
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }

  /** Is the database there? */
  async ping(): Promise<boolean> {
    invariant(this.dataSource.isInitialized, 'the database is closed');
    return this.pool.query('select 1').then(
      () => true,
      () => false,
    );
  }

  async close(): Promise<void> {
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }
}
