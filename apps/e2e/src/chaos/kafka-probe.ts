import { type Admin, type Consumer, Kafka, logLevel } from 'kafkajs';
import { type Bus, type BusProducer, createKafkaBus } from '@daftari/messaging';
import { eventually } from '@daftari/testing';
import type { BusProbe, Carried, Raw } from './bus.js';
import { SERVICES } from './platform.js';

interface Kept {
  readonly carried: Carried;
  readonly raw: Raw;
}

const headersOf = (headers: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

/** Apache Kafka: a reader of its own follows every topic from the beginning, and keeps what it reads. */
export class KafkaBusProbe implements BusProbe {
  readonly kind = 'kafka';
  /** By topic and partition, then by offset: whatever is read again replaces itself. */
  private readonly kept = new Map<string, Map<bigint, Kept>>();

  private constructor(
    private readonly admin: Admin,
    private readonly consumer: Consumer,
    private readonly bus: Bus,
    private readonly producer: BusProducer,
  ) {}

  /** Begins to follow; the topics must be there. */
  static async open(brokers: readonly string[]): Promise<KafkaBusProbe> {
    const kafka = new Kafka({
      clientId: 'chaos',
      brokers: [...brokers],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 30 },
    });
    const bus = createKafkaBus({ brokers, clientId: 'chaos-producer' });
    const probe = new KafkaBusProbe(
      kafka.admin(),
      kafka.consumer({ groupId: `chaos-${String(Date.now())}`, maxWaitTimeInMs: 200 }),
      bus,
      await bus.producer(),
    );
    await probe.admin.connect();
    await probe.follow();
    return probe;
  }

  async messages(): Promise<Carried[]> {
    await this.caughtUp();
    return [...this.kept.keys()]
      .sort()
      .flatMap((name) => this.inOrder(name).map((kept) => kept.carried));
  }

  async newest(topic: string, most: number): Promise<Raw[]> {
    const names = [...this.kept.keys()].filter((name) => name.startsWith(`${topic} `));
    return names
      .flatMap((name) => this.inOrder(name).slice(-most))
      .map(({ raw }) => raw)
      .slice(-most);
  }

  async lag(): Promise<number> {
    const ends = await this.ends();
    let lag = 0n;
    for (const groupId of SERVICES)
      for (const { topic, partitions } of await this.admin.fetchOffsets({ groupId }))
        for (const { partition, offset } of partitions) {
          const end = ends.get(`${topic} ${String(partition)}`) ?? 0n;
          const done = BigInt(offset) < 0n ? 0n : BigInt(offset);
          if (end > done) lag += end - done;
        }
    return Number(lag);
  }

  produce(messages: readonly Raw[]): Promise<void> {
    return this.producer.send(messages);
  }

  async close(): Promise<void> {
    await this.consumer.disconnect();
    await this.admin.disconnect();
    await this.bus.close();
  }

  private async follow(): Promise<void> {
    await this.consumer.connect();
    const topics = (await this.admin.listTopics()).filter((topic) => topic.startsWith('daftari.'));
    await this.consumer.subscribe({ topics, fromBeginning: true });
    await this.consumer.run({
      eachMessage: async ({ topic, partition, message }) => {
        const offset = BigInt(message.offset);
        const headers = headersOf(message.headers ?? {});
        const key = message.key?.toString() ?? null;
        const name = `${topic} ${String(partition)}`;
        const offsets = this.kept.get(name) ?? new Map<bigint, Kept>();
        this.kept.set(name, offsets);
        offsets.set(offset, {
          raw: { topic, key, value: message.value, headers },
          carried: {
            ...{ topic, partition, offset, key },
            id: headers['ce_id'] ?? '',
            type: headers['ce_type'] ?? '',
            source: headers['ce_source'] ?? '',
            sequence: headers['ce_sequence'] ?? '',
          },
        });
      },
    });
  }

  private inOrder(name: string): Kept[] {
    return [...(this.kept.get(name) ?? [])]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, kept]) => kept);
  }

  /** The offset after the last message, by topic and partition. */
  private async ends(): Promise<Map<string, bigint>> {
    const topics = (await this.admin.listTopics()).filter((topic) => topic.startsWith('daftari.'));
    const ends = await Promise.all(
      topics.map(async (topic) =>
        (await this.admin.fetchTopicOffsets(topic)).map(
          ({ partition, high }) => [`${topic} ${String(partition)}`, BigInt(high)] as const,
        ),
      ),
    );
    return new Map(ends.flat());
  }

  private async caughtUp(): Promise<void> {
    await eventually(
      async () => {
        const behind = [...(await this.ends())].filter(
          ([name, end]) => end > 0n && !this.kept.get(name)?.has(end - 1n),
        );
        if (behind.length > 0) throw new Error(`behind in ${behind.map(([name]) => name).join()}`);
        return true;
      },
      { withinMs: 60_000, everyMs: 100, what: 'the reader of every topic is at the end' },
    );
  }
}
