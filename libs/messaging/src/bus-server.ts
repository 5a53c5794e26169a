import { setTimeout as delay } from 'node:timers/promises';
import { crashPoint, InvariantViolation, Unavailable } from '@daftari/kernel';
import {
  type CustomTransportStrategy,
  type MessageHandler as NestHandler,
  type MsPattern,
  Server,
} from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { asOriginal, deadLetterOf, retryOf, retryTopic, waitOf } from './dead-letter.js';
import { fromBusMessage, type IntegrationMessage } from './message.js';
import { BusContext, keepHandlerErrors } from './nest-errors.js';
import {
  type Bus,
  type BusConsumer,
  type BusMessage,
  type BusProducer,
  type Lag,
  StopConsumer,
} from './port.js';
import { retryDelayMs, verdictOn } from './retry-policy.js';

interface Log {
  readonly info: (text: string, fields?: object) => void;
  readonly warn: (text: string, fields?: object) => void;
  readonly error: (text: string, fields?: object) => void;
}

/** What became of a message: `later` waits on the retry topic. */
export type Outcome = 'ok' | 'later' | 'dead-letter';

/** How a service consumes. */
export interface BusServerOptions {
  readonly bus: Bus;
  readonly group: string;
  /** Topics whose messages need no order: what waits for a dependency does not hold up what comes after it. */
  readonly looseOrder?: readonly string[];
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
    outcome: Outcome;
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

/** The one Nest transport over the bus port: controllers keep `@EventPattern(topic)`, every driver has the same policy (ADR 0003). Its topics, and those of `groupTopics`, must exist. */
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

  /** How far behind this process is in the partitions that it owns now. */
  async lag(): Promise<Lag[]> {
    return (await this.consumer?.lag()) ?? [];
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
    this.producer = await bus.producer();
    this.consumer = await bus.consume({
      group,
      topics: [...topics, ...topics.map((topic) => retryTopic(topic, group))],
      onFatal,
      handler: (message, { signal }) => this.receive(message, signal),
    });
  }

  private async receive(given: BusMessage, signal: AbortSignal): Promise<void> {
    const wait = waitOf(given, Date.now());
    if (wait > 0) await delay(wait, undefined, { signal });
    const raw = asOriginal(given);
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
    crashPoint('offset-commit-before');
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
  ): Promise<Outcome> {
    const outcomes: Outcome[] = [];
    for (const handler of this.routes.get(raw.topic) ?? [])
      outcomes.push(await this.attempt(handler, raw, message, signal));
    return outcomes.find((outcome) => outcome !== 'ok') ?? 'ok';
  }

  private async attempt(
    handler: NestHandler,
    raw: BusMessage,
    message: IntegrationMessage,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { maxAttempts = 5, retryBaseMs = 200, logger, looseOrder = [] } = this.options;
    const order = looseOrder.includes(raw.topic) ? 'loose' : 'strict';
    for (let attempt = 1; ; attempt++) {
      try {
        await this.handle(handler, message, new BusContext([raw, signal]));
        return 'ok';
      } catch (error) {
        const verdict = verdictOn(error, attempt, { maxAttempts, order });
        if (verdict === 'stop') throw new StopConsumer('a handler cannot go on', { cause: error });
        if (verdict === 'dead-letter') {
          await this.putAside(raw, error, attempt);
          return verdict;
        }
        if (verdict === 'later') {
          await this.postpone(raw, attempt);
          return verdict;
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

  /** The message waits on the retry topic, longer each time, and what comes after it goes on. */
  private async postpone(raw: BusMessage, attempt: number): Promise<void> {
    const { group, retryBaseMs = 200 } = this.options;
    const attempts = Number(raw.headers['x-attempts'] ?? 0) + attempt;
    const notBefore = new Date(Date.now() + retryDelayMs(attempts, retryBaseMs));
    await this.producer?.send([retryOf(raw, { group, attempts, notBefore })]);
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
