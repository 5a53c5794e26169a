import { setTimeout as delay } from 'node:timers/promises';
import {
  type CustomTransportStrategy,
  type MessageHandler as NestHandler,
  Server,
} from '@nestjs/microservices';
import {
  ConcurrencyConflict,
  ContractViolation,
  InvariantViolation,
  Unavailable,
} from '@daftari/kernel';
import { lastValueFrom } from 'rxjs';
import { fromBusMessage, type IntegrationMessage } from './message.js';
import { StopConsumer } from './pg-consumer.js';
import type { Bus, BusConsumer, BusMessage, BusProducer } from './port.js';

interface Log {
  readonly info: (text: string, fields?: object) => void;
  readonly warn: (text: string, fields?: object) => void;
  readonly error: (text: string, fields?: object) => void;
}

/** How a service consumes. */
export interface BusServerOptions {
  readonly bus: Bus;
  readonly group: string;
  /** Throws ContractViolation for a message that breaks its schema. */
  readonly validate: (message: IntegrationMessage) => void;
  readonly onFatal: (error: Error) => void;
  readonly logger?: Log;
  /** Tries in place before a message that fails for an unknown reason becomes a dead letter. */
  readonly maxAttempts?: number;
  readonly retryBaseMs?: number;
  readonly handlerTimeoutMs?: number;
  readonly onHandled?: (handled: {
    message: IntegrationMessage;
    durationMs: number;
    outcome: 'ok' | 'dead-letter';
    group: string;
  }) => void;
}

const RETRY_MAX_MS = 60_000;
const DATABASE_DOWN =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|57P0\d|08\w{3}|40001|40P01|53\d{3}|55P03|57014)$/;

/** Will the same message succeed later, by itself? Then its partition waits for it: order and money come first. */
export const isTransient = (error: unknown): boolean => {
  if (error instanceof Unavailable || error instanceof ConcurrencyConflict) return true;
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return (
    DATABASE_DOWN.test(code) ||
    /Connection terminated|timeout exceeded when trying to connect/.test(error.message)
  );
};

/** Where the dead letters of a topic go, for a group. */
export const deadLetterTopic = (topic: string, group: string): string => `${topic}.dlq.${group}`;

/** The one Nest transport over the bus port: controllers keep `@EventPattern(topic)`, every driver has the same policy (ADR 0003). */
export class BusServer extends Server implements CustomTransportStrategy {
  private consumer: BusConsumer | undefined;
  private producer: BusProducer | undefined;

  constructor(private readonly options: BusServerOptions) {
    super();
  }

  listen(callback: (error?: unknown) => void): void {
    this.open().then(
      () => {
        callback();
      },
      (error: unknown) => {
        callback(error);
      },
    );
  }

  async close(): Promise<void> {
    await this.consumer?.stop();
    await this.producer?.close();
  }

  override on(): void {
    throw new Error('The bus server has no events of its own');
  }

  override unwrap<T>(): T {
    return this.options.bus as T;
  }

  private async open(): Promise<void> {
    const { bus, group, onFatal } = this.options;
    const topics = [...this.messageHandlers.keys()];
    if (topics.length === 0) return;
    await bus.admin.createTopics(
      topics.map((topic) => ({ topic: deadLetterTopic(topic, group), partitions: 1 })),
    );
    this.producer = await bus.producer();
    this.consumer = await bus.consume({
      group,
      topics,
      onFatal,
      handler: (message, { signal }) => this.receive(message, signal),
    });
  }

  private async receive(raw: BusMessage, signal: AbortSignal): Promise<void> {
    const started = performance.now();
    let message: IntegrationMessage;
    try {
      message = fromBusMessage(raw);
      this.options.validate(message);
    } catch (error) {
      await this.deadLetter(raw, error, 1);
      return;
    }
    const outcome = await this.attempt(raw, message, signal);
    this.options.onHandled?.({
      message,
      durationMs: performance.now() - started,
      outcome,
      group: this.options.group,
    });
  }

  private async attempt(
    raw: BusMessage,
    message: IntegrationMessage,
    signal: AbortSignal,
  ): Promise<'ok' | 'dead-letter'> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.handle(message);
        return 'ok';
      } catch (error) {
        if (error instanceof InvariantViolation)
          throw new StopConsumer(error.message, { cause: error });
        const givenUp =
          !isTransient(error) &&
          (error instanceof ContractViolation || attempt >= (this.options.maxAttempts ?? 5));
        if (givenUp) {
          await this.deadLetter(raw, error, attempt);
          return 'dead-letter';
        }
        this.options.logger?.warn('a message waits for another try', {
          messageId: message.id,
          type: message.type,
          attempt,
          err: error,
        });
        const cap = Math.min(
          (this.options.retryBaseMs ?? 200) * 2 ** Math.min(attempt, 12),
          RETRY_MAX_MS,
        );
        await delay(cap * (0.5 + Math.random() / 2), undefined, { signal });
      }
    }
  }

  private async handle(message: IntegrationMessage): Promise<void> {
    for (
      let handler: NestHandler | undefined = this.messageHandlers.get(message.topic);
      handler;
      handler = handler.next as NestHandler | undefined
    ) {
      const result: unknown = await handler(message, undefined);
      await lastValueFrom(this.transformToObservable(result), { defaultValue: undefined });
    }
  }

  private async deadLetter(raw: BusMessage, error: unknown, attempts: number): Promise<void> {
    const { group, logger } = this.options;
    const reason = error instanceof Error ? error : new Error(String(error));
    logger?.error('a message became a dead letter', {
      topic: raw.topic,
      partition: raw.partition,
      offset: String(raw.offset),
      err: reason,
    });
    const headers = {
      ...raw.headers,
      'x-error-class': reason.name,
      'x-error-message': reason.message.slice(0, 500),
      'x-attempts': String(attempts),
      'x-original-topic': raw.topic,
      'x-original-partition': String(raw.partition),
      'x-original-offset': String(raw.offset),
      'x-failed-at': new Date().toISOString(),
    };
    await this.producer?.send([
      { topic: deadLetterTopic(raw.topic, group), key: raw.key, value: raw.value, headers },
    ]);
  }
}
