import type { EventStore, GlobalPosition, RecordedEvent, Subscription } from '@daftari/event-store';
import { crashPoint, DaftariError, InvariantViolation } from '@daftari/kernel';
import type { Pool } from 'pg';
import { type IntegrationMessage, toBusMessage } from './message.js';
import { Pause } from './pause.js';
import type { BusProducer } from './port.js';
import { retryForever } from './retry-policy.js';
import { inTransaction } from './transaction.js';

/** What the relay needs. `translate` is pure: an event's messages are the same every time. */
export interface LogRelayOptions {
  readonly name: string;
  readonly store: Pick<EventStore, 'subscribeToAll' | 'readAll'>;
  readonly pool: Pool;
  readonly producer: BusProducer;
  readonly translate: (event: RecordedEvent) => readonly IntegrationMessage[];
  /** Called when no retry helps: an event cannot be translated, or the checkpoint is not of this log. */
  readonly onFatal?: (error: Error) => void;
  /** Called for every failed try; the relay goes on trying. */
  readonly onRetry?: (error: Error, attempt: number) => void;
  /** Called after every try that succeeded, also one that found nothing to do. */
  readonly onPass?: () => void;
}

const PAGE = 200;
const POLL_MS = 250;

/** An event whose translation throws; its cause is the error. */
class UntranslatableEvent extends InvariantViolation {
  constructor(event: RecordedEvent, cause: unknown) {
    super(`${event.type} at ${event.position} cannot be translated: ${String(cause)}`);
    this.cause = cause;
  }
}

/** A checkpoint that is no place in the log: another store's, or one of a log that was longer than this one is. */
class ForeignCheckpoint extends InvariantViolation {
  constructor(relay: string, position: string, cause: DaftariError) {
    super(`${relay} stands at ${position}, which is not in this event store: ${cause.message}`);
    this.cause = cause;
  }
}

/** The event log is the outbox (ADR 0004): publishes it in commit order; the checkpoint moves only after the bus has the messages. */
export class LogRelay {
  private readonly abort = new AbortController();
  private readonly pause = new Pause();
  private loop: Promise<void> = Promise.resolve();
  private hint: Subscription | undefined;

  constructor(private readonly options: LogRelayOptions) {}

  start(): void {
    this.hint = this.options.store.subscribeToAll(
      { after: 'end' },
      {
        event: async () => {
          this.pause.wake();
        },
      },
    );
    this.loop = this.run().catch((error: unknown) => {
      this.options.onFatal?.(error instanceof Error ? error : new Error(String(error)));
    });
  }

  async stop(): Promise<void> {
    this.abort.abort();
    this.pause.wake();
    await this.hint?.stop();
    await this.loop;
  }

  private async run(): Promise<void> {
    const { signal } = this.abort;
    const onRetry = this.options.onRetry ?? (() => undefined);
    while (!signal.aborted) {
      const moved = await retryForever(() => this.publish(), { signal, baseMs: 200, onRetry });
      if (moved !== undefined) this.options.onPass?.();
      if (moved === 0) await this.pause.sleep(POLL_MS);
      else crashPoint('acknowledge-after');
    }
  }

  /** Publishes the next page; gives how many events it moved over. The checkpoint row is locked, so two relays take turns. */
  publish(): Promise<number> {
    const { name, store, pool, producer } = this.options;
    return inTransaction(pool, async (tx) => {
      await tx.query(
        "insert into relay_checkpoint(name, position) values ($1, '') on conflict do nothing",
        [name],
      );
      const { rows } = await tx.query<{ position: string }>(
        'select position from relay_checkpoint where name = $1 for update',
        [name],
      );
      const position = rows[0]?.position ?? '';
      const after = position === '' ? 'start' : (position as GlobalPosition);
      const messages: IntegrationMessage[] = [];
      let last = position;
      let count = 0;
      try {
        for await (const event of store.readAll({ after, limit: PAGE })) {
          messages.push(...this.translate(event));
          last = event.position;
          count++;
        }
      } catch (error) {
        if (error instanceof DaftariError && error.code === 'event-store/invalid-argument')
          throw new ForeignCheckpoint(name, position, error);
        throw error;
      }
      if (count === 0) return 0;
      crashPoint('produce-before');
      await producer.send(messages.map(toBusMessage));
      crashPoint('produce-after');
      await tx.query(
        'update relay_checkpoint set position = $2, updated_at = now() where name = $1',
        [name, last],
      );
      return count;
    });
  }

  private translate(event: RecordedEvent): readonly IntegrationMessage[] {
    try {
      return this.options.translate(event);
    } catch (cause) {
      throw new UntranslatableEvent(event, cause);
    }
  }
}
