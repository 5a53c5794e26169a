import { randomUUID } from 'node:crypto';
import { eventually } from '@daftari/testing';
import type { Bus, BusConsumer, BusMessage, MessageHandler, OutgoingMessage } from './port.js';
import { gate } from './test-messages.js';

/** A bus under test, more clients of it, and the power to cut a client off as `kill -9` would. */
export interface BusHarness {
  readonly bus: Bus;
  another(): Promise<Bus>;
  cut(bus: Bus): void;
  mend(bus: Bus): void;
  close(): Promise<void>;
}

/** Own for each test: a broker that is shared keeps what an earlier test wrote. */
let topic: string;
let group: string;
const PARTITIONS = 4;
const SESSION_MS = 1_500;

const text = (n: number | string, key: string | null = 'loan-1'): OutgoingMessage => ({
  topic,
  key,
  value: Buffer.from(String(n)),
  headers: {},
});
const valueOf = (message: BusMessage): string => message.value?.toString() ?? 'null';
const numbers = (count: number, from = 0): number[] =>
  Array.from({ length: count }, (_, i) => from + i);

/** Every driver of the bus port passes this suite: its own spec calls it with its own factory. */
export const busContract = (driver: string, create: () => Promise<BusHarness>): void => {
  describe(`Bus contract: ${driver}`, () => {
    let harness: BusHarness;
    let bus: Bus;

    beforeEach(async () => {
      harness = await create();
      bus = harness.bus;
      topic = `loans-${randomUUID()}`;
      group = `g-${randomUUID()}`;
      await bus.admin.createTopics([{ topic, partitions: PARTITIONS }]);
    });
    afterEach(async () => {
      await harness.close();
    });

    const send = async (...messages: OutgoingMessage[]): Promise<void> => {
      await (await bus.producer()).send(messages);
    };
    const consume = (handler: MessageHandler, on = bus, inGroup = group): Promise<BusConsumer> =>
      on.consume({
        group: inGroup,
        topics: [topic],
        handler,
        sessionTimeoutMs: SESSION_MS,
        onFatal: (error) => {
          throw error;
        },
      });
    const collect = async (
      on = bus,
      inGroup = group,
    ): Promise<{ seen: BusMessage[]; values: () => string[]; consumer: BusConsumer }> => {
      const seen: BusMessage[] = [];
      const consumer = await consume(
        async (message) => {
          seen.push(message);
        },
        on,
        inGroup,
      );
      return { seen, values: () => seen.map(valueOf), consumer };
    };
    const committed = async (inGroup = group): Promise<bigint> =>
      (await bus.admin.lag(inGroup)).reduce((sum, lag) => sum + lag.committed, 0n);
    const allCommitted = (count: number, inGroup = group): Promise<boolean> =>
      eventually(async () => (await committed(inGroup)) === BigInt(count), {
        what: `${String(count)} commits`,
      });

    it('delivers the messages of a key in order and the keys over all partitions', async () => {
      for (const n of numbers(20))
        await send(...numbers(10).map((key) => text(n, `loan-${String(key)}`)));
      const { seen } = await collect();
      await eventually(() => seen.length >= 200);
      for (const key of numbers(10)) {
        const mine = seen.filter((message) => message.key === `loan-${String(key)}`);
        expect(mine.map(valueOf)).toEqual(numbers(20).map(String));
        expect(new Set(mine.map((message) => message.partition)).size).toBe(1);
      }
      expect(new Set(seen.map((message) => message.partition)).size).toBeGreaterThan(2);
      expect(seen).toHaveLength(200);
    });

    it('numbers a partition without gaps, whoever sends at the same time', async () => {
      await Promise.all(numbers(30).map((n) => send(text(n), text(n + 100))));
      const { seen } = await collect();
      await eventually(() => seen.length >= 60);
      expect(seen.map((message) => Number(message.offset))).toEqual(numbers(60));
    });

    it('spreads messages without a key over the partitions', async () => {
      await send(...numbers(PARTITIONS).map((n) => text(n, null)));
      const { seen } = await collect();
      await eventually(() => seen.length >= PARTITIONS);
      expect(new Set(seen.map((message) => message.partition)).size).toBe(PARTITIONS);
      expect(seen.every((message) => message.key === null)).toBe(true);
    });

    it('gives every group every message', async () => {
      await send(...numbers(5).map((n) => text(n)));
      const [one, two] = [await collect(bus, `${group}-1`), await collect(bus, `${group}-2`)];
      await eventually(() => one.seen.length === 5 && two.seen.length === 5);
      expect(one.values()).toEqual(two.values());
    });

    it('resumes after what was committed', async () => {
      await send(...numbers(3).map((n) => text(n)));
      const first = await collect();
      await eventually(() => first.seen.length === 3);
      await first.consumer.stop();
      await send(text(3));
      const second = await collect();
      await eventually(() => second.seen.length >= 1);
      expect(second.values()).toEqual(['3']);
    });

    it('delivers again what a handler refused, before anything later of its partition', async () => {
      await send(text('a'), text('b'));
      const tries: string[] = [];
      await consume(async (message) => {
        tries.push(valueOf(message));
        if (tries.length < 3) throw new Error('not now');
      });
      await eventually(() => tries.includes('b'));
      expect(tries).toEqual(['a', 'a', 'a', 'b']);
    });

    it('shares partitions when a member joins and gives them back when it leaves', async () => {
      const seen = { one: new Set<number>(), two: new Set<number>() };
      await consume(async (message) => void seen.one.add(message.partition));
      const second = await consume(
        async (message) => void seen.two.add(message.partition),
        await harness.another(),
      );
      await eventually(async () => {
        seen.one.clear();
        seen.two.clear();
        const before = await committed();
        await send(...numbers(PARTITIONS).map((n) => text(n, null)));
        await allCommitted(Number(before) + PARTITIONS);
        return seen.one.size === 2 && seen.two.size === 2;
      });
      await second.stop();
      seen.one.clear();
      await eventually(async () => {
        await send(...numbers(PARTITIONS).map((n) => text(n, null)));
        return seen.one.size === PARTITIONS;
      });
      expect(seen.one.size).toBe(PARTITIONS);
    });

    it('takes over from a member that dies without leaving', async () => {
      const doomed = await harness.another();
      const dead = await collect(doomed);
      await send(text(0));
      await eventually(() => dead.seen.length === 1);
      await allCommitted(1);
      harness.cut(doomed);
      const { values } = await collect();
      await send(...numbers(4, 1).map((n) => text(n)));
      await eventually(() => values().length >= 4);
      expect(values()).toEqual(['1', '2', '3', '4']);
      expect(dead.seen).toHaveLength(1);
    });

    it('refuses the commit of a member that was taken for dead', async () => {
      const zombie = await harness.another();
      const hold = gate();
      const handled: string[] = [];
      await send(text('a'), text('b'), text('c'));
      await consume(async (message) => {
        handled.push(valueOf(message));
        await hold.opened;
      }, zombie);
      await eventually(() => handled.length === 1);
      harness.cut(zombie);
      const { values } = await collect();
      await eventually(() => values().length === 3);
      await allCommitted(3);
      harness.mend(zombie);
      hold.open();
      await send(text('d'));
      await allCommitted(4);
      expect([...values(), ...handled].filter((value) => value === 'd')).toEqual(['d']);
      expect(handled).not.toContain('b');
      expect(handled).not.toContain('c');
    });

    it('replays from an offset', async () => {
      await send(...numbers(5).map((n) => text(n)));
      const first = await collect();
      await eventually(() => first.seen.length === 5);
      await first.consumer.stop();
      const partition = first.seen[0]?.partition ?? -1;
      await bus.admin.seek(group, topic, partition, 2n);
      const again = await collect();
      await eventually(() => again.seen.length >= 3);
      expect(again.values()).toEqual(['2', '3', '4']);
    });

    it('refuses to move a group that is running', async () => {
      const { consumer } = await collect();
      await expect(bus.admin.seek(group, topic, 0, 0n)).rejects.toMatchObject({
        code: 'bus/group-is-running',
      });
      await consumer.stop();
      await expect(bus.admin.seek(group, topic, 0, 0n)).resolves.toBeUndefined();
    });

    it('leaves a partition with a slow handler while others join, and others go on', async () => {
      const hold = gate();
      const handled: string[] = [];
      const slow = 'slow';
      await send(text('s', slow));
      await consume(async (message) => {
        handled.push(valueOf(message));
        if (message.key === slow) await hold.opened;
      });
      await eventually(() => handled.includes('s'));
      const other = await collect(await harness.another());
      const since = Date.now();
      await eventually(async () => {
        await send(...numbers(PARTITIONS).map((n) => text(n, null)));
        return other.seen.length > 0 && Date.now() - since > 2 * SESSION_MS;
      });
      expect(other.values()).not.toContain('s');
      hold.open();
      await eventually(async () =>
        (await bus.admin.lag(group)).every((l) => l.committed === l.end),
      );
      expect([...handled, ...other.values()].filter((value) => value === 's')).toHaveLength(1);
    });

    it('finishes and commits what is in flight when it stops, and begins nothing new', async () => {
      const hold = gate();
      const handled: string[] = [];
      await send(text('a'), text('b'));
      const consumer = await consume(async (message) => {
        handled.push(valueOf(message));
        await hold.opened;
      });
      await eventually(() => handled.length === 1);
      const stopped = consumer.stop();
      hold.open();
      await stopped;
      expect(handled).toEqual(['a']);
      expect(await committed()).toBe(1n);
    });

    it('keeps null values and headers as they are', async () => {
      const headers = { ce_id: '1', note: 'ünïcode "quoted"\n' };
      await send({ topic, key: 'k', value: null, headers });
      const { seen } = await collect();
      await eventually(() => seen.length === 1);
      expect(seen[0]).toMatchObject({ value: null, key: 'k', headers });
    });

    it('carries a message of 1 MiB', async () => {
      const value = Buffer.alloc(1_048_576, 7);
      await send({ topic, key: 'k', value, headers: {} });
      const { seen } = await collect();
      await eventually(() => seen.length === 1);
      expect(seen[0]?.value?.equals(value)).toBe(true);
    });

    it('refuses a topic that does not exist', async () => {
      const unknown = { code: 'bus/unknown-topic' };
      await expect(send({ ...text(1), topic: `${topic}-nowhere` })).rejects.toMatchObject(unknown);
      const consuming = bus.consume({
        group,
        topics: [`${topic}-nowhere`],
        handler: async () => undefined,
        onFatal: () => undefined,
      });
      await expect(consuming).rejects.toMatchObject(unknown);
    });

    it('does not change a topic that exists, and describes it as it is', async () => {
      await bus.admin.createTopics([{ topic, partitions: PARTITIONS * 2 }]);
      const described = await bus.admin.describeTopics([`${topic}-nowhere`, topic]);
      expect(described).toEqual([expect.objectContaining({ topic, partitions: PARTITIONS })]);
      const { consumer } = await collect();
      await consumer.stop();
      expect(await bus.admin.lag(group)).toHaveLength(PARTITIONS);
    });

    it('tells how far a group is behind and since when', async () => {
      const { seen, consumer } = await collect();
      await send(text(0));
      await eventually(() => seen.length === 1);
      await consumer.stop();
      await send(text(1), text(2));
      const partition = seen[0]?.partition;
      const lag = (await bus.admin.lag(group)).find((each) => each.partition === partition);
      expect(lag).toMatchObject({ group, topic, committed: 1n, end: 3n });
      expect(lag?.oldestUnreadAt).toBeInstanceOf(Date);
    });
  });
};
