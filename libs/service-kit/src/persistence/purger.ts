import { type Expiring, purgeBus, purgeTable } from '@daftari/messaging';
import type { Pool } from 'pg';
import type { Logger } from '../logging.js';
import { withPool } from './with-pool.js';

/** What the purge works on. */
export interface PurgerOptions {
  readonly db: Pool;
  readonly tables: readonly Expiring[];
  /** The PostgreSQL bus and how long it keeps what was read; left out for a bus that does this by itself. */
  readonly bus?: { readonly url: string; readonly days: number };
  readonly everyMs: number;
  readonly logger: Logger;
}

/** Keeps tables that only grow bounded: at the start and then every so often. A failure is logged and tried again next time. */
export class Purger {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly options: PurgerOptions) {}

  start(): void {
    this.running = this.round();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** Purges once; gives how many rows went, by table. */
  async purge(): Promise<Readonly<Record<string, number>>> {
    const { db, tables, bus } = this.options;
    const gone: Record<string, number> = {};
    for (const table of tables) gone[table.table] = await purgeTable(db, table);
    if (!bus) return gone;
    const config = { connectionString: bus.url, statement_timeout: 60_000 };
    gone['bus'] = await withPool(config, (pool) => purgeBus(pool, bus.days));
    return gone;
  }

  private async round(): Promise<void> {
    const { logger, everyMs } = this.options;
    try {
      const gone = await this.purge();
      if (Object.values(gone).some((rows) => rows > 0)) logger.info({ gone }, 'old rows purged');
    } catch (error) {
      logger.warn({ err: error }, 'old rows could not be purged');
    }
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.round();
    }, everyMs);
    this.timer.unref();
  }
}
