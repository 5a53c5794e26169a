import { type Bus, createPgBus, type OutgoingMessage } from '@daftari/messaging';
import type { Stores } from './stores.js';

/** A message as it lies on the bus. */
export interface Carried {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string | null;
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly sequence: string;
}

/** A message to put on the bus as it is, also one that no producer of the platform would write. */
export type Raw = OutgoingMessage;

/** What a campaign does to a bus and sees of it, whichever driver carries it. */
export interface BusProbe {
  readonly kind: 'pg' | 'kafka';
  /** Every message of every topic, in the order of each partition. */
  messages(): Promise<Carried[]>;
  /** Messages with their bytes: the newest `most` of a topic. */
  newest(topic: string, most: number): Promise<Raw[]>;
  /** Messages that some group has not handled yet. */
  lag(): Promise<number>;
  produce(messages: readonly Raw[]): Promise<void>;
  close(): Promise<void>;
}

const CARRIED = `
  select topic, partition::text, "offset"::text, key, headers->>'ce_id' as id, headers->>'ce_type' as type,
    headers->>'ce_source' as source, coalesce(headers->>'ce_sequence', '') as sequence
  from bus.message m order by m.topic, m.partition, m."offset"`;

/** The bus in PostgreSQL. */
export class PgBusProbe implements BusProbe {
  readonly kind = 'pg';
  private readonly bus: Bus;

  constructor(
    private readonly stores: Stores,
    connectionString: string,
  ) {
    this.bus = createPgBus({ connectionString });
  }

  async messages(): Promise<Carried[]> {
    const rows = await this.stores.rows('bus', CARRIED);
    return rows.map((row) => ({
      topic: row.topic ?? '',
      partition: Number(row.partition),
      offset: BigInt(row.offset ?? 0),
      key: row.key ?? null,
      id: row.id ?? '',
      type: row.type ?? '',
      source: row.source ?? '',
      sequence: row.sequence ?? '',
    }));
  }

  async newest(topic: string, most: number): Promise<Raw[]> {
    const { rows } = await this.stores.pool('bus').query<Raw>(
      // Not by time: messages of one batch have one.
      `select topic, key, value, headers from bus.message where topic = $1 order by ts desc, "offset" desc limit $2`,
      [topic, most],
    );
    return rows.reverse();
  }

  lag(): Promise<number> {
    return this.stores.count(
      'bus',
      `select coalesce(sum(p.next_offset - l.committed), 0)::text from bus.lease l join bus.partition p using (topic, partition)`,
    );
  }

  async produce(messages: readonly Raw[]): Promise<void> {
    const producer = await this.bus.producer();
    await producer.send(messages);
  }

  close(): Promise<void> {
    return this.bus.close();
  }
}
