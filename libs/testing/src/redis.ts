import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.js';
import { freePort } from './postgres.js';
import { fetchByMaven, onPath, requireServer, ServerUnavailable } from './server-programs.js';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const PROGRAMS = join(ROOT, '.data', 'redis', 'bin');
/** The artifact's programs by platform; the first that runs here is taken (one needs OpenSSL 3, the other nothing). */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'linux-x64': ['redis-server-6.2.6-v5-linux-amd64', 'redis-server-6.2.7-linux-386'],
  'linux-arm64': ['redis-server-6.2.7-linux-arm64'],
  'darwin-x64': ['redis-server-6.2.6-v5-darwin-amd64'],
  'darwin-arm64': ['redis-server-6.2.6-v5-darwin-arm64'],
};
const names = NAMES[`${process.platform}-${process.arch}`] ?? [];

/** A Redis server of a test; it keeps nothing. */
export interface TestRedis {
  readonly url: string;
  /** Sends a signal to it; `SIGKILL` is a crash, `SIGSTOP` lets it hang. */
  signal(signal: NodeJS.Signals): void;
  /** Kills it and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again, empty and at the same address, after `kill`. */
  revive(): Promise<void>;
  stop(): Promise<void>;
}

/** Runs a suite with a Redis of its own; see `requireServer` for where there is none. */
export const describeWithRedis = (title: string, suite: () => void): void => {
  const available =
    onPath('redis-server') || (names.length > 0 && (existsSync(PROGRAMS) || onPath('mvn')));
  const lacks = 'needs redis-server, or Java and Maven, and there is neither';
  if (requireServer(title, { available, variable: 'REQUIRE_REDIS', lacks })) describe(title, suite);
};

const runs = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

/** Path of a redis-server: that of the PATH, or one from Maven Central. */
const redisServer = (): string => {
  if (onPath('redis-server')) return 'redis-server';
  const folder = fetchByMaven({
    what: 'The programs of Redis',
    pom: join(ROOT, 'tools', 'redis'),
    into: PROGRAMS,
    goal: (into) => [
      'dependency:unpack-dependencies',
      `-Dmdep.unpack.includes=${names.join(',')}`,
      `-DoutputDirectory=${into}`,
      `-DmarkersDirectory=${join(into, 'markers')}`,
    ],
  });
  const program = names
    .map((name) => join(folder, name))
    .find((path) => {
      chmodSync(path, 0o755);
      return runs(path);
    });
  if (program === undefined) throw new ServerUnavailable(`No redis-server in ${folder} runs here.`);
  return program;
};

/** Does a Redis on this port answer a ping? */
const answers = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const end = (answered: boolean): void => {
      socket.destroy();
      done(answered);
    };
    socket.setTimeout(2_000, () => {
      end(false);
    });
    socket.once('data', (data) => {
      end(data.toString().startsWith('+PONG'));
    });
    socket.once('error', () => {
      end(false);
    });
  });

/** Starts a real Redis and waits until it answers. Throws ServerUnavailable when this machine cannot run one. */
export const startRedis = async (): Promise<TestRedis> => {
  const program = redisServer();
  const port = await freePort();
  let child: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((exited) => child?.once('exit', exited));
    child.kill('SIGKILL');
    await gone;
  };
  const revive = async (): Promise<void> => {
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', ''];
    const started = spawn(program, options, { cwd: tmpdir(), stdio: 'ignore' });
    child = started;
    await eventually(
      async () => {
        if (started.exitCode !== null) throw new Error('it has stopped');
        return answers(port);
      },
      { what: 'a Redis that answers' },
    );
  };
  await revive();
  return {
    url: `redis://127.0.0.1:${String(port)}`,
    signal: (signal) => child?.kill(signal),
    kill,
    revive,
    stop: kill,
  };
};
