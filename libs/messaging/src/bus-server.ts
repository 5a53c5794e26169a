import { setTimeout as delay } from 'node:timers/promises';
import { InvariantViolation, Unavailable } from '@daftari/kernel';
import {
  type CustomTransportStrategy,
  type MessageHandler as NestHandler,
  type MsPattern,
  Server,
} from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { deadLetterOf, deadLetterTopic } from './dead-letter.js';
import { fromBusMessage, type IntegrationMessage } from './message.js';
import { BusContext, keepHandlerErrors } from './nest-errors.js';
import { StopConsumer } from './pg-consumer.js';
import type { Bus, BusConsumer, BusMessage, BusProducer } from './port.js';
import { retryDelayMs, verdictOn } from './retry-policy.js';

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
  /** Called when a message has been put aside. */
  readonly onDeadLetter?: (letter: {
    readonly topic: string;
    readonly group: string;
    readonly code: string;
  }) => void;
  /** Runs a message inside its context: correlation id, trace, tenant. */
  readonly context?: <T>(message: IntegrationMessage, run: () => Promise<T>) => Promise<T>;
}

/** The one Nest transport over the bus port: controllers keep `@EventPattern(topic)`, every driver has the same policy (ADR 0003). */
export class BusServer extends Server implements CustomTransportStrategy {
  private readonly routes = new Map<string, NestHandler[]>();
  private consumer: BusConsumer | undefined;
  private producer: BusProducer | undefined;

  constructor(private readonly options: BusServerOptions) {
    super();
    keepHandlerErrors();
  }

  /** Handlers of one topic stay apart: Nest would chain them, and one's failure would repeat the others. */
  override addHandler(
    pattern: MsPattern,
    callback: NestHandler,
    isEventHandler = false,
    extras: Record<string, unknown> = {},
  ): void {
    const topic = this.normalizePattern(pattern);
    if (!isEventHandler)
      throw new InvariantViolation(`${topic}: the bus carries events, it answers no requests`);
    callback.isEventHandler = isEventHandler;
    callback.extras = extras;
    const route = this.routes.get(topic);
    if (route) {
      route.push(callback);
    } else {
      this.routes.set(topic, [callback]);
      this.messageHandlers.set(topic, callback);
    }
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
    throw new InvariantViolation('The bus server has no events of its own');
  }

  override unwrap<T>(): T {
    return this.options.bus as T;
  }

  private async open(): Promise<void> {
    const { bus, group, onFatal } = this.options;
    const topics = [...this.routes.keys()];
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
      await this.putAside(raw, error, 1);
      return;
    }
    const context = this.options.context ?? ((_, run) => run());
    const outcome = await context(message, () => this.dispatch(raw, message, signal));
    this.options.onHandled?.({
      message,
      durationMs: performance.now() - started,
      outcome,
      group: this.options.group,
    });
  }

  /** Each handler of the topic has its own tries: what one has done is not done again because of another. */
  private async dispatch(
    raw: BusMessage,
    message: IntegrationMessage,
    signal: AbortSignal,
  ): Promise<'ok' | 'dead-letter'> {
    let outcome: 'ok' | 'dead-letter' = 'ok';
    for (const handler of this.routes.get(raw.topic) ?? []) {
      const succeeded = await this.attempt(handler, raw, message, signal);
      if (!succeeded) outcome = 'dead-letter';
    }
    return outcome;
  }

  private async attempt(
    handler: NestHandler,
    raw: BusMessage,
    message: IntegrationMessage,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { maxAttempts = 5, retryBaseMs = 200, logger } = this.options;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.handle(handler, message, new BusContext([raw, signal]));
        return true;
      } catch (error) {
        const verdict = verdictOn(error, attempt, maxAttempts);
        if (verdict === 'stop') throw new StopConsumer('a handler cannot go on', { cause: error });
        if (verdict === 'dead-letter') {
          await this.putAside(raw, error, attempt);
          return false;
        }
        const waitMs = retryDelayMs(attempt, retryBaseMs);
        logger?.warn('a message waits for another try', {
          messageId: message.id,
          correlationId: message.correlationId,
          type: message.type,
          attempt,
          waitMs,
          err: error,
        });
        await delay(waitMs, undefined, { signal });
      }
    }
  }

  private async handle(
    handler: NestHandler,
    message: IntegrationMessage,
    context: BusContext,
  ): Promise<void> {
    const limit = this.options.handlerTimeoutMs ?? 30_000;
    const run = async (): Promise<void> => {
      const result: unknown = await handler(message, context);
      await lastValueFrom(this.transformToObservable(result), { defaultValue: undefined });
    };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Unavailable(`the handler took more than ${String(limit)} ms`));
      }, limit);
    });
    try {
      await Promise.race([run(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async putAside(raw: BusMessage, error: unknown, attempts: number): Promise<void> {
    const { group, logger } = this.options;
    const letter = deadLetterOf(raw, { group, error, attempts, failedAt: new Date() });
    await this.producer?.send([letter]);
    const code = letter.headers['x-error-code'] ?? '';
    this.options.onDeadLetter?.({ topic: raw.topic, group, code });
    logger?.error('a message became a dead letter', {
      topic: raw.topic,
      partition: raw.partition,
      offset: String(raw.offset),
      messageId: raw.headers['ce_id'],
      correlationId: raw.headers['ce_correlationid'],
      err: error,
    });
  }
}
