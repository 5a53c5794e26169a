import 'reflect-metadata';
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { busMigrations } from '@daftari/messaging';
import { isMigrateCommand, migrate, type MigrateCommand } from '@daftari/service-kit';
import { environmentOf } from './environment.js';
import { portsFrom, SERVICES } from './layout.js';
import { loadStandaloneConfig } from './load.js';
import { PostgresServer } from './postgres-server.js';
import { secretsIn } from './secrets.js';

const APPS = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const DATABASES = ['bus', ...SERVICES.map(({ name }) => name)];
const HELP = `npm run migrate -- <command> [database ...]

  up       apply what is missing, one atomic batch for each database
  down     revert the newest batch of the named databases
  status   what is applied, missing, changed or unknown
  list     every migration that is known
  verify   exit 1 unless every migration is applied and unchanged

databases: ${DATABASES.join(', ')}; all when none is named (down wants names).
Works on the embedded PostgreSQL of DATA_DIR and starts it for the time when it does not run.
A service alone: DATABASE_URL=... node apps/<service>/dist/main.js migrate <command>
`;

const fail = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

const wanted = (): { command: MigrateCommand; databases: readonly string[] } => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h', default: false } },
  });
  const [command, ...named] = positionals;
  if (values.help) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  if (!isMigrateCommand(command)) return fail(HELP);
  const unknown = named.filter((name) => !DATABASES.includes(name));
  if (unknown.length > 0)
    return fail(`No such database: ${unknown.join(', ')}. There are ${DATABASES.join(', ')}.`);
  if (command === 'down' && named.length === 0)
    return fail('down reverts data structures: name the databases that it may touch.');
  return { command, databases: named.length === 0 ? DATABASES : named };
};

try {
  const { command, databases } = wanted();
  const config = loadStandaloneConfig(process.env);
  const dataDir = resolve(config.DATA_DIR);
  const secrets = secretsIn(dataDir, config.SEED_PASSWORD);
  const ports = portsFrom(config.PORT_BASE);
  const postgres = new PostgresServer({
    dataDir,
    port: ports.postgres,
    password: secrets.postgres,
  });
  const running = await postgres.answers();
  if (!running) await postgres.start(() => undefined);
  let ok = true;
  try {
    const busUrl = await postgres.ensureDatabase('bus');
    for (const name of databases) {
      const databaseUrl = await postgres.ensureDatabase(name);
      const service = SERVICES.find((candidate) => candidate.name === name);
      if (!service) {
        const report = await migrate(databaseUrl, busMigrations, command);
        for (const line of report.lines) process.stdout.write(`${name.padEnd(14)} ${line}\n`);
        ok &&= report.ok;
        continue;
      }
      const env = environmentOf(service.name, {
        ports,
        secrets,
        dataDir,
        logLevel: config.LOG_LEVEL,
        databaseUrl,
        busUrl,
      });
      const script = join(APPS, service.name, 'dist', 'main.js');
      const { status } = spawnSync(process.execPath, [script, 'migrate', command], {
        env: { ...process.env, ...env },
        stdio: 'inherit',
      });
      ok &&= status === 0;
    }
  } finally {
    if (!running) await postgres.stop();
  }
  process.exit(ok ? 0 : 1);
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}
