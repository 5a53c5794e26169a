import { randomUUID } from 'node:crypto';
import { Rejected } from '@daftari/kernel';
import type { Admin, Kafka, KafkaMessage } from 'kafkajs';
import { isDeadLetterTopic, isRetryTopic } from './dead-letter.js';
import type { KafkaBusOptions } from './kafka-client.js';
import { onceTopicIsKnown } from './kafka-metadata.js';
import type { BusAdmin, BusMessage, Lag, TopicDescription, TopicSpec } from './port.js';

const DAY_MS = 86_400_000;
/** A message of 1 MiB and what surrounds it. */
const MESSAGE_BYTES_MAX = 2 * 1_024 * 1_024;
/** What is put aside carries its reason too, and must never be refused for it. */
const ASIDE_BYTES_MAX = MESSAGE_BYTES_MAX + 64 * 1_024;
const READ_WITHIN_MS = 30_000;

/** Where a group is in a partition; `committed` is undefined when it has never been there. */
export interface Position {
  readonly committed: bigint | undefined;
  readonly low: bigint;
  readonly end: bigint;
}

const textOf = (value: Buffer | string | (Buffer | string)[] | undefined): string =>
  Array.isArray(value) ? value.map(String).join(',') : String(value ?? '');

/** A message of kafkajs as the port has it. */
export const toBusMessage = (
  topic: string,
  partition: number,
  message: KafkaMessage,
): BusMessage => ({
  topic,
  partition,
  offset: BigInt(message.offset),
  key: message.key?.toString() ?? null,
  value: message.value,
  headers: Object.fromEntries(
    Object.entries(message.headers ?? {}).map(([name, value]) => [name, textOf(value)]),
  ),
  timestamp: new Date(Number(message.timestamp)),
});

/** Topics, positions and reading on a Kafka cluster. */
export class KafkaAdmin implements BusAdmin {
  private readonly partitions = new Map<string, number>();
  private connecting: Promise<Admin> | undefined;

  constructor(
    private readonly kafka: Kafka,
    private readonly options: KafkaBusOptions,
  ) {}

  /** How many partitions a topic has; throws `bus/unknown-topic` when it does not exist. */
  async partitionsOf(topic: string): Promise<number> {
    const known = this.partitions.get(topic);
    if (known !== undefined) return known;
    const admin = await this.connected();
    if (!(await admin.listTopics()).includes(topic))
      throw new Rejected('bus/unknown-topic', `There is no topic ${topic}`, 404);
    const { topics } = await onceTopicIsKnown(() => admin.fetchTopicMetadata({ topics: [topic] }));
    const count = topics[0]?.partitions.length ?? 0;
    this.partitions.set(topic, count);
    return count;
  }

  async createTopics(topics: readonly TopicSpec[]): Promise<void> {
    const admin = await this.connected();
    const missing = async () => {
      const existing = new Set(await admin.listTopics());
      return topics.filter(({ topic }) => !existing.has(topic));
    };
    const wanted = await missing();
    if (wanted.length === 0) return;
    try {
      await admin.createTopics({
        topics: wanted.map(({ topic, partitions }) => this.topicConfig(topic, partitions)),
        waitForLeaders: false, // kafkajs gives up at once when the broker has not heard of the topic yet
        timeout: 15_000,
      });
    } catch (error) {
      // Another process may have made them at the same time.
      if ((await missing()).length > 0) throw error;
    }
    await onceTopicIsKnown(() =>
      admin.fetchTopicMetadata({ topics: wanted.map(({ topic }) => topic) }),
    );
  }

  async describeTopics(names: readonly string[]): Promise<TopicDescription[]> {
    const admin = await this.connected();
    const existing = new Set(await admin.listTopics());
    const there = names.filter((name) => existing.has(name));
    if (there.length === 0) return [];
    const { topics } = await onceTopicIsKnown(() => admin.fetchTopicMetadata({ topics: there }));
    return topics.map(({ name, partitions }) => ({
      topic: name,
      partitions: partitions.length,
      copies: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    }));
  }

