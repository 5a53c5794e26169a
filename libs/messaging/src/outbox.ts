import { setTimeout as delay } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { type IntegrationMessage, toBusMessage } from './message.js';
import type { BusProducer } from './port.js';

/** Messages that leave with the transaction they were written in. Write the aggregate's row first: its lock orders a key's messages. */
export class Outbox {
  async add(tx: PoolClient, ...messages: readonly IntegrationMessage[]): Promise<void> {
    for (const message of messages)
      await tx.query('insert into outbox(message) values ($1)', [JSON.stringify(message)]);
  }
}

/** What has been handled; the row commits with the effects. */
export class Inbox {
  /** True the first time a consumer sees a message, false for every repeat. */
  async once(tx: PoolClient, consumer: string, messageId: string): Promise<boolean> {
    const { rowCount } = await tx.query(
      'insert into inbox(consumer, message_id) values ($1, $2) on conflict do nothing',
      [consumer, messageId],
    );
    return rowCount === 1;
  }
}

/** What the relay needs. */
export interface OutboxRelayOptions {
  readonly pool: Pool;
  readonly producer: BusProducer;
  readonly batchSize?: number;
  readonly pollIntervalMs?: number;
  readonly onFatal?: (error: Error) => void;
}

/** Publishes the outbox in the order in which it was written, one relay at a time; a row goes only after the bus has it. */
export class OutboxRelay {
  private stopping = false;
  private loop: Promise<void> = Promise.resolve();

  constructor(private readonly options: OutboxRelayOptions) {}

  start(): void {
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      const sent = await this.publish().catch(() => -1);
      if (sent <= 0) await delay(sent < 0 ? 500 : (this.options.pollIntervalMs ?? 50));
    }
  }

  /** Publishes one batch; gives how many. A transaction-scoped lock keeps a second relay out. */
  async publish(): Promise<number> {
    const { pool, producer } = this.options;
    const tx = await pool.connect();
    let broken: Error | undefined;
    try {
      await tx.query('begin');
      const { rows: lock } = await tx.query<{ mine: boolean }>(
        'select pg_try_advisory_xact_lock(727002) as mine',
      );
      const { rows } = lock[0]?.mine
        ? await tx.query<{ id: string; message: IntegrationMessage }>(
            'select id, message from outbox order by id limit $1',
            [this.options.batchSize ?? 200],
          )
        : { rows: [] };
      if (rows.length > 0) {
        await producer.send(rows.map((row) => toBusMessage(row.message)));
        await tx.query('delete from outbox where id = any($1::bigint[])', [
          rows.map((row) => row.id),
        ]);
      }
      await tx.query('commit');
      return rows.length;
    } catch (error) {
      await tx.query('rollback').catch((failure: unknown) => {
        broken = failure instanceof Error ? failure : new Error(String(failure));
      });
      throw error;
    } finally {
      tx.release(broken);
    }
  }
}
