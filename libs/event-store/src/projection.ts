import { setTimeout as delay } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { InvariantViolation } from '@daftari/kernel';
import type { EventStore, GlobalPosition, PrefixFilter, RecordedEvent } from './port.js';

/** A read model that follows the log. Rows and position commit together, so an event counts once. */
export interface Projection {
  /** Also the checkpoint's key. */
  readonly name: string;
  /** Raised when the rows mean something else: the runner then rebuilds. */
  readonly version?: number;
  readonly filter?: PrefixFilter;
  readonly handles: readonly string[];
  /** Types that are known and of no interest. Any other type stops the projection. */
  readonly ignores?: readonly string[];
  apply(event: RecordedEvent, tx: PoolClient): Promise<void>;
  /** Empties the rows before a rebuild. */
  reset(tx: PoolClient): Promise<void>;
}

/** What a runner needs. */
export interface ProjectionDeps {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly projection: Projection;
  readonly onFatal?: (error: Error) => void;
}

const PAGE = 200;

/** Runs one projection. Two runners of one projection cannot both advance: the checkpoint row is locked and compared. */
export class ProjectionRunner {
  private stopped = false;
  private running: Promise<void> = Promise.resolve();
  private wake: () => void = () => undefined;

  constructor(private readonly deps: ProjectionDeps) {}

  start(): void {
    this.stopped = false;
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.running;
  }

  /** The last applied position; null before the first event. */
  async position(): Promise<GlobalPosition | null> {
    const { rows } = await this.deps.pool.query<{ position: string }>(
      'select position from projection_checkpoint where name = $1',
      [this.deps.projection.name],
    );
    return (rows[0]?.position ?? null) as GlobalPosition | null;
  }

  /** Applies everything that is in the log now. */
  async catchUp(): Promise<void> {
    while ((await this.step()) > 0);
  }

  /** Empties the read model and applies the whole log again. */
  async rebuild(): Promise<void> {
    const { pool, projection } = this.deps;
    await inTransaction(pool, async (tx) => {
      await projection.reset(tx);
      await tx.query('delete from projection_checkpoint where name = $1', [projection.name]);
    });
    await this.catchUp();
  }

  private async run(): Promise<void> {
    const wakeUp = this.deps.store.subscribeToAll(
      { after: 'end' },
      {
        event: async () => {
          this.wake();
        },
      },
    );
    await this.rebuildWhenNew();
    while (!this.stopped) {
      try {
        if ((await this.step()) === 0) await this.sleep(500);
      } catch (error) {
        if (error instanceof InvariantViolation) {
          this.deps.onFatal?.(error);
          break;
        }
        await this.sleep(500 + Math.random() * 500);
      }
    }
    await wakeUp.stop();
  }

  private async rebuildWhenNew(): Promise<void> {
    const { pool, projection } = this.deps;
    for (;;) {
      try {
        const { rows } = await pool.query<{ version: number }>(
          'select version from projection_checkpoint where name = $1',
          [projection.name],
        );
        if (rows[0] && rows[0].version !== (projection.version ?? 1)) await this.rebuild();
        return;
      } catch {
        if (this.stopped) return;
        await delay(500);
      }
    }
  }

  /** Applies the next page in one transaction; gives how many events it moved over. */
  private async step(): Promise<number> {
    const { store, pool, projection } = this.deps;
    return inTransaction(pool, async (tx) => {
      await tx.query(
        "insert into projection_checkpoint(name, backend, position, version) values ($1, $2, '', $3) on conflict do nothing",
        [projection.name, store.backend, projection.version ?? 1],
      );
      const { rows } = await tx.query<{ position: string; backend: string }>(
        'select position, backend from projection_checkpoint where name = $1 for update',
        [projection.name],
      );
      const row = rows[0];
      if (row?.backend !== store.backend)
        throw new InvariantViolation(`${projection.name} stands in another backend's log`);
      let last = row.position;
      let count = 0;
      const after = last === '' ? 'start' : (last as GlobalPosition);
      for await (const event of store.readAll({
        after,
        limit: PAGE,
        ...(projection.filter ? { filter: projection.filter } : {}),
      })) {
        await this.applyOne(event, tx);
        last = event.position;
        count++;
      }
      if (count > 0)
        await tx.query(
          'update projection_checkpoint set position = $2, updated_at = now() where name = $1',
          [projection.name, last],
        );
      return count;
    });
  }

  private async applyOne(event: RecordedEvent, tx: PoolClient): Promise<void> {
    const { projection } = this.deps;
    if (projection.handles.includes(event.type)) return projection.apply(event, tx);
    if (projection.ignores?.includes(event.type)) return;
    throw new InvariantViolation(`${projection.name} does not know the event type ${event.type}`);
  }

  private sleep(ms: number): Promise<void> {
    if (this.stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Runs `work` in one transaction on the pool. */
export const inTransaction = async <T>(
  pool: Pool,
  work: (tx: PoolClient) => Promise<T>,
): Promise<T> => {
  const tx = await pool.connect();
  let broken: Error | undefined;
  try {
    await tx.query('begin');
    const result = await work(tx);
    await tx.query('commit');
    return result;
  } catch (error) {
    await tx.query('rollback').catch((failure: unknown) => {
      broken = failure instanceof Error ? failure : new Error(String(failure));
    });
    throw error;
  } finally {
    tx.release(broken);
  }
};
