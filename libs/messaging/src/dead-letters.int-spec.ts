import { randomUUID } from 'node:crypto';
import { ContractViolation, Unavailable } from '@daftari/kernel';
import { eventually, startPostgres } from '@daftari/testing';
import type { BusHarness } from './bus.contract.js';
import { BusServer, type BusServerOptions } from './bus-server.js';
import { groupTopics } from './dead-letter.js';
import { DeadLetters } from './dead-letters.js';
import { type IntegrationMessage, toBusMessage } from './message.js';
import type { Bus } from './port.js';
import { pgHarness } from './test-bus.js';
import { describeWithKafka, kafkaForTests, kafkaHarness } from './test-kafka.js';
import { integrationMessage } from './test-messages.js';

const by = { by: 'operator-1', reason: 'the product exists now' };

const suite = (create: () => Promise<BusHarness>): void => {
  let harness: BusHarness;
  let bus: Bus;
  let letters: DeadLetters;
  let topic: string;
  let group: string;
  let server: BusServer | undefined;
  let handled: string[];
  let behaviour: (message: IntegrationMessage, attempt: number) => Promise<void>;

  beforeEach(async () => {
    harness = await create();
    bus = harness.bus;
    letters = new DeadLetters(bus);
    [topic, group, handled] = [`payments-${randomUUID()}`, `ledger-${randomUUID()}`, []];
    await bus.admin.createTopics([{ topic, partitions: 1 }, ...groupTopics(group, [topic])]);
  });
  afterEach(async () => {
    await server?.close();
    await harness.close();
  });

  const listen = async (options: Partial<BusServerOptions> = {}): Promise<void> => {
    server = new BusServer({
      bus,
      group,
      validate: () => undefined,
      onFatal: (error) => {
        throw error;
      },
      retryBaseMs: 5,
      maxAttempts: 2,
      ...options,
    });
    const handler = async (message: IntegrationMessage): Promise<void> => {
      handled.push(message.id);
      await behaviour(message, handled.filter((id) => id === message.id).length);
    };
    server.addHandler(topic, handler as never, true);
    await new Promise<void>((done, failed) =>
      server?.listen((error) => {
        if (error) failed(error as Error);
        else done();
      }),
    );
  };
  const send = async (...messages: IntegrationMessage[]): Promise<void> => {
    const producer = await bus.producer();
    await producer.send(messages.map((message) => toBusMessage({ ...message, topic })));
  };
  const waiting = (count: number, filter = {}): Promise<unknown> =>
    eventually(async () => (await letters.list({ group, ...filter })).length === count);

  const twoBad = async (): Promise<void> => {
    behaviour = async ({ id }) => {
      if (id === 'bad') throw new ContractViolation('no such product', [], 'product/invalid');
      if (id === 'odd') throw new TypeError('x is not a function');
    };
    await listen();
    await send(
      integrationMessage('bad'),
      integrationMessage('odd', { tenantId: 'other' }),
      integrationMessage('good'),
    );
    await waiting(2);
  };

  it('lists by cause, topic and tenant, the oldest first, and shows one whole', async () => {
    await twoBad();
    const all = await letters.list({ group });
    expect(all.map(({ messageId, cause }) => [messageId, cause])).toEqual([
      ['bad', 'product/invalid'],
      ['odd', 'TypeError'],
    ]);
    expect(await letters.list({ group, cause: 'TypeError' })).toEqual([all[1]]);
    expect(await letters.list({ topic, tenantId: 'acme' })).toEqual([all[0]]);
    expect(await letters.list({ group, topic: 'elsewhere' })).toEqual([]);
    const shown = await letters.show(all[0]?.id ?? '');
    expect(shown).toMatchObject({
      ...all[0],
      topic,
      value: '{"id":"bad"}',
      message: 'no such product',
      tenantId: 'acme',
      correlationId: 'c-1',
      original: { partition: 0, offset: '0' },
      resolution: null,
    });
    await expect(letters.show(all[0]?.id ?? '', 'other')).rejects.toMatchObject({
      code: 'dead-letter/not-found',
    });
    await expect(letters.show(`${topic}~${group}~99`)).rejects.toThrow();
    await expect(letters.show('nonsense')).rejects.toThrow();
  });

  it('replays one to its group alone, remembers who did it and why, and does it only once', async () => {
    await twoBad();
    const elsewhere: unknown[] = [];
    const other = await bus.consume({
      group: `${group}-other`,
      topics: [topic],
      handler: async (message) => void elsewhere.push(message),
      onFatal: () => undefined,
    });
    await eventually(() => elsewhere.length === 3);
    behaviour = async () => undefined;
    const [bad] = await letters.list({ group, cause: 'product/invalid' });
    const replayed = await letters.replay(bad?.id ?? '', by);
    expect(replayed.resolution).toMatchObject({ kind: 'replayed', ...by });
    await eventually(() => handled.at(-1) === 'bad');
    await waiting(1);
    await expect(letters.replay(bad?.id ?? '', by)).rejects.toMatchObject({
      code: 'dead-letter/resolved',
    });
    await expect(letters.discard(bad?.id ?? '', by)).rejects.toMatchObject({
      code: 'dead-letter/resolved',
    });
    expect(
      (await letters.list({ group, resolved: true })).map(({ resolution }) => resolution),
    ).toEqual([replayed.resolution, null]);
    expect(elsewhere).toHaveLength(3);
    await other.stop();
  });

  it('replays all that match; one that fails again is a new letter that still says where it came from', async () => {
    await twoBad();
    const tries = handled.length;
    const replayed = await letters.replayAll({ group }, by);
    expect(replayed.map(({ messageId }) => messageId)).toEqual(['bad', 'odd']);
    await eventually(() => handled.length >= tries + 3);
    await waiting(2);
    const again = await letters.list({ group });
    expect(
      again.map(({ messageId, topic: from, original }) => [messageId, from, original.offset]),
    ).toEqual([
      ['bad', topic, '0'],
      ['odd', topic, '1'],
    ]);
    expect(again.map(({ id }) => id)).not.toEqual(replayed.map(({ id }) => id));
  });

  it('discards with a reason', async () => {
    await twoBad();
    const [bad] = await letters.list({ group });
    await letters.discard(bad?.id ?? '', { by: 'operator-1', reason: 'a test' });
    await waiting(1);
    const tries = handled.length;
    const [gone] = await letters.list({ group, resolved: true });
    expect(gone?.resolution).toMatchObject({
      kind: 'discarded',
      by: 'operator-1',
      reason: 'a test',
    });
    expect(handled).toHaveLength(tries);
  });

  it('lets later messages pass one that waits for a dependency, where the order does not matter', async () => {
    let down = true;
    const outcomes: string[] = [];
    behaviour = async ({ id }) => {
      if (id === '1' && down) throw new Unavailable('the dependency is away');
    };
    await listen({
      looseOrder: [topic],
      onHandled: ({ message, outcome }) => {
        if (outcome === 'ok') down = false;
        outcomes.push(`${message.id} ${outcome}`);
      },
    });
    await send(integrationMessage('1'), integrationMessage('2'));
    await eventually(() => outcomes.includes('1 ok'));
    expect(outcomes[0]).toBe('1 later');
    expect(outcomes).toContain('2 ok');
    expect(outcomes.indexOf('2 ok')).toBeLessThan(outcomes.indexOf('1 ok'));
    expect(await letters.list({ group })).toEqual([]);
  });
};

describe('Dead letters on PostgreSQL', () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres.stop();
  });
  suite(() => pgHarness(postgres));
});

describeWithKafka('Dead letters on Kafka', () => {
  let kafka: Awaited<ReturnType<typeof kafkaForTests>>;
  beforeAll(async () => {
    kafka = await kafkaForTests();
  }, 120_000);
  afterAll(async () => {
    await kafka.stop();
  });
  suite(() => kafkaHarness(kafka.brokers));
});
