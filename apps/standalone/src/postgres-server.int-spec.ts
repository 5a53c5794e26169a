import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort } from '@daftari/testing';
import { PostgresServer } from './postgres-server.js';

const dataDir = mkdtempSync(join(tmpdir(), 'daftari-postgres-'));
chmodSync(dataDir, 0o755); // the server runs as a user of its own when tests run as root

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

afterAll(() => {
  rmSync(dataDir, { recursive: true, force: true });
});

it('hears once of a server that was killed, starts it again, and stops the one that runs', async () => {
  const server = new PostgresServer({ dataDir, port: await freePort(), password: 'secret' });
  let exits = 0;
  const start = (): Promise<void> =>
    server.start(() => {
      exits++;
    });
  await start();
  const first = server.pid;
  process.kill(first, 'SIGKILL');
  await eventually(() => exits === 1);
  // Its children still hold its memory for a moment: a start that comes too early fails, and says nothing to anybody.
  await eventually(() => start().then(() => true), { withinMs: 60_000, everyMs: 200 });
  expect(await server.answers()).toBe(true);
  expect(exits).toBe(1);
  const second = server.pid;
  expect(second).not.toBe(first);
  await server.stop();
  expect(isAlive(second)).toBe(false);
}, 180_000);

it('fails at once when the server ends at once, and is not told of that exit again', async () => {
  const taken = createServer((socket) => socket.destroy());
  const port = await freePort();
  await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
  const server = new PostgresServer({ dataDir, port, password: 'secret' });
  let exits = 0;
  const start = server.start(() => {
    exits++;
  });
  await expect(start).rejects.toThrow('ended at once');
  expect(exits).toBe(0);
  await new Promise((resolve) => taken.close(resolve));
}, 180_000);
