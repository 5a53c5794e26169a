import { setTimeout as delay } from 'node:timers/promises';
import type { EventStore, GlobalPosition, RecordedEvent, Subscription } from '@daftari/event-store';
import type { Pool } from 'pg';
import { type IntegrationMessage, toBusMessage } from './message.js';
import type { BusProducer } from './port.js';

/** What the relay needs. `translate` is pure: an event's messages are the same every time. */
export interface LogRelayOptions {
  readonly name: string;
  readonly store: Pick<EventStore, 'subscribeToAll' | 'readAll'>;
  readonly pool: Pool;
  readonly producer: BusProducer;
  readonly translate: (event: RecordedEvent) => readonly IntegrationMessage[];
  readonly onFatal?: (error: Error) => void;
}

const PAGE = 200;

/** The event log is the outbox (ADR 0004): publishes it in commit order; the checkpoint moves only after the bus has the messages. */
export class LogRelay {
  private stopping = false;
  private loop: Promise<void> = Promise.resolve();
  private wake: () => void = () => undefined;
  private hint: Subscription | undefined;

  constructor(private readonly options: LogRelayOptions) {}

  start(): void {
    this.hint = this.options.store.subscribeToAll(
      { after: 'end' },
      {
        event: async () => {
          this.wake();
        },
      },
    );
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.wake();
    await this.hint?.stop();
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      const moved = await this.publish().catch(() => -1);
      if (moved < 0) await delay(500);
      else if (moved === 0) await this.sleep(250);
    }
  }

  /** Publishes the next page; gives how many events it moved over. The checkpoint row is locked, so two relays take turns. */
  async publish(): Promise<number> {
    const { name, store, pool, producer, translate } = this.options;
    const tx = await pool.connect();
    let broken: Error | undefined;
    try {
      await tx.query('begin');
      await tx.query(
        "insert into relay_checkpoint(name, position) values ($1, '') on conflict do nothing",
        [name],
      );
      const { rows } = await tx.query<{ position: string }>(
        'select position from relay_checkpoint where name = $1 for update',
        [name],
      );
      const position = rows[0]?.position ?? '';
      const messages: IntegrationMessage[] = [];
      let last = position;
      let count = 0;
      for await (const event of store.readAll({
        after: position === '' ? 'start' : (position as GlobalPosition),
        limit: PAGE,
      })) {
        messages.push(...translate(event));
        last = event.position;
        count++;
      }
      if (count > 0) {
        await producer.send(messages.map(toBusMessage));
        await tx.query(
          'update relay_checkpoint set position = $2, updated_at = now() where name = $1',
          [name, last],
        );
      }
      await tx.query('commit');
      return count;
    } catch (error) {
      await tx.query('rollback').catch((failure: unknown) => {
        broken = failure instanceof Error ? failure : new Error(String(failure));
      });
      throw error;
    } finally {
      tx.release(broken);
    }
  }

  private sleep(ms: number): Promise<void> {
    if (this.stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
