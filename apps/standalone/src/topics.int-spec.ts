import { spawn, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { PARTITIONS, TOPIC } from '@daftari/contracts';
import { type Bus, createKafkaBus, createPgBus } from '@daftari/messaging';
import { migrateBus } from '@daftari/service-kit';
import {
  eventually,
  freePort,
  kafkaCanBeStarted,
  requireKafka,
  startKafka,
  startPostgres,
  type TestPostgres,
} from '@daftari/testing';
import { environmentOf } from './environment.js';
import { portsFrom } from './layout.js';

type Env = Readonly<Record<string, string>>;
/** A bus of the test's own. */
interface OwnBus {
  readonly bus: Bus;
  readonly env: Env;
  stop(): Promise<void>;
}

const main = (service: string): string => resolve(`apps/${service}/dist/main.js`);
/** It consumes commands, what happened to tenants, and all that is audited. */
const CONSUMED_BY_LEDGER = Object.values(TOPIC).filter(
  (topic) => topic !== TOPIC.ledgerTransactionV1,
);
const NEEDED_BY_LEDGER = [
  ...Object.keys(PARTITIONS),
  ...CONSUMED_BY_LEDGER.flatMap((topic) => [`${topic}.retry.ledger`, `${topic}.dlq.ledger`]),
];

const job = (service: string, env: Env) => {
  const child = spawnSync(process.execPath, [main(service), 'topics'], {
    env: { PATH: process.env.PATH, LOG_LEVEL: 'silent', ...env },
    encoding: 'utf8',
  });
  return { status: child.status, out: child.stdout.split('\n').slice(0, -1), err: child.stderr };
};

const pgBus = async (postgres: TestPostgres): Promise<OwnBus> => {
  const url = await postgres.createDatabase('bus');
  await migrateBus(url);
  const bus = createPgBus({ connectionString: url });
  return { bus, env: { BUS: 'pg', BUS_URL: url }, stop: async () => undefined };
};

const suite = (create: (postgres: TestPostgres) => Promise<OwnBus>): void => {
  let postgres: TestPostgres;
  let own: OwnBus;

  beforeAll(async () => {
    postgres = await startPostgres();
    own = await create(postgres);
  }, 120_000);
  afterAll(async () => {
    await own.bus.close();
    await own.stop();
    await postgres.stop();
  });

  it('makes what a service needs, and says so once', async () => {
    const first = job('ledger', own.env);
    expect(first).toMatchObject({ status: 0, err: '' });
    const lines = NEEDED_BY_LEDGER.map((topic) => `ledger         made          ${topic}`);
    expect([...first.out].sort()).toEqual(lines.sort());
    expect(await own.bus.admin.topics()).toEqual([...NEEDED_BY_LEDGER].sort());
    const again = job('ledger', own.env);
    expect(again).toMatchObject({ status: 0, err: '' });
    expect(again.out).toEqual(
      first.out.map((line) => line.replace('made         ', 'there already')),
    );
  }, 60_000);

  it('is waited for by a service that may make no topic', async () => {
    const database = await postgres.createDatabase('reporting');
    const secrets = { internalKey: 'k'.repeat(40), postgres: '', seedPassword: '' };
    const ports = portsFrom(await freePort());
    const settings = { ports, dataDir: '.', logLevel: 'warn', databaseUrl: database };
    const env = environmentOf('reporting', { ...settings, secrets, bus: own.env } as never);
    const child = spawn(process.execPath, [main('reporting')], {
      env: { PATH: process.env.PATH, ...env, BUS_CREATE_TOPICS: 'false' },
    });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
    try {
      await eventually(() => out.includes('waiting for the bus'), { withinMs: 60_000 });
      expect(job('reporting', own.env).status).toBe(0);
      const url = `http://127.0.0.1:${String(ports.of.reporting)}/readyz`;
      const isReady = () =>
        fetch(url).then(
          ({ ok }) => ok,
          () => child.exitCode !== null && out,
        );
      expect(await eventually(isReady, { withinMs: 60_000 })).toBe(true);
    } finally {
      child.kill('SIGTERM');
      await eventually(() => child.exitCode !== null || child.signalCode !== null);
    }
  }, 120_000);
};

describe('the job that makes topics: PostgreSQL bus', () => {
  suite(pgBus);

  it('changes no topic, and fails when one has other partitions than the code wants', async () => {
    const postgres = await startPostgres();
    const { bus, env } = await pgBus(postgres);
    await bus.admin.createTopics([{ topic: TOPIC.loanV1, partitions: 2 }]);
    const { status, out, err } = job('identity', env);
    const described = await bus.admin.describeTopics([TOPIC.loanV1]);
    await bus.close();
    await postgres.stop();
    expect({ status, err }).toEqual({
      status: 1,
      err: `identity: error: ${TOPIC.loanV1} has 2 partitions instead of 6\n`,
    });
    expect(out).toContain(`identity       there already ${TOPIC.loanV1}`);
    expect(described).toEqual([{ topic: TOPIC.loanV1, partitions: 2 }]);
  });

  it('says what is wrong with its variables, and asks for no others', () => {
    expect(job('identity', { BUS: 'kafka', KAFKA_BROKERS: 'nowhere' })).toEqual({
      status: 1,
      out: [],
      err: 'identity: the environment is wrong:\nKAFKA_BROKERS: KAFKA_BROKERS must be host:port[,host:port...]\n',
    });
  });
});

if (requireKafka('the job that makes topics: Kafka', kafkaCanBeStarted()))
  describe('the job that makes topics: Kafka', () => {
    let env: Env;
    suite(async () => {
      const kafka = await startKafka();
      env = { BUS: 'kafka', KAFKA_BROKERS: kafka.brokers.join(',') };
      const bus = createKafkaBus({ brokers: kafka.brokers, clientId: 'test' });
      return { bus, env, stop: () => kafka.stop() };
    });

    it('fails when a topic has fewer copies than it should have', () => {
      const { status, err } = job('ledger', { ...env, KAFKA_REPLICATION_FACTOR: '3' });
      expect(status).toBe(1);
      expect(err.split('\n')).toContain(
        `ledger: error: ${TOPIC.loanV1} has a replication factor of 1 instead of 3`,
      );
    });
  });
