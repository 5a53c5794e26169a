import { Unavailable } from '@daftari/kernel';
import {
  CompressionTypes,
  type ICustomPartitioner,
  type Kafka,
  type Message,
  type Producer,
  type TopicMessages,
} from 'kafkajs';
import { partitionOf } from './partitioner.js';
import type { BusProducer, OutgoingMessage } from './port.js';

const BATCH_BYTES = 512 * 1_024;
const COMPRESS_FROM_BYTES = 1_024;

interface Placed extends OutgoingMessage {
  readonly partition: number;
}

interface Waiting {
  readonly messages: readonly Placed[];
  readonly sent: () => void;
  readonly failed: (error: unknown) => void;
}

/** Partitions are chosen before anything is sent, so that it can be told whether each of them has answered. */
const partitioner: ICustomPartitioner =
  () =>
  ({ message }) =>
    message.partition ?? 0;

const sizeOf = (message: OutgoingMessage): number =>
  (message.value?.length ?? 0) + JSON.stringify(message.headers).length + 64;

/** Cuts messages, in their order, into batches that a broker takes. */
const batches = (messages: readonly Placed[]): Placed[][] => {
  const all: Placed[][] = [];
  let bytes = Infinity;
  for (const message of messages) {
    const size = sizeOf(message);
    if (bytes + size > BATCH_BYTES) {
      all.push([]);
      bytes = 0;
    }
    all.at(-1)?.push(message);
    bytes += size;
  }
  return all;
};

const byTopic = (messages: readonly Placed[]): TopicMessages[] => {
  const topics = new Map<string, Message[]>();
  for (const { topic, key, value, headers, partition } of messages) {
    const list = topics.get(topic) ?? [];
    topics.set(topic, list);
    list.push({ key, value, headers: { ...headers }, partition });
  }
  return [...topics].map(([topic, list]) => ({ topic, messages: list }));
};

const placeOf = (topic: string, partition: number): string => `${topic}:${String(partition)}`;

/**
 * Sends in the order of the calls, one batch at a time; calls that wait meanwhile go together.
 * A producer whose send failed is thrown away: whether the broker took the batch is unknown, and an idempotent producer
 * that then sends something else under the same sequence numbers has it swallowed as a repeat.
 * A send counts only when every partition has answered: kafkajs 2.2.4, when it tries again after a leader has moved,
 * passes over brokers that answered the first try, and calls what they lead by now sent although it never was
 * (`responsePerBroker` in its sendMessages.js).
 */
export class KafkaProducer implements BusProducer {
  private readonly waiting: Waiting[] = [];
  private pumping: Promise<void> | undefined;
  private producer: Promise<Producer> | undefined;
  private roundRobin = 0;

  constructor(
    private readonly kafka: Kafka,
    private readonly partitionsOf: (topic: string) => Promise<number>,
  ) {}

  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    if (messages.length === 0) return;
    const counts = new Map<string, number>();
    for (const topic of new Set(messages.map((message) => message.topic)))
      counts.set(topic, await this.partitionsOf(topic));
    const placed = messages.map((message) => this.place(message, counts.get(message.topic) ?? 1));
    await new Promise<void>((sent, failed) => {
      this.waiting.push({ messages: placed, sent, failed });
      this.pumping ??= this.pump();
    });
  }

  async close(): Promise<void> {
    await this.pumping;
    const producer = await this.producer?.catch(() => undefined);
    this.producer = undefined;
    await producer?.disconnect();
  }

  private async pump(): Promise<void> {
    while (this.waiting.length > 0) {
      const round = this.waiting.splice(0);
      try {
        const producer = await this.connected();
        for (const batch of batches(round.flatMap(({ messages }) => messages)))
          await this.sendBatch(producer, batch);
        for (const { sent } of round) sent();
      } catch (error) {
        this.throwAway();
        for (const { failed } of round) failed(error);
      }
    }
    this.pumping = undefined;
  }

  /** The same key has the same partition on every driver; messages without a key go round. */
  private place(message: OutgoingMessage, partitions: number): Placed {
    const partition =
      message.key === null ? this.roundRobin++ % partitions : partitionOf(message.key, partitions);
    return { ...message, partition };
  }

  private async sendBatch(producer: Producer, batch: readonly Placed[]): Promise<void> {
    const bytes = batch.reduce((sum, message) => sum + sizeOf(message), 0);
    const answers = await producer.sendBatch({
      topicMessages: byTopic(batch),
      acks: -1,
      timeout: 10_000,
      compression: bytes > COMPRESS_FROM_BYTES ? CompressionTypes.GZIP : CompressionTypes.None,
    });
    const answered = new Set(answers.map((each) => placeOf(each.topicName, each.partition)));
    const silent = batch.find(({ topic, partition }) => !answered.has(placeOf(topic, partition)));
    if (silent)
      throw new Unavailable(
        `${placeOf(silent.topic, silent.partition)} has not taken its messages`,
      );
  }

  private connected(): Promise<Producer> {
    this.producer ??= (async () => {
      const producer = this.kafka.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        createPartitioner: partitioner,
        retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 10 },
      });
      await producer.connect();
      return producer;
    })();
    return this.producer;
  }

  private throwAway(): void {
    const { producer } = this;
    this.producer = undefined;
    producer?.then((old) => old.disconnect()).catch(() => undefined);
  }
}
