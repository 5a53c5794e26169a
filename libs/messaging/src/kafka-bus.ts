import type { Kafka } from 'kafkajs';
import { KafkaAdmin } from './kafka-admin.js';
import { type KafkaBusOptions, kafkaClient } from './kafka-client.js';
import { KafkaConsumer } from './kafka-consumer.js';
import { KafkaProducer } from './kafka-producer.js';
import type { Bus, BusConsumer, BusProducer, ConsumeOptions } from './port.js';

class KafkaBus implements Bus {
  readonly admin: KafkaAdmin;
  private readonly kafka: Kafka;
  private readonly shared: KafkaProducer;
  private readonly consumers = new Set<KafkaConsumer>();

  constructor(private readonly options: KafkaBusOptions) {
    this.kafka = kafkaClient(options);
    this.admin = new KafkaAdmin(this.kafka, options);
    this.shared = new KafkaProducer(this.kafka, (topic) => this.admin.partitionsOf(topic));
  }

  /** One producer for the whole process; it ends with the bus. */
  async producer(): Promise<BusProducer> {
    return {
      send: (messages) => this.shared.send(messages),
      close: async () => undefined,
    };
  }

  async consume(options: ConsumeOptions): Promise<BusConsumer> {
    for (const topic of options.topics) await this.admin.partitionsOf(topic);
    const consumer = new KafkaConsumer(this.kafka, this.admin, options, (text, error) => {
      this.options.onLog?.('warn', text, { err: error, group: options.group });
    });
    this.consumers.add(consumer);
    await consumer.join();
    return consumer;
  }

  async close(): Promise<void> {
    await Promise.all([...this.consumers].map((consumer) => consumer.stop()));
    await this.shared.close();
    await this.admin.close();
  }
}

/** The bus on Apache Kafka (ADR 0008). Topics are made by `admin.createTopics`, never by the broker. */
export const createKafkaBus = (options: KafkaBusOptions): Bus => new KafkaBus(options);
