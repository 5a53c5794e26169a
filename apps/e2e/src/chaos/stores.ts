import { Pool } from 'pg';
import type { ChaosPlatform } from './platform.js';

/** Rows of one statement. */
export type Rows = readonly Readonly<Record<string, string>>[];

/** Looks into the databases of the services, past everything that stands between. */
export class Stores {
  private readonly pools = new Map<string, Pool>();

  constructor(private readonly platform: ChaosPlatform) {}

  pool(database: string): Pool {
    const known = this.pools.get(database);
    if (known) return known;
    const pool = new Pool({ connectionString: this.platform.databaseUrl(database), max: 2 });
    // A server that is killed ends the connections that are idle here too.
    pool.on('error', () => undefined);
    this.pools.set(database, pool);
    return pool;
  }

  /** Every column as text. */
  async rows(database: string, sql: string, values: unknown[] = []): Promise<Rows> {
    const { rows } = await this.pool(database).query<Readonly<Record<string, string>>>(sql, values);
    return rows;
  }

  /** The one number that a statement gives. */
  async count(database: string, sql: string, values: unknown[] = []): Promise<number> {
    const [row] = await this.rows(database, sql, values);
    return Number(Object.values(row ?? {})[0] ?? 0);
  }

  async close(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.end()));
  }
}
