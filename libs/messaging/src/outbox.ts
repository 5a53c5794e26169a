import { crashPoint } from '@daftari/kernel';
import type { Pool, PoolClient } from 'pg';
import { type IntegrationMessage, toBusMessage } from './message.js';
import { Pause } from './pause.js';
import type { BusProducer } from './port.js';
import { retryForever } from './retry-policy.js';
import { inTransaction } from './transaction.js';
import { WakeListener } from './wake-listener.js';

const CHANNEL = 'outbox';
const RELAY_LOCK = 727_002;

/** Messages that leave with the transaction they were written in. Write the aggregate's row first: its lock orders a key's messages. */
export class Outbox {
  async add(tx: PoolClient, ...messages: readonly IntegrationMessage[]): Promise<void> {
    if (messages.length === 0) return;
    crashPoint('outbox-before');
    await tx.query(
      'insert into outbox(message) select m from unnest($1::jsonb[]) with ordinality u(m, n) order by n',
      [messages.map((message) => JSON.stringify(message))],
    );
    await tx.query(`notify ${CHANNEL}`);
    crashPoint('outbox-after');
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
  /** How long it sleeps when nothing wakes it; the notification is only a hint. */
  readonly pollIntervalMs?: number;
  /** Called when the relay cannot go on; the process should exit and be restarted. */
  readonly onFatal?: (error: Error) => void;
  /** Called for every failed try; the relay goes on trying. */
  readonly onRetry?: (error: Error, attempt: number) => void;
  /** Called after every try that succeeded, also one that found nothing to do. */
  readonly onPass?: () => void;
}

/** Publishes the outbox in the order in which it was written, one relay at a time; a row goes only after the bus has it. */
export class OutboxRelay {
  private readonly abort = new AbortController();
  private readonly pause = new Pause();
  private readonly wake: WakeListener;
  private loop: Promise<void> = Promise.resolve();

  constructor(private readonly options: OutboxRelayOptions) {
    this.wake = new WakeListener(options.pool, CHANNEL, () => {
      this.pause.wake();
    });
  }

  start(): void {
    this.loop = this.run().catch((error: unknown) => {
      this.options.onFatal?.(error instanceof Error ? error : new Error(String(error)));
    });
  }

  async stop(): Promise<void> {
    this.abort.abort();
    this.pause.wake();
    await this.loop;
    this.wake.close();
  }

  private async run(): Promise<void> {
    const { signal } = this.abort;
    const onRetry = this.options.onRetry ?? (() => undefined);
    while (!signal.aborted) {
      const sent = await retryForever(() => this.next(), { signal, baseMs: 200, onRetry });
      if (sent !== undefined) this.options.onPass?.();
      if (sent === 0) await this.pause.sleep(this.options.pollIntervalMs ?? 500);
    }
  }

  private async next(): Promise<number> {
    await this.wake.ensure();
    const sent = await this.publish();
    if (sent > 0) crashPoint('acknowledge-after');
    return sent;
  }

  /** Publishes one batch; gives how many. A transaction-scoped lock keeps a second relay out. */
  publish(): Promise<number> {
    const { pool, producer, batchSize = 200 } = this.options;
    return inTransaction(pool, async (tx) => {
      const { rows: lock } = await tx.query<{ mine: boolean }>(
        'select pg_try_advisory_xact_lock($1) as mine',
        [RELAY_LOCK],
      );
      if (!lock[0]?.mine) return 0;
      const { rows } = await tx.query<{ id: string; message: IntegrationMessage }>(
        'select id, message from outbox order by id limit $1',
        [batchSize],
      );
      if (rows.length === 0) return 0;
      crashPoint('produce-before');
      await producer.send(rows.map((row) => toBusMessage(row.message)));
      crashPoint('produce-after');
      await tx.query('delete from outbox where id = any($1::bigint[])', [
        rows.map((row) => row.id),
      ]);
      return rows.length;
    });
  }
}
