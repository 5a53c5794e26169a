import 'reflect-metadata';
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environmentOf } from './environment.js';
import { portsFrom } from './layout.js';
import { loadStandaloneConfig } from './load.js';
import { PostgresServer } from './postgres-server.js';
import { secretsIn } from './secrets.js';

// `npm run tenant -- create ...`: the command of identity with the environment of the platform that runs on DATA_DIR.
const APPS = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

try {
  const config = loadStandaloneConfig(process.env);
  const dataDir = resolve(config.DATA_DIR);
  const secrets = secretsIn(dataDir, config.SEED_PASSWORD);
  const ports = portsFrom(config.PORT_BASE);
  const postgres = new PostgresServer({
    dataDir,
    port: ports.postgres,
    password: secrets.postgres,
  });
  if (!(await postgres.answers())) throw new Error('Start the platform first: npm start');
  const env = environmentOf('identity', {
    ports,
    secrets,
    dataDir,
    logLevel: config.LOG_LEVEL,
    databaseUrl: postgres.url('identity', 'identity'),
    busUrl: postgres.url('bus', 'bus'),
  });
  const script = join(APPS, 'identity', 'dist', 'main.js');
  const { status } = spawnSync(process.execPath, [script, 'tenant', ...process.argv.slice(2)], {
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
