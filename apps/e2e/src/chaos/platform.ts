import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  eventually,
  type KafkaServer,
  platformState,
  type PlatformState,
  startKafka,
} from '@daftari/testing';
import { launch } from '../launch.js';
import { DatabaseProxy } from './database-proxy.js';

/** The services that keep a database, in the order of their ports. */
export const SERVICES = [
  'identity',
  'origination',
  'ledger',
  'payments',
  'notifications',
  'reporting',
] as const;
/** One of them. */
export type Service = (typeof SERVICES)[number];

type Environment = Readonly<Record<string, string>>;

const PROXY_OFFSET = 33;
const POSTGRES_OFFSET = 32;
const SECOND_OFFSET = 40;
/** Short waits, so that a round is short: what takes an hour in production takes seconds here. */
const SHORT_WAITS: Readonly<Record<string, Environment>> = {
  gateway: { RATE_PER_MINUTE: '1000000', AUTH_RATE_PER_MINUTE: '1000000' },
  payments: {
    PAYMENT_EXPIRES_MS: '12000',
    POLL_FIRST_MS: '1000',
    POLL_MAX_MS: '4000',
    PAYOUT_RESEND_AFTER_MS: '6000',
    PROVIDER_TIMEOUT_MS: '3000',
  },
  sandbox: { SANDBOX_LATE_CALLBACK_MS: '6000', SANDBOX_SLOW_ANSWER_MS: '5000' },
};

/** The short waits of every instance. */
const waitsFor = (instances: number): Record<string, Environment> => {
  const overrides: Record<string, Environment> = {};
  for (const [name, waits] of Object.entries(SHORT_WAITS))
    for (let instance = 1; instance <= instances; instance++)
      overrides[instance === 1 ? name : `${name}-${String(instance)}`] = waits;
  return overrides;
};

/** Which platform a campaign wants. */
export interface PlatformOptions {
  readonly portBase: number;
  readonly bus: 'pg' | 'kafka';
  readonly instances: number;
}

const BROKERS_OFFSET = 10_092;

const brokersFor = async ({ bus, portBase }: PlatformOptions): Promise<KafkaServer | undefined> =>
  bus === 'kafka'
    ? startKafka({ ports: [0, 2, 4].map((more) => portBase + BROKERS_OFFSET + more) })
    : undefined;

/** A platform whose processes, database connections, brokers and environments a campaign takes hold of. */
export class ChaosPlatform {
  private constructor(
    private readonly launcher: ChildProcess,
    readonly dataDir: string,
    readonly proxy: DatabaseProxy,
    private readonly portBase: number,
    /** The brokers of the profile that has them. */
    readonly kafka: KafkaServer | undefined,
    private readonly instances: number,
  ) {}

  /** Everything that was started is stopped again when one part cannot be. */
  static async start(options: PlatformOptions): Promise<ChaosPlatform> {
    const { portBase, bus, instances } = options;
    const dataDir = mkdtempSync(join(tmpdir(), 'daftari-chaos-'));
    chmodSync(dataDir, 0o755); // the database runs as a user of its own when tests run as root
    writeFileSync(join(dataDir, 'overrides.json'), JSON.stringify(waitsFor(instances)));
    const proxy = new DatabaseProxy(portBase + POSTGRES_OFFSET);
    const kafka = await brokersFor(options);
    try {
      const launcher = await launch(dataDir, {
        BUS: bus,
        INSTANCES: String(instances),
        PORT_BASE: String(portBase),
        OVERRIDES_FILE: join(dataDir, 'overrides.json'),
        DATABASE_PROXY_PORT: String(await proxy.listen(portBase + PROXY_OFFSET)),
        ...(kafka ? { KAFKA_BROKERS: kafka.brokers.join(','), KAFKA_REPLICATION_FACTOR: '3' } : {}),
      });
      return new ChaosPlatform(launcher, dataDir, proxy, portBase, kafka, instances);
    } catch (error) {
      await proxy.close();
      await kafka?.stop();
      rmSync(dataDir, { recursive: true, force: true });
      throw error;
    }
  }

  get gateway(): string {
    return this.state.gateway;
  }

