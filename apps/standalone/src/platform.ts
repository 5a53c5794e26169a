import { existsSync, mkdirSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isFree } from '@daftari/testing';
import type { StandaloneConfig } from './config.js';
import { environmentOf } from './environment.js';
import { type Ports, portsFrom, SERVICES } from './layout.js';
import { PostgresServer } from './postgres-server.js';
import type { BusSettings, PassedOn } from './load.js';
import { type Secrets, secretsIn } from './secrets.js';
import { Supervised } from './supervisor.js';

const APPS = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const LEFTOVERS_STOP_WITHIN_MS = 15_000;
const MINIMUM_FREE_BYTES = 500 * 1024 * 1024;

/** Throws when the disk of a folder has less room than that. */
export const assertRoom = (folder: string, bytes: number): void => {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < bytes)
    throw new Error(
      `The disk of ${folder} is full: at least ${String(Math.ceil(bytes / 1024 / 1024))} MB must be free.`,
    );
};

/** Throws when the port is still taken at the deadline (epoch ms). */
const assertFree = async (port: number, deadline: number): Promise<void> => {
  while (!(await isFree(port))) {
    if (Date.now() >= deadline)
      throw new Error(
        `Port ${String(port)} is taken. Stop what uses it, or set PORT_BASE to another number.`,
      );
    await new Promise((done) => setTimeout(done, 100));
  }
};

/** The whole embedded platform: one PostgreSQL server, the sandbox, every service as its own process. */
export class Platform {
  readonly ports: Ports;
  /** The ports of each instance; the first are `ports`. */
  private readonly instances: readonly Ports[];
  readonly secrets: Secrets;
  private readonly postgres: PostgresServer;
  private readonly processes: Supervised[] = [];
  private readonly dataDir: string;
  private stopping = false;

  constructor(
    private readonly config: StandaloneConfig,
    private readonly bus: BusSettings,
    private readonly passedOn: PassedOn,
  ) {
    this.dataDir = resolve(config.DATA_DIR);
    this.ports = portsFrom(config.PORT_BASE);
    this.instances = Array.from({ length: config.INSTANCES }, (_, i) =>
      portsFrom(config.PORT_BASE, i + 1),
    );
    mkdirSync(join(this.dataDir, 'logs'), { recursive: true });
    this.secrets = secretsIn(this.dataDir, config.SEED_PASSWORD);
    this.postgres = new PostgresServer({
      dataDir: this.dataDir,
      port: this.ports.postgres,
      password: this.secrets.postgres,
      ...(config.DATABASE_PROXY_PORT > 0 ? { proxyPort: config.DATABASE_PROXY_PORT } : {}),
    });
  }

  /** Starts everything and waits until all of it is healthy. Any failure stops what was started. */
  async start(progress: (what: string) => void): Promise<void> {
    await this.assertStartable();
    try {
      progress('database');
      await this.postgres.start(() => void this.revivePostgres());
      const busUrl = this.bus.kind === 'pg' ? await this.postgres.ensureDatabase('bus') : '';
      progress('sandbox');
      await this.launch('sandbox', 1, {});
      progress('services');
      const urls = new Map<string, string>();
      for (const { name } of SERVICES) urls.set(name, await this.postgres.ensureDatabase(name));
      const services = this.instances.flatMap((_, i) =>
        SERVICES.map(({ name }) =>
          this.launch(name, i + 1, { databaseUrl: urls.get(name) ?? '', busUrl }),
        ),
      );
      await Promise.all(services);
      progress('gateway');
      await Promise.all(this.instances.map((_, i) => this.launch('gateway', i + 1, {})));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Stops every process cleanly, the database last. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.processes.map((process) => process.stop()));
    await this.postgres.stop();
    rmSync(join(this.dataDir, 'platform.json'), { force: true });
  }

  private async assertStartable(): Promise<void> {
    assertRoom(this.dataDir, MINIMUM_FREE_BYTES);
    const { sandbox, smtp } = this.ports;
    const own = this.instances.flatMap(({ gateway, of }) => [gateway, ...Object.values(of)]);
    // A launcher that was killed leaves its state behind, and processes that are about to notice and stop.
    const withinMs = existsSync(join(this.dataDir, 'platform.json')) ? LEFTOVERS_STOP_WITHIN_MS : 0;
    const deadline = Date.now() + withinMs;
    for (const port of [...own, sandbox, smtp]) await assertFree(port, deadline);
  }

  private async launch(
    name: Parameters<typeof environmentOf>[0],
    instance: number,
    urls: { databaseUrl?: string; busUrl?: string },
  ): Promise<void> {
    const ports = this.instances[instance - 1] ?? this.ports;
    const env = environmentOf(name, {
      ports,
      all: this.instances,
      secrets: this.secrets,
      dataDir: this.dataDir,
      logLevel: this.config.LOG_LEVEL,
      bus: this.bus.env,
      redisUrl: this.config.REDIS_URL,
      passedOn: this.passedOn,
      ...urls,
    });
    const port = name === 'sandbox' || name === 'gateway' ? ports[name] : ports.of[name];
    const title = instance === 1 ? name : `${name}-${String(instance)}`;
    const spec = {
      name: title,
      script: join(APPS, name, 'dist', 'main.js'),
      env,
      readyUrl: `http://127.0.0.1:${String(port)}/readyz`,
      logFile: join(this.dataDir, 'logs', `${title}.log`),
      overridesFile: this.config.OVERRIDES_FILE,
    };
    const process = new Supervised(spec, () => {
      this.writeState();
    });
    this.processes.push(process);
    await process.start();
    this.writeState();
  }

  private async revivePostgres(): Promise<void> {
    while (!this.stopping) {
      try {
        await this.postgres.start(() => void this.revivePostgres());
        this.writeState();
        return;
      } catch {
        await new Promise((done) => setTimeout(done, 500));
      }
    }
  }

  /** What runs where, for tools that drive the platform: addresses and process ids, and the demo password. */
  private writeState(): void {
    const pids = {
      postgres: this.postgres.pid,
      ...Object.fromEntries(this.processes.map((p) => [p.spec.name, p.pid])),
    };
    const state = {
      gateway: `http://127.0.0.1:${String(this.ports.gateway)}`,
      gateways: this.instances.map(({ gateway }) => `http://127.0.0.1:${String(gateway)}`),
      sandbox: `http://127.0.0.1:${String(this.ports.sandbox)}`,
      password: this.secrets.seedPassword,
      launcher: process.pid,
      pids,
    };
    // Written beside and moved over, so that nobody reads half of it.
    const file = join(this.dataDir, 'platform.json');
    writeFileSync(`${file}.new`, JSON.stringify(state, null, 2), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}
