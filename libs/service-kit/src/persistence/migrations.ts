import { createHash } from 'node:crypto';
import { invariant } from '@daftari/kernel';
import { Client, type Pool, type PoolClient } from 'pg';

/** A reversible step, named `YYYYMMDD_HHmmss_description`; never edited once it has been merged. */
export interface Migration {
  readonly name: string;
  readonly up: string;
  readonly down: string;
}

/** Where a database stands with one migration: `changed` = its text is not what was applied, `unknown` = applied, but not ours. */
export interface MigrationStatus {
  readonly name: string;
  readonly state: 'applied' | 'missing' | 'changed' | 'unknown';
}

const LOCK = 'select pg_advisory_xact_lock(727001)';
const TABLE = `create table if not exists public.schema_migration(
  name text primary key, checksum text not null, batch int not null, applied_at timestamptz not null default now())`;

const checksum = (migration: Migration): string =>
  createHash('sha256').update(migration.up).digest('hex');

const ordered = (migrations: readonly Migration[]): Migration[] => {
  for (const { name } of migrations)
    invariant(/^\d{8}_\d{6}_[a-z0-9_]+$/.test(name), `migration name ${name}`);
  const sorted = [...migrations].sort((a, b) => (a.name < b.name ? -1 : 1));
  invariant(
    new Set(sorted.map((m) => m.name)).size === sorted.length,
    'migration names must be unique',
  );
  return sorted;
};

/** Applies, reverts and checks the migrations of one database; each batch is one transaction, under a lock. */
export class Migrator {
  private readonly migrations: readonly Migration[];

  constructor(
    private readonly pool: Pool,
    migrations: readonly Migration[],
  ) {
    this.migrations = ordered(migrations);
  }

  /** Applies all that is missing as one batch; a failing one leaves none of the batch. Gives the applied names. */
  async up(): Promise<string[]> {
    return this.locked(async (client) => {
      const done = await this.applied(client);
      const missing = this.migrations.filter((migration) => !done.has(migration.name));
      const { rows } = await client.query<{ batch: number }>(
        'select coalesce(max(batch), 0)::int + 1 as batch from public.schema_migration',
      );
      for (const migration of missing) {
        await client.query(migration.up);
        await client.query(
          'insert into public.schema_migration(name, checksum, batch) values ($1, $2, $3)',
          [migration.name, checksum(migration), rows[0]?.batch ?? 1],
        );
      }
      return missing.map((migration) => migration.name);
    });
  }

  /** Reverts the newest batch. Gives the reverted names. */
  async down(): Promise<string[]> {
    return this.locked(async (client) => {
      const { rows } = await client.query<{ name: string }>(
        'select name from public.schema_migration where batch = (select max(batch) from public.schema_migration) order by name desc',
      );
      for (const { name } of rows) {
        const migration = this.migrations.find((candidate) => candidate.name === name);
        invariant(migration !== undefined, `migration ${name} is applied but not known`);
        await client.query(migration.down);
        await client.query('delete from public.schema_migration where name = $1', [name]);
      }
      return rows.map((row) => row.name);
    });
  }

  /** Every migration that is known or applied, in order of name, and how it stands. */
  async status(): Promise<MigrationStatus[]> {
    return this.locked(async (client) => {
      const done = await this.applied(client);
      const known = this.migrations.map((migration): MigrationStatus => {
        const { name } = migration;
        if (!done.has(name)) return { name, state: 'missing' };
        return { name, state: done.get(name) === checksum(migration) ? 'applied' : 'changed' };
      });
      const names = new Set(known.map(({ name }) => name));
      const unknown = [...done.keys()].filter((name) => !names.has(name));
      return [...known, ...unknown.map((name) => ({ name, state: 'unknown' as const }))].sort(
        (a, b) => (a.name < b.name ? -1 : 1),
      );
    });
  }

  private async applied(client: PoolClient): Promise<Map<string, string>> {
    const { rows } = await client.query<{ name: string; checksum: string }>(
      'select name, checksum from public.schema_migration',
    );
    return new Map(rows.map((row) => [row.name, row.checksum]));
  }

  private async locked<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    try {
      await client.query('begin');
      await client.query(LOCK);
      await client.query('set local statement_timeout = 0');
      await client.query(TABLE);
      const result = await work(client);
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  }
}

/** Waits until a server answers at `url`, at most `patienceMs`. */
export const waitForDatabase = async (url: string, patienceMs = 20_000): Promise<void> => {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
};
