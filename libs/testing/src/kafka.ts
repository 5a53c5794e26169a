import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import { eventually } from './eventually.js';
import {
  certificateIn,
  type KafkaUser,
  makeCertificate,
  scramUser,
  securedClient,
  securityProperties,
} from './kafka-security.js';
import { freePort, isFree } from './postgres.js';
import { fetchByMaven, onPath, requireServer, ServerUnavailable } from './server-programs.js';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const TOOL = join(ROOT, 'tools', 'kafka');
const JARS = join(ROOT, '.data', 'kafka', 'libs');
const JAVA_MIN = 17;

/** How a Kafka is run. */
export interface KafkaServerOptions {
  /** Where it keeps everything; a temporary folder that `stop` removes when it is not given. */
  readonly dataDir?: string;
  /** The client port of each broker; its controller takes the next one. Free ports when not given. */
  readonly ports?: readonly number[];
  /** How many brokers, when no ports are given. */
  readonly brokers?: number;
  readonly heapMb?: number;
  /** Its clients must come over TLS and log in as this user. */
  readonly user?: KafkaUser;
}

/** A running Kafka. */
export interface KafkaServer {
  /** host:port of every broker. */
  readonly brokers: readonly string[];
  readonly pids: readonly number[];
  /** PEM file of the authority that a client must trust, where there is a `user`. */
  readonly caFile: string;
  /** Sends a signal to one broker; `SIGKILL` is a crash. */
  signal(broker: number, signal: NodeJS.Signals): void;
  /** Starts a broker that has died. */
  revive(broker: number): void;
  stop(): Promise<void>;
}

