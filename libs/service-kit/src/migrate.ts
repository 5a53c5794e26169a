import { IsNotEmpty } from 'class-validator';
import type { BaseConfig } from './config/base-config.js';
import { Env } from './config/env.js';
import { loadConfig } from './config/load-config.js';
import { type Migration, Migrator, waitForDatabase } from './persistence/migrations.js';
import { withPool } from './persistence/with-pool.js';
import { migrationsOf } from './resources.js';
import type { ServiceDefinition } from './service.js';

/** What can be done with the migrations of a database. */
export const MIGRATE_COMMANDS = ['up', 'down', 'status', 'list', 'verify'] as const;

/** One of the commands. */
export type MigrateCommand = (typeof MIGRATE_COMMANDS)[number];

/** Narrows a word of the command line. */
export const isMigrateCommand = (word: string | undefined): word is MigrateCommand =>
  MIGRATE_COMMANDS.some((command) => command === word);

/** What a command did or found, as lines for people; `ok` is false when `verify` found a difference. */
export interface MigrateReport {
  readonly ok: boolean;
  readonly lines: readonly string[];
}

const changed = (verb: string, names: readonly string[]): MigrateReport => ({
  ok: true,
  lines: names.length === 0 ? ['nothing to do'] : names.map((name) => `${verb} ${name}`),
});

/**
 * Runs one command on one database.
 * `up` applies what is missing as one batch, `down` reverts the newest batch, `status` says what is applied,
 * `list` names what is known, `verify` fails when a migration is missing, unknown, or changed after it was applied.
 */
export const migrate = async (
  url: string,
  migrations: readonly Migration[],
  command: MigrateCommand,
): Promise<MigrateReport> => {
  if (command === 'list') return { ok: true, lines: migrations.map(({ name }) => name).sort() };
  await waitForDatabase(url, 5_000);
  return withPool({ connectionString: url }, async (pool) => {
    const migrator = new Migrator(pool, migrations);
    if (command === 'up') return changed('applied', await migrator.up());
    if (command === 'down') return changed('reverted', await migrator.down());
    const status = await migrator.status();
    if (command === 'status')
      return {
        ok: true,
        lines: status.map(({ name, state }) => `${state.padEnd(8)} ${name}`),
      };
    const wrong = status.filter(({ state }) => state !== 'applied');
    return {
      ok: wrong.length === 0,
      lines:
        wrong.length === 0
          ? [`${String(status.length)} migrations applied, all unchanged`]
          : wrong.map(({ name, state }) => `${state} ${name}`),
    };
  });
};

/** All that a migration needs to know: no other secret is given to the job that runs it. */
class MigrateConfig {
  @Env({ description: "The service's own PostgreSQL database", example: '', secret: true })
  @IsNotEmpty()
  DATABASE_URL: string;
}

/**
 * The command line of a service: `main.js migrate <command>` works on its own database and ends.
 * Gives the exit code, or undefined when the words ask for nothing of the kind.
 */
export const migrateFromCommandLine = async <C extends BaseConfig>(
  definition: ServiceDefinition<C>,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<number | undefined> => {
  if (words[0] !== 'migrate') return undefined;
  const command = words[1];
  if (!isMigrateCommand(command)) {
    process.stderr.write(`usage: migrate ${MIGRATE_COMMANDS.join('|')}\n`);
    return 2;
  }
  const config = loadConfig(MigrateConfig, env);
  const all = migrationsOf(definition as unknown as ServiceDefinition);
  const { ok, lines } = await migrate(config.DATABASE_URL, all, command);
  for (const line of lines) process.stdout.write(`${definition.name.padEnd(14)} ${line}\n`);
  return ok ? 0 : 1;
};