  async lag(group: string): Promise<Lag[]> {
    const admin = await this.connected();
    const committed = await admin.fetchOffsets({ groupId: group });
    const lags = await Promise.all(
      committed.map(async ({ topic }) => {
        const positions = await this.positions(group, topic);
        return [...positions].map(async ([partition, { committed: done = 0n, end }]) => ({
          group,
          topic,
          partition,
          committed: done,
          end,
          oldestUnreadAt:
            end > done
              ? ((await this.read(topic, partition, done, 1))[0]?.timestamp ?? null)
              : null,
        }));
      }),
    );
    const all = await Promise.all(lags.flat());
    return all.sort((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition);
  }

  /** Where a group is in each partition of a topic. */
  async positions(group: string, topic: string): Promise<Map<number, Position>> {
    const admin = await this.connected();
    const [ends, committed] = await Promise.all([
      admin.fetchTopicOffsets(topic),
      admin.fetchOffsets({ groupId: group, topics: [topic] }),
    ]);
    const done = new Map(
      committed
        .flatMap(({ partitions }) => partitions)
        .map(({ partition, offset }) => [partition, BigInt(offset)]),
    );
    return new Map(
      ends.map(({ partition, low, high }) => {
        const offset = done.get(partition) ?? -1n;
        const position = { low: BigInt(low), end: BigInt(high) };
        return [partition, { ...position, committed: offset < 0n ? undefined : offset }];
      }),
    );
  }

  async seek(group: string, topic: string, partition: number, offset: bigint): Promise<void> {
    await this.partitionsOf(topic);
    const admin = await this.connected();
    const { groups } = await admin.describeGroups([group]);
    if (groups.some(({ state }) => state !== 'Empty' && state !== 'Dead'))
      throw new Rejected('bus/group-is-running', `Stop every member of ${group} first`);
    await admin.setOffsets({
      groupId: group,
      topic,
      partitions: [{ partition, offset: offset.toString() }],
    });
  }

  async topics(): Promise<string[]> {
    const admin = await this.connected();
    return (await admin.listTopics()).filter((topic) => !topic.startsWith('__')).sort();
  }

  /** kafkajs reads only as a member of a group, so this is a group of its own for a moment, which commits nothing. */
  async read(topic: string, partition: number, from: bigint, most: number): Promise<BusMessage[]> {
    await this.partitionsOf(topic);
    const admin = await this.connected();
    const bounds = (await admin.fetchTopicOffsets(topic)).find(
      (each) => each.partition === partition,
    );
    const end = BigInt(bounds?.high ?? 0);
    const first = from > BigInt(bounds?.low ?? 0) ? from : BigInt(bounds?.low ?? 0);
    if (first >= end || most < 1) return [];
    const groupId = `${this.options.clientId}.read.${randomUUID()}`;
    const consumer = this.kafka.consumer({ groupId, maxWaitTimeInMs: 100, minBytes: 1 });
    const found: BusMessage[] = [];
    let done = (): void => undefined;
    const finished = new Promise<void>((resolve) => {
      done = resolve;
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch, isStale }) => {
          if (batch.partition !== partition || isStale()) return;
          for (const raw of batch.messages) {
            const message = toBusMessage(topic, partition, raw);
            const expected = message.offset >= (found.at(-1)?.offset ?? first - 1n) + 1n;
            if (expected && message.offset < end && found.length < most) found.push(message);
          }
          if (found.length >= most || BigInt(batch.lastOffset()) >= end - 1n) done();
        },
      });
      consumer.seek({ topic, partition, offset: first.toString() });
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          reject(new Error(`${topic} could not be read within ${String(READ_WITHIN_MS)} ms`));
        }, READ_WITHIN_MS);
      });
      await Promise.race([finished, late]).finally(() => {
        clearTimeout(timer);
      });
    } finally {
      await consumer.disconnect().catch(() => undefined);
      await admin.deleteGroups([groupId]).catch(() => undefined); // it would go by itself later
    }
    return found;
  }

  async close(): Promise<void> {
    const admin = await this.connecting?.catch(() => undefined);
    this.connecting = undefined;
    await admin?.disconnect();
  }

  /** The admin client, connected. */
  connected(): Promise<Admin> {
    this.connecting ??= (async () => {
      const admin = this.kafka.admin();
      try {
        await admin.connect();
      } catch (error) {
        this.connecting = undefined;
        throw error;
      }
      return admin;
    })();
    return this.connecting;
  }

  private topicConfig(topic: string, numPartitions: number) {
    const { replicationFactor = 1, retentionDays = 30 } = this.options;
    const retentionMs = isDeadLetterTopic(topic) ? -1 : retentionDays * DAY_MS;
    const isAside = isDeadLetterTopic(topic) || isRetryTopic(topic);
    const settings = {
      'cleanup.policy': 'delete',
      'retention.ms': String(retentionMs),
      'max.message.bytes': String(isAside ? ASIDE_BYTES_MAX : MESSAGE_BYTES_MAX),
      'min.insync.replicas': String(Math.max(1, replicationFactor - 1)),
      'unclean.leader.election.enable': 'false',
    };
    return {
      topic,
      numPartitions,
      replicationFactor,
      configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
    };
  }
}