const assertJava = (): void => {
  const { error, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const major = Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
  if (error || major < JAVA_MIN)
    throw new ServerUnavailable(
      `Kafka needs Java ${String(JAVA_MIN)} or newer: ${error ? 'there is no `java` on the PATH' : `this is Java ${String(major)}`}.`,
    );
};

/** Can a Kafka be started here: Java, and either Maven or the jars that it fetched before? */
export const kafkaCanBeStarted = (): boolean =>
  onPath('java') && (existsSync(JARS) || onPath('mvn'));

/** Can a Kafka be had: an address in KAFKA_BROKERS, or one that is started here? */
export const kafkaCanBeHad = (): boolean =>
  (process.env.KAFKA_BROKERS ?? '') !== '' || kafkaCanBeStarted();

/** Decides whether a suite that needs Kafka runs; see `requireServer`. */
export const requireKafka = (title: string, available: boolean): boolean =>
  requireServer(title, {
    available,
    variable: 'REQUIRE_KAFKA',
    lacks: 'needs KAFKA_BROKERS, or Java 17 and Maven, and there is neither',
  });

/** The folder of Kafka's jars; fetched once from Maven Central. Throws ServerUnavailable when that is not possible. */
export const kafkaJars = (): string => {
  assertJava();
  return fetchByMaven({
    what: "Kafka's jars",
    pom: TOOL,
    into: JARS,
    goal: (folder) => [
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${folder}`,
    ],
  });
};

interface Layout {
  readonly dataDir: string;
  readonly ports: readonly number[];
  readonly user: KafkaUser | undefined;
}

const properties = (
  node: number,
  { dataDir, ports, user }: Layout,
): Record<string, string | number> => {
  const clients = user ? 'SASL_SSL' : 'PLAINTEXT';
  const port = ports[node - 1] ?? 0;
  const copies = Math.min(3, ports.length);
  const voters = ports.map((each, i) => `${String(i + 1)}@127.0.0.1:${String(each + 1)}`);
  return {
    'process.roles': 'broker,controller',
    'node.id': node,
    'controller.quorum.voters': voters.join(','),
    listeners: `${clients}://127.0.0.1:${String(port)},CONTROLLER://127.0.0.1:${String(port + 1)}`,
    'advertised.listeners': `${clients}://127.0.0.1:${String(port)}`,
    'listener.security.protocol.map': `CONTROLLER:PLAINTEXT,${clients}:${clients}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': clients,
    ...(user ? securityProperties(dataDir, user) : {}),
    'log.dirs': join(dataDir, `broker-${String(node)}`),
    'auto.create.topics.enable': 'false',
    'default.replication.factor': copies,
    'min.insync.replicas': Math.max(1, copies - 1),
    'offsets.topic.num.partitions': 3,
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': Math.max(1, copies - 1),
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': Math.max(1, copies - 1),
    // A dead broker is noticed soon, a group begins at once, and tests may take short sessions.
    'broker.session.timeout.ms': 4_000,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
    'log.cleaner.dedupe.buffer.size': 2_097_152,
    'num.network.threads': 2,
    'num.io.threads': 2,
  };
};

const describeBrokers = async (
  brokers: readonly string[],
  security: Pick<KafkaConfig, 'ssl' | 'sasl'> = {},
): Promise<number> => {
  const client = new Kafka({
    clientId: 'daftari-ready',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    ...security,
  });
  const admin = client.admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
};

/** Does a Kafka answer at these addresses? */
export const kafkaAnswers = (brokers: readonly string[]): Promise<boolean> =>
  describeBrokers(brokers).then(
    () => true,
    () => false,
  );

const ATTEMPTS = 3;
const lastLine = (file: string): string =>
  readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? '';

class LocalKafka implements KafkaServer {
  readonly brokers: readonly string[];
  private readonly children: ChildProcess[] = [];
  private readonly classPath = join(kafkaJars(), '*');

  constructor(
    private readonly dataDir: string,
    private readonly ports: readonly number[],
    private readonly options: KafkaServerOptions,
  ) {
    this.brokers = ports.map((port) => `127.0.0.1:${String(port)}`);
  }

  get caFile(): string {
    return certificateIn(this.dataDir);
  }

  get pids(): readonly number[] {
    return this.children.map(({ pid }) => pid ?? 0);
  }

  async start(): Promise<void> {
    const { user } = this.options;
    mkdirSync(this.dataDir, { recursive: true });
    if (user) makeCertificate(this.dataDir);
    const security = user ? securedClient(this.dataDir, user) : {};
    const idFile = join(this.dataDir, 'cluster-id');
    if (!existsSync(idFile))
      writeFileSync(idFile, `D${randomBytes(16).toString('base64url').slice(1)}`);
    const id = readFileSync(idFile, 'utf8');
    this.ports.forEach((_, i) => {
      this.format(i + 1, id);
    });
    this.ports.forEach((_, i) => {
      this.revive(i + 1);
    });
    const state = await eventually(
      async () => {
        const gone = this.children.findIndex(({ exitCode }) => exitCode !== null);
        if (gone >= 0) return `it has stopped: ${lastLine(this.logOf(gone + 1))}`;
        return (await describeBrokers(this.brokers, security)) === this.ports.length && 'up';
      },
      { withinMs: 90_000, everyMs: 150, what: 'a Kafka that answers' },
    );
    if (state !== 'up') throw new Error(state);
  }

  signal(broker: number, signal: NodeJS.Signals): void {
    this.children[broker - 1]?.kill(signal);
  }

  revive(broker: number): void {
    const log = openSync(this.logOf(broker), 'a');
    const heap = `-Xmx${String(this.options.heapMb ?? 384)}m`;
    const flags = ['-Xms128m', heap, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
    const logging = `-Dlog4j2.configurationFile=file:${join(TOOL, 'log4j2.properties')}`;
    this.children[broker - 1] = spawn(
      'java',
      [...flags, logging, '-cp', this.classPath, 'kafka.Kafka', this.configOf(broker)],
      { stdio: ['ignore', log, log], detached: true },
    );
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = new Promise((done) => child.once('exit', done));
        child.kill('SIGCONT');
        child.kill('SIGTERM');
        const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
        await gone;
        clearTimeout(timer);
      }),
    );
    if (this.options.dataDir === undefined) rmSync(this.dataDir, { recursive: true, force: true });
  }

  private format(node: number, clusterId: string): void {
    const { dataDir, ports } = this;
    const { user } = this.options;
    const lines = Object.entries(properties(node, { dataDir, ports, user })).map(
      ([name, value]) => `${name}=${String(value)}`,
    );
    writeFileSync(this.configOf(node), `${lines.join('\n')}\n`);
    if (existsSync(join(this.dataDir, `broker-${String(node)}`, 'meta.properties'))) return;
    const scram = user ? scramUser(user) : [];
    const format = ['format', '-t', clusterId, '-c', this.configOf(node), ...scram];
    const { status, stdout, stderr } = spawnSync(
      'java',
      ['-cp', this.classPath, 'kafka.tools.StorageTool', ...format],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`Kafka's folder cannot be prepared: ${stdout}${stderr}`);
  }

  private configOf(node: number): string {
    return join(this.dataDir, `broker-${String(node)}.properties`);
  }

  private logOf(node: number): string {
    return join(this.dataDir, `broker-${String(node)}.log`);
  }
}

/** Pairs of free ports: one for clients, the next for the controller. */
const freePorts = async (count: number): Promise<number[]> => {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = await freePort();
    const isApart = !ports.some((taken) => Math.abs(taken - port) < 2);
    if (isApart && (await isFree(port + 1))) ports.push(port);
  }
  return ports;
};

/** Starts a real Apache Kafka (KRaft) and waits until it answers. Throws ServerUnavailable when this machine cannot run one. */
export const startKafka = async (options: KafkaServerOptions = {}): Promise<KafkaServer> => {
  kafkaJars();
  for (let attempt = 1; ; attempt++) {
    const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'daftari-kafka-'));
    const ports = options.ports ?? (await freePorts(options.brokers ?? 1));
    const server = new LocalKafka(dataDir, ports, options);
    try {
      await server.start();
      return server;
    } catch (error) {
      await server.stop();
      // Between the look and the start somebody else may have taken a port that was free.
      if (options.ports || attempt === ATTEMPTS) throw error;
    }
  }
};
