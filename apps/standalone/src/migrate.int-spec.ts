import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '@daftari/testing';

const script = resolve('apps/standalone/dist/migrate.js');
const SERVICES = ['identity', 'origination', 'ledger', 'payments', 'notifications', 'reporting'];

describe('npm run migrate', () => {
  let dataDir: string;
  let base: number;

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'daftari-migrate-'));
    chmodSync(dataDir, 0o755); // Started by root, PostgreSQL runs as another user.
    base = (await freePort()) - 32;
  });
  afterAll(() => {
    rmSync(dataDir, { recursive: true, force: true });
  });

  const run = (...words: string[]): { status: number | null; out: string; err: string } => {
    const env = { ...process.env, DATA_DIR: dataDir, PORT_BASE: String(base) };
    const child = spawnSync(process.execPath, [script, ...words], { env, encoding: 'utf8' });
    return { status: child.status, out: child.stdout, err: child.stderr };
  };

  it('makes, reverts and remakes the tables of every database', () => {
    expect(run('up')).toMatchObject({ status: 0, err: '' });
    const down = run('down', 'bus', ...SERVICES);
    expect(down.status).toBe(0);
    for (const name of ['bus', ...SERVICES])
      expect(down.out).toMatch(new RegExp(`^${name} +reverted `, 'm'));
    expect(run('verify')).toMatchObject({ status: 1, err: '' });
    expect(run('up').status).toBe(0);
    expect(run('verify').status).toBe(0);
  }, 180_000);

  it.each([
    [['sideways'], 'npm run migrate -- <command>'],
    [['up', 'nowhere'], 'No such database: nowhere'],
    [['down'], 'name the databases'],
  ])('refuses %j with one clear line', (words, message) => {
    const { status, err } = run(...words);
    expect(status).toBe(1);
    expect(err).toContain(message);
  });
});
