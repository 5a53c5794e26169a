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

interface Waiting {
  readonly messages: readonly OutgoingMessage[];
  readonly sent: () => void;
  readonly failed: (error: unknown) => void;
}

/** The same key has the same partition on every driver; messages without a key go round. */
const partitioner: ICustomPartitioner = () => {
  let next = 0;
  return ({ partitionMetadata, message }) => {
    const { key } = message;
    if (key === undefined || key === null) return next++ % partitionMetadata.length;
    return partitionOf(key.toString(), partitionMetadata.length);
  };
};

const sizeOf = (message: OutgoingMessage): number =>
  (message.value?.length ?? 0) + JSON.stringify(message.headers).length + 64;

/** Cuts messages, in their order, into batches that a broker takes. */
const batches = (messages: readonly OutgoingMessage[]): OutgoingMessage[][] => {
  const all: OutgoingMessage[][] = [];
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

const byTopic = (messages: readonly OutgoingMessage[]): TopicMessages[] => {
  const topics = new Map<string, Message[]>();
  for (const { topic, key, value, headers } of messages) {
    const list = topics.get(topic) ?? [];
    topics.set(topic, list);
    list.push({ key, value, headers: { ...headers } });
  }
  return [...topics].map(([topic, list]) => ({ topic, messages: list }));
};

/**
 * Sends in the order of the calls, one batch at a time; calls that wait meanwhile go together.
 * A producer whose send failed is thrown away: whether the broker took the batch is unknown, and an idempotent producer
 * that then sends something else under the same sequence numbers has it swallowed as a repeat.
 */
export class KafkaProducer implements BusProducer {
  private readonly waiting: Waiting[] = [];
  private pumping: Promise<void> | undefined;
  private producer: Promise<Producer> | undefined;

  constructor(
    private readonly kafka: Kafka,
    private readonly assertTopic: (topic: string) => Promise<unknown>,
  ) {}

  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    if (messages.length === 0) return;
    for (const topic of new Set(messages.map((message) => message.topic)))
      await this.assertTopic(topic);
    await new Promise<void>((sent, failed) => {
      this.waiting.push({ messages, sent, failed });
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

  private async sendBatch(producer: Producer, batch: readonly OutgoingMessage[]): Promise<void> {
    const bytes = batch.reduce((sum, message) => sum + sizeOf(message), 0);
    await producer.sendBatch({
      topicMessages: byTopic(batch),
      acks: -1,
      timeout: 10_000,
      compression: bytes > COMPRESS_FROM_BYTES ? CompressionTypes.GZIP : CompressionTypes.None,
    });
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