  get sandbox(): string {
    return this.state.sandbox;
  }

  get password(): string {
    return this.state.password;
  }

  get pids(): Readonly<Record<string, number>> {
    return this.state.pids;
  }

  /** The address of one of the databases, past the proxy, as the server's owner. */
  databaseUrl(database: string): string {
    const { postgres } = JSON.parse(readFileSync(join(this.dataDir, 'secrets.json'), 'utf8')) as {
      postgres: string;
    };
    return `postgres://postgres:${postgres}@127.0.0.1:${String(this.portBase + POSTGRES_OFFSET)}/${database}`;
  }

  /** Every process of a service: one, or more where a service runs several times. */
  instancesOf(name: string): string[] {
    return Object.keys(this.pids).filter(
      (process) => process === name || new RegExp(`^${name}-\\d+$`).test(process),
    );
  }

  /** Sends a signal to one process; nothing happens when it is gone. */
  signal(name: string, signal: NodeJS.Signals): void {
    const pid = this.pids[name] ?? 0;
    if (pid === 0) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }

  kill(name: string): void {
    this.signal(name, 'SIGKILL');
  }

  /**
   * Ends a process, which starts again with more environment; the start after that one is without it, so that a
   * process that ends itself on purpose comes back whole. Done when it is ready, or has ended already. Gives the new
   * process's id.
   */
  async restartWith(name: string, environment: Environment): Promise<number> {
    const before = this.pids[name];
    this.write({ [name]: environment });
    this.signal(name, 'SIGTERM'); // killed, it would hold its partitions until its session runs out
    const started = await eventually(
      () => {
        const now = this.pids[name] ?? 0;
        return now !== 0 && now !== before && now;
      },
      { withinMs: 60_000, what: `${name} starts again` },
    );
    // The file is read before a process is started, so what is written now is for the start after it.
    this.write({});
    await eventually(async () => this.pids[name] !== started || (await this.isReady(name)), {
      withinMs: 60_000,
      what: `${name} is ready again`,
    });
    return started;
  }

  /** Waits until processes answer that they are ready: all of them, unless told which. */
  async whenReady(withinMs: number, names = Object.keys(this.pids)): Promise<void> {
    await eventually(
      async () => {
        const ready = await Promise.all(names.map((name) => this.isReady(name)));
        const waiting = names.filter((_, index) => !ready[index]);
        if (waiting.length > 0) throw new Error(`not ready: ${waiting.join(', ')}`);
        return true;
      },
      { withinMs, everyMs: 150, what: 'every process is ready' },
    );
  }

  async stop(): Promise<void> {
    const { launcher } = this;
    if (launcher.exitCode === null && launcher.signalCode === null) {
      const gone = new Promise((done) => launcher.once('exit', done));
      launcher.kill('SIGTERM');
      await gone;
    }
    await this.proxy.close();
    await this.kafka?.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** The address of an instance's own HTTP server; undefined for the database. */
  urlOf(name: string): string | undefined {
    const service = name.replace(/-\d+$/, '');
    if (service === 'sandbox') return this.sandbox;
    const offset = ['gateway', ...SERVICES].indexOf(service);
    if (offset < 0) return undefined;
    const instance = Number(/-(\d+)$/.exec(name)?.[1] ?? 1);
    return `http://127.0.0.1:${String(this.portBase + offset + (instance === 1 ? 0 : SECOND_OFFSET + 10 * (instance - 2)))}`;
  }

  private get state(): PlatformState {
    return platformState(this.dataDir);
  }

  private async isReady(name: string): Promise<boolean> {
    if ((this.pids[name] ?? 0) === 0) return false;
    const url = this.urlOf(name);
    if (url === undefined) return true;
    return fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  private write(extra: Readonly<Record<string, Environment>>): void {
    const overrides = waitsFor(this.instances);
    for (const [name, more] of Object.entries(extra))
      overrides[name] = { ...overrides[name], ...more };
    const file = join(this.dataDir, 'overrides.json');
    writeFileSync(`${file}.new`, JSON.stringify(overrides));
    renameSync(`${file}.new`, file);
  }
}
