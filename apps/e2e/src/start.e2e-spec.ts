import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const STRONG = '9f2c41d07ab8e6350c1d9be47f60a8529f2c41d07ab8e6350c1d9be47f60a852';
const GOOD = {
  ...{ NODE_ENV: 'production', INTERNAL_KEY: STRONG, KEY_ENCRYPTION_KEY: STRONG },
  DATABASE_URL: 'postgres://u:4f1a@db.internal/x',
  BUS_URL: 'postgres://u:4f1a@db.internal/bus',
};
const DARAJA = {
  ...{ DARAJA_CONSUMER_KEY: 'ck', DARAJA_CONSUMER_SECRET: 'cs', DARAJA_PASSKEY: 'pk' },
  ...{ DARAJA_SHORTCODE: '123456', DARAJA_B2C_SHORTCODE: '654321', DARAJA_INITIATOR_NAME: 'api' },
  ...{ DARAJA_INITIATOR_PASSWORD: 'pw', DARAJA_CERTIFICATE: 'cert.pem', DARAJA_HOOK_TOKEN: STRONG },
  DARAJA_CALLBACK_BASE_URL: 'https://pay.example.org/hooks/daraja/x',
};

/** Starts a process with nothing but this environment. */
const start = (
  app: string,
  env: Record<string, string>,
): { status: number | null; err: string } => {
  const script = resolve(`apps/${app}/dist/main.js`);
  const { status, stderr } = spawnSync(process.execPath, [script], {
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { status, err: stderr };
};

describe('a process whose environment is wrong', () => {
  it.each([
    ['gateway', ['INTERNAL_KEY']],
    ['identity', ['INTERNAL_KEY', 'DATABASE_URL', 'BUS_URL', 'KEY_ENCRYPTION_KEY']],
    ['origination', ['INTERNAL_KEY', 'DATABASE_URL', 'BUS_URL']],
    ['ledger', ['INTERNAL_KEY', 'DATABASE_URL', 'BUS_URL']],
    ['payments', ['DATABASE_URL', 'DARAJA_CONSUMER_SECRET', 'DARAJA_HOOK_TOKEN']],
    ['notifications', ['INTERNAL_KEY', 'DATABASE_URL', 'BUS_URL']],
    ['reporting', ['INTERNAL_KEY', 'DATABASE_URL', 'BUS_URL']],
  ])(
    '%s exits and names %j, all at once, without a stack',
    (app, names) => {
      const { status, err } = start(app, {});
      expect(status).toBe(1);
      expect(err.split('\n')[0]).toBe(`${app}: the environment is wrong:`);
      for (const name of names) expect(err).toMatch(new RegExp(`^${name}: `, 'm'));
      expect(err).not.toMatch(/^\s+at /m);
    },
    180_000,
  );

  it.each([
    ['gateway', {}, 'ALLOWED_HOSTS: must not be empty'],
    ['gateway', { ALLOWED_HOSTS: 'a', LOG_LEVEL: 'debug' }, 'LOG_LEVEL: must not be debug'],
    ['identity', { SEED_DEMO: 'true' }, 'SEED_DEMO: must be false'],
    ['identity', { KEY_ENCRYPTION_KEY: '0'.repeat(64) }, 'KEY_ENCRYPTION_KEY: is too weak'],
    ['ledger', { TEST_MODE: 'true' }, 'TEST_MODE: must be false'],
    ['ledger', { INTERNAL_KEY: 'x'.repeat(40) }, 'INTERNAL_KEY: is too weak'],
    ['payments', DARAJA, 'DARAJA_BASE_URL: must be the https address of the real provider'],
    ['notifications', {}, 'SMS_BASE_URL: must be the https address of the real provider'],
  ] as const)(
    'in production %s with %j does not start',
    (app, change, problem) => {
      const { status, err } = start(app, { ...GOOD, ...change });
      expect([status, err.trim()]).toEqual([
        1,
        `${app}: the environment is wrong:\n${problem} (production)`,
      ]);
    },
    180_000,
  );
});
