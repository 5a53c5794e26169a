import { InvariantViolation } from '@daftari/kernel';
import type { Pool, PoolClient } from 'pg';
import type { GlobalPosition } from './port.js';

/** Where a projection stands. */
export interface Checkpoint {
  readonly position: GlobalPosition | null;
  readonly version: number;
}

/** Whose checkpoint it is. */
export interface CheckpointKey {
  readonly name: string;
  readonly version: number;
  readonly backend: string;
}

/** One projection's row in projection_checkpoint. An empty position stands for the start of the log. */
export class Checkpoints {
  constructor(
    private readonly pool: Pool,
    private readonly key: CheckpointKey,
  ) {}

  /** Errors: InvariantViolation for a place in another backend's log, where it means nothing. */
  async read(): Promise<Checkpoint | undefined> {
    const { rows } = await this.pool.query<Checkpoint & { backend: string }>(
      "select nullif(position, '') as position, version, backend from projection_checkpoint where name = $1",
      [this.key.name],
    );
    const row = rows[0];
    if (row && row.backend !== this.key.backend)
      throw new InvariantViolation(`${this.key.name} stands in the log of ${row.backend}`);
    return row;
  }

  async create(tx: PoolClient): Promise<void> {
    await tx.query(
      "insert into projection_checkpoint(name, backend, position, version) values ($1, $2, '', $3) on conflict do nothing",
      [this.key.name, this.key.backend, this.key.version],
    );
  }

  /** Moves from where it was read, and locks the row until the transaction ends; false when it stands elsewhere by now. */
  async move(tx: PoolClient, from: GlobalPosition | null, to: GlobalPosition): Promise<boolean> {
    const { rowCount } = await tx.query(
      'update projection_checkpoint set position = $3, updated_at = now() where name = $1 and position = $2 and version = $4',
      [this.key.name, from ?? '', to, this.key.version],
    );
    return rowCount === 1;
  }

  /** Back to the start, at this version. */
  async clear(tx: PoolClient): Promise<void> {
    await tx.query(
      "update projection_checkpoint set position = '', version = $2, updated_at = now() where name = $1",
      [this.key.name, this.key.version],
    );
  }
}
