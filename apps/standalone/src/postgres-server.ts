import { type ChildProcess, fork, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { linkPostgresLibraries, postgresPackage } from '@daftari/testing';
import { waitForDatabase } from '@daftari/service-kit';

/** A server that was killed replays its log first. */
const UP_WITHIN_MS = 120_000;

/** Where the embedded server keeps its data and how it is reached. */
export interface PostgresOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly password: string;
  /** Where the services reach it when something stands between. */
  readonly proxyPort?: number;
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Stops a server that an earlier launcher left running on the same data (it was killed): fast shutdown, then wait. */
const stopOrphan = async (cluster: string): Promise<void> => {
  const file = join(cluster, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  if (!Number.isInteger(pid) || !alive(pid)) return;
  process.kill(pid, 'SIGINT');
  for (let waited = 0; alive(pid) && waited < 15_000; waited += 50)
    await new Promise((done) => setTimeout(done, 50));
  if (alive(pid)) process.kill(pid, 'SIGKILL');
};

/** The embedded PostgreSQL server: real, durable, one per data folder. */
export class PostgresServer {
  private child: ChildProcess | undefined;
  private stopping = false;
  private readonly cluster: string;

  constructor(private readonly options: PostgresOptions) {
    this.cluster = resolve(options.dataDir, 'postgres');
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  url(database: string, role = 'postgres', port = this.options.port): string {
    return `postgres://${role}:${this.passwordOf(role)}@127.0.0.1:${String(port)}/${database}`;
  }

  /** True when a server answers on the port with this password: an earlier launcher's, or our own. */
  async answers(): Promise<boolean> {
    const client = new Client({ connectionString: this.url('postgres') });
    return client.connect().then(
      () => client.end().then(() => true),
      () => false,
    );
  }

  /**
   * Makes the cluster at the first start, starts the server, and waits until it answers. An exit before that is an
   * error; `onExit` hears of one after it.
   */
  async start(onExit: () => void): Promise<void> {
    linkPostgresLibraries();
    await stopOrphan(this.cluster);
    if (!existsSync(join(this.cluster, 'PG_VERSION'))) await this.initialise();
    if (this.stopping) throw new Error('the database server is being stopped');
    const child = this.spawn();
    this.child = child;
    const gone = new Promise<'gone'>((done) => {
      child.once('exit', () => {
        if (this.child === child) this.child = undefined;
        done('gone');
      });
    });
    const up = waitForDatabase(this.url('postgres'), UP_WITHIN_MS);
    if ((await Promise.race([up, gone])) === 'gone') {
      up.catch(() => undefined); // nobody waits for its answer any more
      throw new Error('the database server ended at once; see postgres.log');
    }
    void gone.then(onExit);
  }

  /** One database and one role for a service; the role reaches no other database. */
  async ensureDatabase(name: string): Promise<string> {
    const client = new Client({ connectionString: this.url('postgres') });
    await client.connect();
    try {
      const role = await client.query('select 1 from pg_roles where rolname = $1', [name]);
      const verb = role.rowCount === 0 ? 'create' : 'alter';
      await client.query(`${verb} role "${name}" login password '${this.passwordOf(name)}'`);
      const database = await client.query('select 1 from pg_database where datname = $1', [name]);
      if (database.rowCount === 0) {
        await client.query(`create database "${name}" owner "${name}"`);
        await client.query(`revoke connect on database "${name}" from public`);
      }
    } finally {
      await client.end();
    }
    const { port, proxyPort = port } = this.options;
    return this.url(name, name, proxyPort);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const { child } = this;
    this.child = undefined;
    if (child?.pid === undefined || child.exitCode !== null) return;
    const gone = new Promise<void>((done) =>
      child.once('exit', () => {
        done();
      }),
    );
    child.kill('SIGINT');
    await gone;
  }

  private spawn(): ChildProcess {
    const program = join(postgresPackage(), 'native', 'bin', 'postgres');
    const { uid, gid } = statSync(this.cluster);
    const log = openSync(join(this.options.dataDir, 'postgres.log'), 'a');
    const flags = ['listen_addresses=127.0.0.1', 'max_connections=200', 'unix_socket_directories='];
    return spawn(
      program,
      [
        ...['-D', this.cluster, '-p', String(this.options.port)],
        ...flags.flatMap((flag) => ['-c', flag]),
      ],
      {
        stdio: ['ignore', log, log],
        detached: true,
        ...(process.getuid?.() === 0 ? { uid, gid } : {}),
      },
    );
  }

  /** Each role has its own password, so that a service that leaks its own opens no other database. */
  private passwordOf(role: string): string {
    const { password } = this.options;
    if (role === 'postgres') return password;
    return createHmac('sha256', password).update(role).digest('hex').slice(0, 32);
  }

  private async initialise(): Promise<void> {
    mkdirSync(this.options.dataDir, { recursive: true });
    const script = fileURLToPath(new URL('../dist/init-cluster.js', import.meta.url));
    const child = fork(script, [this.cluster], {
      env: { ...process.env, PGPASSWORD: this.options.password },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let problem = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      problem += chunk.toString();
    });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`The database cannot be made: ${problem.trim()}`);
  }
}
