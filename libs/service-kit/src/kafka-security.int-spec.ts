import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { TOPIC } from '@daftari/contracts';
import { type Bus } from '@daftari/messaging';
import {
  eventually,
  kafkaCanBeStarted,
  type KafkaServer,
  requireKafka,
  startKafka,
} from '@daftari/testing';
import { type BusPart, openBus } from './bus.js';
import { createLogger } from './logging.js';

const user = { username: 'daftari', password: 'correct-horse-9' };

const suite = (): void => {
  let kafka: KafkaServer;
  beforeAll(async () => {
    kafka = await startKafka({ user });
  }, 180_000);
  afterAll(async () => {
    await kafka.stop();
  });

  const open = (config: Partial<BusPart>, patienceMs = 60_000): Promise<Bus> =>
    openBus({
      name: 'counter',
      config: {
        BUS: 'kafka',
        KAFKA_BROKERS: kafka.brokers.join(','),
        KAFKA_SSL: true,
        KAFKA_SSL_CA: kafka.caFile,
        KAFKA_SASL_MECHANISM: 'scram-sha-256',
        KAFKA_SASL_USERNAME: user.username,
        KAFKA_SASL_PASSWORD: user.password,
        KAFKA_REPLICATION_FACTOR: 1,
        BUS_RETENTION_DAYS: 1,
        ...config,
      } as BusPart,
      logger: createLogger('counter', 'silent'),
      prepare: ({ admin }) => admin.createTopics([{ topic: TOPIC.userV1, partitions: 1 }]),
      patienceMs,
    });
  /** The one line of a start that fails, and how long it took. */
  const failure = async (config: Partial<BusPart>, patienceMs?: number) => {
    const began = performance.now();
    const error = await open(config, patienceMs).then(
      async (bus) => bus.close().then(() => new Error('it has started')),
      (why: unknown) => why as Error,
    );
    return { line: error.message, seconds: (performance.now() - began) / 1_000 };
  };

  it.each(['plain', 'scram-sha-256'] as const)(
    'sends and receives as a user by %s',
    async (by) => {
      const bus = await open({ KAFKA_SASL_MECHANISM: by });
      const text = randomUUID();
      const seen: string[] = [];
      await bus.consume({
        group: randomUUID(),
        topics: [TOPIC.userV1],
        handler: async ({ value }) => void seen.push(String(value)),
        onFatal: (error) => void seen.push(error.message),
      });
      const message = { topic: TOPIC.userV1, key: 'k', value: Buffer.from(text), headers: {} };
      await (await bus.producer()).send([message]);
      await eventually(() => seen.includes(text), { withinMs: 60_000 });
      await bus.close();
    },
    120_000,
  );

  it.each(['plain', 'scram-sha-256'] as const)(
    'says at once that a password is wrong, without it, by %s',
    async (by) => {
      const wrong = 'wrong-horse-1';
      const { line, seconds } = await failure({
        KAFKA_SASL_MECHANISM: by,
        KAFKA_SASL_PASSWORD: wrong,
      });
      expect(line).toMatch(
        /^Kafka at 127\.0\.0\.1:\d+ cannot be used: SASL .*Authentication failed/,
      );
      expect(line).not.toContain(wrong);
      expect(line).not.toContain('\n');
      expect(seconds).toBeLessThan(50); // It would have waited for a minute.
    },
    120_000,
  );

  it('says at once that a certificate is not trusted, and what to set', async () => {
    const { line, seconds } = await failure({ KAFKA_SSL_CA: '' });
    expect(line).toMatch(/cannot be used: its certificate is not trusted \(.*self-signed.*\)/);
    expect(line).toContain('KAFKA_SSL_CA names the authority');
    expect(seconds).toBeLessThan(50);
  }, 120_000);

  it('says within its patience that the brokers may want TLS', async () => {
    const plaintext = { KAFKA_SSL: false, KAFKA_SSL_CA: '', KAFKA_SASL_MECHANISM: '' } as const;
    const { line } = await failure(plaintext, 100);
    expect(line).toMatch(/^Kafka at .* cannot be used: .*; it may want TLS \(KAFKA_SSL\)$/);
  }, 120_000);

  it('refuses an authority that it cannot read or has no use for', async () => {
    const nowhere = await failure({ KAFKA_SSL_CA: '/nowhere/ca.pem' });
    expect(nowhere.line).toBe('KAFKA_SSL_CA: /nowhere/ca.pem cannot be read (ENOENT)');
    const unused = await failure({ KAFKA_SSL: false });
    expect(unused.line).toBe('KAFKA_SSL_CA: has no use without KAFKA_SSL=true');
    const broken = `${kafka.caFile}.broken`;
    writeFileSync(broken, 'no certificate');
    expect((await failure({ KAFKA_SSL_CA: broken }, 100)).line).toContain('cannot be used');
  }, 60_000);
};

const title = 'Kafka over TLS with a login';
if (requireKafka(title, kafkaCanBeStarted())) describe(title, suite);
