import { Rejected } from '@daftari/kernel';
import { Client, Pool } from 'pg';
import { partitionOf } from './partitioner.js';
import { Pause } from './pause.js';
import { type MessageRow, PgConsumer, toMessage } from './pg-consumer.js';
import type {
  Bus,
  BusAdmin,
  BusConsumer,
  BusMessage,
  BusProducer,
  ConsumeOptions,
  Lag,
  OutgoingMessage,
  TopicDescription,
  TopicSpec,
} from './port.js';
import { retryDelayMs } from './retry-policy.js';

/** How the PostgreSQL bus is reached. */
export interface PgBusOptions {
  readonly connectionString: string;
  readonly maxConnections?: number;
  /** How long a consumer sleeps when nothing wakes it; the notification is only a hint. */
  readonly pollIntervalMs?: number;
}

class PgBus implements Bus {
  readonly admin: BusAdmin;
  private readonly pool: Pool;
  private readonly partitions = new Map<string, number>();
  private readonly consumers = new Set<PgConsumer>();
  private readonly reconnect = new Pause();
  private readonly listening: Promise<void>;
  private listener: Client | undefined;
  private closed = false;
  private roundRobin = 0;

  constructor(private readonly options: PgBusOptions) {
    this.pool = new Pool({
      connectionString: options.connectionString,
      max: options.maxConnections ?? 4,
      connectionTimeoutMillis: 3_000,
      statement_timeout: 15_000,
    });
    this.pool.on('error', () => undefined);
    this.admin = {
      createTopics: (topics) => this.createTopics(topics),
      describeTopics: (topics) => this.describeTopics(topics),
      lag: (group) => this.lag(group),
      seek: (group, topic, partition, offset) => this.seek(group, topic, partition, offset),
      topics: async () => {
        const { rows } = await this.pool.query<{ topic: string }>(
          'select topic from bus.topic order by 1',
        );
        return rows.map(({ topic }) => topic);
      },
      read: (topic, partition, from, most) => this.read(topic, partition, from, most),
    };
    this.listening = this.listen();
  }

  async producer(): Promise<BusProducer> {
    return { send: (messages) => this.send(messages), close: async () => undefined };
  }

  async consume(options: ConsumeOptions): Promise<BusConsumer> {
    for (const topic of options.topics) await this.partitionsOf(topic);
    const consumer = new PgConsumer(this.pool, options, this.options.pollIntervalMs ?? 250, {
      lagOf: (group) => this.lag(group),
      onStopped: () => void this.consumers.delete(consumer),
    });
    this.consumers.add(consumer);
    await consumer.join();
    return consumer;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await Promise.all([...this.consumers].map((consumer) => consumer.stop()));
    this.reconnect.wake();
    await this.listener?.end().catch(() => undefined);
    await this.listening;
    await this.pool.end();
  }

  private async send(messages: readonly OutgoingMessage[]): Promise<void> {
    if (messages.length === 0) return;
    const parts: number[] = [];
    for (const message of messages) {
      const count = await this.partitionsOf(message.topic);
      parts.push(
        message.key === null ? this.roundRobin++ % count : partitionOf(message.key, count),
      );
    }
    await this.pool.query({
      name: 'bus_produce',
      text: 'select bus.produce($1::text[], $2::int[], $3::text[], $4::bytea[], $5::jsonb[])',
      values: [
        messages.map((m) => m.topic),
        parts,
        messages.map((m) => m.key),
        messages.map((m) => m.value),
        messages.map((m) => JSON.stringify(m.headers)),
      ],
    });
  }

  private async partitionsOf(topic: string): Promise<number> {
    const known = this.partitions.get(topic);
    if (known !== undefined) return known;
    const { rows } = await this.pool.query<{ partitions: number }>(
      'select partitions from bus.topic where topic = $1',
      [topic],
    );
    const count = rows[0]?.partitions;
    if (count === undefined)
      throw new Rejected('bus/unknown-topic', `There is no topic ${topic}`, 404);
    this.partitions.set(topic, count);
    return count;
  }

  private async createTopics(topics: readonly TopicSpec[]): Promise<void> {
    for (const { topic, partitions } of topics) {
      await this.pool.query(
        `with t as (insert into bus.topic(topic, partitions) values ($1, $2) on conflict do nothing returning topic, partitions)
         insert into bus.partition(topic, partition) select t.topic, g from t, generate_series(0, t.partitions - 1) g on conflict do nothing`,
        [topic, partitions],
      );
    }
  }

  private async describeTopics(topics: readonly string[]): Promise<TopicDescription[]> {
    const { rows } = await this.pool.query<TopicDescription>(
      'select topic, partitions from bus.topic where topic = any($1)',
      [topics],
    );
    return rows;
  }

  private async lag(group: string): Promise<Lag[]> {
    const { rows } = await this.pool.query<{
      topic: string;
      partition: number;
      committed: string;
      end: string;
      oldest: Date | null;
    }>(
      `select l.topic, l.partition, l.committed, p.next_offset as "end",
         (select ts from bus.message m where m.topic = l.topic and m.partition = l.partition and m."offset" >= l.committed order by m."offset" limit 1) as oldest
       from bus.lease l join bus.partition p using (topic, partition) where l.grp = $1 order by 1, 2`,
      [group],
    );
    return rows.map((row) => ({
      group,
      topic: row.topic,
      partition: row.partition,
      committed: BigInt(row.committed),
      end: BigInt(row.end),
      oldestUnreadAt: row.oldest,
    }));
  }

  private async seek(
    group: string,
    topic: string,
    partition: number,
    offset: bigint,
  ): Promise<void> {
    await this.partitionsOf(topic);
    const { rows } = await this.pool.query<{ moved: boolean }>(
      'select bus.seek($1, $2, $3, $4) as moved',
      [group, topic, partition, offset.toString()],
    );
    if (!rows[0]?.moved)
      throw new Rejected('bus/group-is-running', `Stop every member of ${group} first`);
  }

  private async read(
    topic: string,
    partition: number,
    from: bigint,
    most: number,
  ): Promise<BusMessage[]> {
    await this.partitionsOf(topic);
    const { rows } = await this.pool.query<MessageRow>(
      'select * from bus.message where topic = $1 and partition = $2 and "offset" >= $3 order by "offset" limit $4',
      [topic, partition, from.toString(), most],
    );
    return rows.map(toMessage);
  }

  private async listen(): Promise<void> {
    for (let attempt = 0; !this.closed; attempt++) {
      const client = new Client({
        connectionString: this.options.connectionString,
        connectionTimeoutMillis: 3_000,
      });
      const lost = new Promise<void>((resolve) => {
        client.on('error', () => {
          resolve();
        });
        client.on('end', () => {
          resolve();
        });
      });
      try {
        await client.connect();
        this.listener = client;
        client.on('notification', ({ payload }) => {
          for (const consumer of this.consumers) consumer.wakeUp(payload ?? '');
        });
        await client.query('listen bus');
        attempt = 0;
        if (!this.closed) await lost;
      } catch {
        // Only the hint is missing: consumers poll meanwhile.
      }
      this.listener = undefined;
      await client.end().catch(() => undefined);
      if (!this.closed) await this.reconnect.sleep(100 + retryDelayMs(Math.min(attempt, 5), 200));
    }
  }
}

/** The bus in PostgreSQL (ADR 0003): keyed partitions, groups, committed offsets, replay. Its database must have `busMigrations`. */
export const createPgBus = (options: PgBusOptions): Bus => new PgBus(options);
