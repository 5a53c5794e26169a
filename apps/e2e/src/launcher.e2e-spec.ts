import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { ApiUser, eventually } from '@daftari/testing';
import { RunningPlatform } from './running-platform.js';

const PORT = 14_600;
const SLOW = { withinMs: 60_000, everyMs: 100 };

/** Runs the launcher until it gives up; its exit code and the lines that it left on stderr. */
const launch = (env: Record<string, string>): { code: number | null; lines: string[] } => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [resolve('apps/standalone/dist/main.js')],
    {
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      encoding: 'utf8',
      timeout: 60_000,
    },
  );
  return { code: status, lines: stderr.trim().split('\n') };
};
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A process that has ended and waits for its parent to notice still has its id.
    return !readFileSync(`/proc/${String(pid)}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};
const noneAlive = (pids: readonly number[]) => async (): Promise<boolean> => !pids.some(isAlive);

describe('the launcher', () => {
  let platform: RunningPlatform;
  let taken: Server;

  beforeAll(async () => {
    taken = createServer();
    await new Promise<void>((done) => taken.listen(PORT + 100, '127.0.0.1', done));
    // Nobody listens there.
    const REDIS_URL = `redis://127.0.0.1:${String(PORT + 199)}`;
    platform = await RunningPlatform.start(PORT, { REDIS_URL });
  }, 180_000);
  afterAll(async () => {
    await platform.stop();
    await new Promise((done) => taken.close(done));
  }, 60_000);

  it('says in one line which port is taken, and exits with 1', () => {
    const said = launch({ PORT_BASE: String(PORT + 100), DATA_DIR: `${platform.dataDir}/other` });
    expect(said).toEqual({
      code: 1,
      lines: [
        `Port ${String(PORT + 100)} is taken. Stop what uses it, or set PORT_BASE to another number.`,
      ],
    });
  });

  it('says in one line which variable is wrong, and exits with 1', () => {
    const said = launch({ PORT_BASE: 'many' });
    expect(said.code).toBe(1);
    expect(said.lines).toHaveLength(1);
    expect(said.lines[0]).toMatch(/^PORT_BASE: /);
  });

  it('goes on without a Redis that is configured and away, and says so', async () => {
    const { gateway, password } = platform.state;
    const health = await fetch(`${gateway}/health/redis/`);
    expect([health.status, await health.json()]).toMatchObject([503, { data: { status: 'down' } }]);
    expect((await fetch(`${gateway}/readyz`)).status).toBe(200);
    const user = await ApiUser.login(gateway, 'vendor@demo.daftari.test', password);
    expect((await user.call('/v1/auth/me')).status).toBe(200);
    await user.ok('/v1/auth/logout', { body: {} });
    expect((await user.call('/v1/auth/me')).status).toBe(401);
  });

  it('leaves nothing running when it is killed, and finds everything as it was', async () => {
    const { gateway, password, launcher, pids } = platform.state;
    const admin = await ApiUser.login(gateway, 'admin@demo.daftari.test', password);
    await admin.ok('/v1/ledger/capital', {
      body: { amount: { amount: '1234.00', currency: 'KES' }, reference: 'before the kill' },
    });
    const accounts = await eventually(async () => {
      const seen = (await admin.ok('/v1/ledger/accounts')) as object[];
      return seen.length > 0 && seen;
    }, SLOW);
    process.kill(launcher, 'SIGKILL');
    const services = Object.entries(pids).flatMap(([name, pid]) =>
      name === 'postgres' ? [] : [pid],
    );
    expect(services.length).toBeGreaterThanOrEqual(8);
    await eventually(noneAlive(services), { ...SLOW, what: 'the services stop by themselves' });

    await platform.startAgain();
    expect(platform.state.password).toBe(password);
    const again = await ApiUser.login(gateway, 'admin@demo.daftari.test', password);
    expect(await again.ok('/v1/ledger/accounts')).toEqual(accounts);
  }, 240_000);

  it('stops everything at Ctrl-C and says so with exit code 0', async () => {
    const pids = Object.values(platform.state.pids);
    expect(await platform.interrupt()).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(() => readFileSync(join(platform.dataDir, 'platform.json'))).toThrow('ENOENT');
  }, 60_000);
});
