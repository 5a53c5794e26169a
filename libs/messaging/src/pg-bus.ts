import { setTimeout as delay } from 'node:timers/promises';
import { Rejected } from '@daftari/kernel';
import { Client, Pool } from 'pg';
import { partitionOf } from './partitioner.js';
import { PgConsumer } from './pg-consumer.js';
import type {
  Bus,
  BusAdmin,
  BusConsumer,
  BusProducer,
  ConsumeOptions,
  Lag,
  OutgoingMessage,
} from './port.js';

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
      lag: (group) => this.lag(group),
      seek: (group, topic, partition, offset) => this.seek(group, topic, partition, offset),
    };
    void this.listen();
  }

  async producer(): Promise<BusProducer> {
    return { send: (messages) => this.send(messages), close: async () => undefined };
  }

  async consume(options: ConsumeOptions): Promise<BusConsumer> {
    for (const topic of options.topics) await this.partitionsOf(topic);
    const consumer = new PgConsumer(this.pool, options, this.options.pollIntervalMs ?? 250, () =>
      this.consumers.delete(consumer),
    );
    this.consumers.add(consumer);
    await consumer.join();
    return consumer;
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.consumers].map((consumer) => consumer.stop()));
    await this.listener?.end().catch(() => undefined);
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

  private async createTopics(
    topics: readonly { topic: string; partitions: number }[],
  ): Promise<void> {
    for (const { topic, partitions } of topics) {
      await this.pool.query(
        `with t as (insert into bus.topic(topic, partitions) values ($1, $2) on conflict do nothing returning topic, partitions)
         insert into bus.partition(topic, partition) select t.topic, g from t, generate_series(0, t.partitions - 1) g on conflict do nothing`,
        [topic, partitions],
      );
    }
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
    const { rows } = await this.pool.query<{ live: boolean }>(
      `select exists (select 1 from bus.lease where grp = $1 and member is not null and lease_until > clock_timestamp()) as live`,
      [group],
    );
    if (rows[0]?.live)
      throw new Rejected('bus/group-is-running', `Stop every member of ${group} first`);
    await this.pool.query(
      `insert into bus.lease(grp, topic, partition, committed) values ($1, $2, $3, $4) on conflict (grp, topic, partition) do update set committed = $4, epoch = bus.lease.epoch + 1, member = null`,
      [group, topic, partition, offset.toString()],
    );
  }

  private async listen(): Promise<void> {
    while (!this.closed) {
      const client = new Client({
        connectionString: this.options.connectionString,
        connectionTimeoutMillis: 3_000,
      });
      try {
        const lost = new Promise<void>((resolve) => {
          client.once('error', () => {
            resolve();
          });
          client.once('end', () => {
            resolve();
          });
        });
        await client.connect();
        await client.query('listen bus');
        this.listener = client;
        client.on('notification', () => {
          for (const consumer of this.consumers) consumer.wakeUp();
        });
        await lost;
      } catch {
        await client.end().catch(() => undefined);
      }
      if (!this.closed) await delay(500 + Math.random() * 500);
    }
  }
}

/** The bus in PostgreSQL (ADR 0003): keyed partitions, groups, committed offsets, replay. Its database must have `busMigrations`. */
export const createPgBus = (options: PgBusOptions): Bus => new PgBus(options);
