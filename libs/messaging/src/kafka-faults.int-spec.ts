import { randomBytes, randomUUID } from 'node:crypto';
import { eventually } from '@daftari/testing';
import { type Consumer, Kafka, logLevel, Partitioners } from 'kafkajs';
import { deadLetterOf, deadLetterTopic } from './dead-letter.js';
import { createKafkaBus } from './kafka-bus.js';
import { partitionOf } from './partitioner.js';
import type { Bus, BusConsumer, ConsumeOptions, OutgoingMessage } from './port.js';
import { describeWithKafka, kafkaForTests, wiredKafkaBus } from './test-kafka.js';
import { gate } from './test-messages.js';
import type { Wire } from './test-wire.js';

const SESSION_MS = 1_500;
/** Keys of the two partitions of a topic. */
const [KEY_A, KEY_B] = [0, 1].map((partition) =>
  ['a', 'b', 'c', 'd', 'e', 'f'].find((key) => partitionOf(key, 2) === partition),
);
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describeWithKafka('Kafka bus, where kafkajs is known to fail', () => {
  let kafka: Awaited<ReturnType<typeof kafkaForTests>>;
  let topic: string;
  let group: string;
  let fatal: Error[];
  let bus: Bus;
  const closing: (() => Promise<unknown> | void)[] = [];

  beforeAll(async () => {
    kafka = await kafkaForTests();
  }, 120_000);
  afterAll(async () => {
    await kafka.stop();
  });
  beforeEach(async () => {
    [topic, group, fatal] = [`t-${randomUUID()}`, `g-${randomUUID()}`, []];
    bus = another();
    await bus.admin.createTopics([{ topic, partitions: 2 }]);
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  const another = (): Bus => {
    const made = createKafkaBus({ brokers: kafka.brokers, clientId: 'test' });
    closing.push(() => made.close());
    return made;
  };
  const wired = async (): Promise<{ bus: Bus; wire: Wire }> => {
    const made = await wiredKafkaBus(kafka.brokers);
    closing.push(
      () => made.wire.close(),
      () => made.bus.close(),
    );
    return made;
  };
  const consume = (
    handler: ConsumeOptions['handler'],
    { on = bus, topics = [topic] }: { on?: Bus; topics?: string[] } = {},
  ): Promise<BusConsumer> =>
    on.consume({
      group,
      topics,
      handler,
      sessionTimeoutMs: SESSION_MS,
      onFatal: (error) => void fatal.push(error),
    });
  const message = (value: number | string, key = 'k', to = topic): OutgoingMessage => ({
    topic: to,
    key,
    value: Buffer.from(String(value)),
    headers: {},
  });
  const send = async (...messages: OutgoingMessage[]): Promise<void> => {
    await (await bus.producer()).send(messages);
  };
  const stored = async (): Promise<string[]> => {
    const all = await Promise.all([0, 1].map((each) => bus.admin.read(topic, each, 0n, 10_000)));
    return all.flat().map(({ value }) => String(value));
  };

  it.each([TypeError, ReferenceError, RangeError, SyntaxError])(
    'goes on after a %p of a handler',
    async (Fault) => {
      const tries: string[] = [];
      await consume(async ({ value }) => {
        tries.push(String(value));
        if (tries.length === 1) throw new Fault('a programming error');
      });
      await send(message(1), message(2));
      await eventually(() => tries.length >= 3);
      expect(tries).toEqual(['1', '1', '2']);
      expect(fatal).toEqual([]);
    },
  );

  it('keeps other partitions and topics going while one message is refused for ever', async () => {
    const second = `${topic}-2`;
    await bus.admin.createTopics([{ topic: second, partitions: 1 }]);
    const seen: string[] = [];
    let refusals = 0;
    await consume(
      async ({ value }) => {
        if (String(value) === 'poison') {
          refusals++;
          throw new Error('never');
        }
        seen.push(String(value));
      },
      { topics: [topic, second] },
    );
    await send(message('poison', KEY_A), message('after', KEY_A));
    await eventually(() => refusals >= 2);
    for (const n of numbers(20))
      await send(message(`b${String(n)}`, KEY_B), message(n, 'k', second));
    await eventually(() => seen.length >= 40);
    expect(seen).not.toContain('after');
    expect(new Set(seen).size).toBe(40);
    expect(seen).toHaveLength(40);
    expect(fatal).toEqual([]);
  });

  it('takes a message of the greatest size as a dead letter, with the reason', async () => {
    const letters = deadLetterTopic(topic, group);
    await bus.admin.createTopics([{ topic: letters, partitions: 1 }]);
    const value = randomBytes(2 * 1_024 * 1_024 - 1_000); // cannot be compressed
    await send({ ...message('', KEY_A), value });
    const [raw] = await bus.admin.read(topic, 0, 0n, 1);
    if (!raw) throw new Error('the message is not there');
    const error = new Error(randomBytes(375).toString('base64'));
    await send(deadLetterOf(raw, { group, error, attempts: 1, failedAt: new Date() }));
    const [letter] = await bus.admin.read(letters, 0, 0n, 1);
    expect(letter?.value?.equals(value)).toBe(true);
    expect(letter?.headers['x-error-message']).toBe(error.message);
  });

  it('stays in its group while a handler takes longer than the session', async () => {
    const hold = gate();
    const handled: string[] = [];
    await consume(async ({ value }) => {
      handled.push(String(value));
      await hold.opened;
    });
    await send(message('slow'));
    await eventually(() => handled.length === 1);
    const began = Date.now();
    const generations = new Set<string>();
    const plain = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).admin();
    await plain.connect();
    await eventually(async () => {
      const { groups } = await plain.describeGroups([group]);
      generations.add(groups[0]?.members.map(({ memberId }) => memberId).join() ?? '');
      return Date.now() - began > 3 * SESSION_MS;
    });
    await plain.disconnect();
    hold.open();
    await eventually(async () => (await bus.admin.lag(group)).every((l) => l.committed === l.end));
    expect(handled).toEqual(['slow']);
    expect(generations.size).toBe(1);
  });

  it('pauses a partition whose handler is slow, holds little of it, and loses and doubles nothing', async () => {
    const hold = gate();
    const slow: string[] = [];
    const quick: string[] = [];
    const big = (n: number): OutgoingMessage => ({
      ...message(n, KEY_A),
      headers: { pad: 'x'.repeat(400) },
    });
    const consumer = await consume(async ({ key, value }) => {
      if (key === KEY_A) await hold.opened;
      (key === KEY_A ? slow : quick).push(String(value));
    });
    for (const from of numbers(6)) await send(...numbers(500).map((n) => big(from * 500 + n)));
    for (const n of numbers(50)) await send(message(n, KEY_B));
    await eventually(() => quick.length === 50);
    expect(slow).toEqual([]);
    const behind = (await consumer.lag()).reduce((sum, l) => sum + l.end - l.committed, 0n);
    expect(behind).toBe(3_000n);
    // Known as soon as the slow partition was fetched, which may come after the quick one.
    await eventually(async () =>
      (await consumer.lag()).some(({ oldestUnreadAt }) => oldestUnreadAt !== null),
    );
    hold.open();
    await eventually(() => slow.length >= 3_000);
    expect(slow).toEqual(numbers(3_000).map(String));
  });

  it('goes on with a partition that was paused when the group took the process for dead', async () => {
    const hold = gate();
    const handled = new Set<string>();
    const consumer = await consume(async ({ value }) => {
      await hold.opened;
      handled.add(String(value));
    });
    const pad = { headers: { pad: 'x'.repeat(400) } };
    for (const from of numbers(4))
      await send(...numbers(500).map((n) => ({ ...message(from * 500 + n, KEY_A), ...pad })));
    const { consumer: client } = consumer as unknown as { consumer: Consumer };
    await eventually(() => client.paused().length > 0, { what: 'the client pauses the partition' });

    const plain = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).admin();
    await plain.connect();
    closing.push(() => plain.disconnect());
    const member = async (): Promise<string | undefined> =>
      (await plain.describeGroups([group])).groups[0]?.members[0]?.memberId;
    const before = await member();
    const until = performance.now() + 3 * SESSION_MS;
    while (performance.now() < until); // as a stopped process: no heartbeat leaves it
    await eventually(
      async () => {
        const now = await member();
        return now !== undefined && now !== before;
      },
      { what: 'it has joined as a new member' },
    );
    hold.open();
    await eventually(() => handled.size === 2_000, { what: 'everything is handled' });
    expect(fatal).toEqual([]);
  });

  it('tells the process to end when the client crashed and will not come back', async () => {
    const { bus: ours, wire } = await wired();
    const seen: string[] = [];
    await consume(async ({ value }) => void seen.push(String(value)), { on: ours });
    await send(message('1'));
    await eventually(() => seen.length === 1);
    wire.cut();
    const foreign = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).consumer(
      { groupId: group, sessionTimeout: SESSION_MS, heartbeatInterval: 300 },
    );
    closing.push(() => foreign.disconnect());
    const joined = new Promise((resolve) => foreign.on(foreign.events.GROUP_JOIN, resolve));
    await eventually(async () => {
      const { groups } = await (async () => {
        const plain = new Kafka({
          brokers: [...kafka.brokers],
          logLevel: logLevel.NOTHING,
        }).admin();
        await plain.connect();
        return plain.describeGroups([group]).finally(() => plain.disconnect());
      })();
      return groups[0]?.state === 'Empty';
    });
    await foreign.connect();
    await foreign.subscribe({ topics: [topic] });
    await foreign.run({ eachMessage: async () => undefined });
    await joined;
    wire.mend();
    // The group now deals out partitions in another way: no retry helps.
    await eventually(() => fatal.length > 0, { withinMs: 40_000 });
    expect(fatal).toEqual([expect.objectContaining({ message: expect.any(String) as string })]);
    expect(String(fatal[0]?.message)).toMatch(/protocol/i);
  });

  it('refuses to start with settings that the broker refuses, and says why', async () => {
    const starting = bus.consume({
      group,
      topics: [topic],
      handler: async () => undefined,
      sessionTimeoutMs: 10,
      onFatal: (error) => void fatal.push(error),
    });
    await expect(starting).rejects.toThrow(/session timeout/i);
    expect(fatal).toHaveLength(1);
  });

  it('sends again what was refused, and nothing that is sent later is taken for a repeat of it', async () => {
    const { bus: ours, wire } = await wired();
    const producer = await ours.producer();
    await producer.send([message('first')]);
    wire.deafen();
    const lost = producer.send([message('lost answer')]);
    const refused = expect(lost).rejects.toThrow();
    await eventually(async () => (await stored()).includes('lost answer'));
    wire.cut();
    await refused;
    wire.mend();
    await producer.send([message('another')]);
    expect(await stored()).toEqual(['first', 'lost answer', 'another']);
  });

  it('does not double a batch whose answer was lost', async () => {
    const { bus: ours, wire } = await wired();
    const producer = await ours.producer();
    await producer.send([message('first')]);
    wire.deafen();
    const sending = producer.send(numbers(3).map((n) => message(n)));
    await eventually(async () => (await stored()).length === 4);
    wire.mend();
    await sending;
    expect(await stored()).toEqual(['first', '0', '1', '2']);
  });

  it('loses nothing and keeps the order of a key while members come and go', async () => {
    const seen = new Map<string, number[]>();
    const take: ConsumeOptions['handler'] = async ({ key, value }) => {
      const mine = seen.get(key ?? '') ?? [];
      seen.set(key ?? '', [...mine, Number(value)]);
    };
    await consume(take);
    const [second, third] = [another(), another()];
    const churn = (async () => {
      for (const on of [second, third, second]) {
        const member = await consume(take, { on });
        await eventually(async () => (await member.lag()).length > 0 || undefined, {
          withinMs: 5_000,
        }).catch(() => undefined);
        await member.stop();
      }
    })();
    for (const n of numbers(300)) await send(...numbers(4).map((key) => message(n, String(key))));
    await churn;
    await eventually(async () => (await bus.admin.lag(group)).every((l) => l.committed === l.end));
    for (const values of seen.values()) {
      const firsts = values.filter((value, i) => values.indexOf(value) === i);
      expect(firsts).toEqual(numbers(300));
    }
    expect(seen.size).toBe(4);
  });

  it('gives a key the partition that Java and every other kafkajs client give it', async () => {
    const keys = numbers(40).map((n) => `loan-${String(n)}`);
    await send(...keys.map((key) => message(key, key)));
    const partition = Partitioners.DefaultPartitioner();
    const metadata = [0, 1].map((partitionId) => ({
      partitionId,
      leader: 1,
      isr: [1],
      replicas: [1],
      partitionErrorCode: 0,
    }));
    const expected = keys.map((key) =>
      partition({ topic, partitionMetadata: metadata, message: { key, value: null } }),
    );
    const found = (
      await Promise.all([0, 1].map((each) => bus.admin.read(topic, each, 0n, 100)))
    ).flat();
    const of = new Map(found.map(({ key, partition: where }) => [key, where]));
    expect(keys.map((key) => of.get(key))).toEqual(expected);
  });
});
