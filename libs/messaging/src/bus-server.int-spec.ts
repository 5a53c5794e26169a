import { Controller, type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import {
  ConcurrencyConflict,
  ContractViolation,
  InvariantViolation,
  NotFound,
  Unavailable,
} from '@daftari/kernel';
import { eventually } from '@daftari/testing';
import { Client } from 'pg';
import { groupTopics } from './dead-letter.js';
import { BusServer, type BusServerOptions } from './bus-server.js';
import { type IntegrationMessage, PoisonMessage, toBusMessage } from './message.js';
import { BusContext } from './nest-errors.js';
import { createPgBus } from './pg-bus.js';
import type { Bus, BusMessage, OutgoingMessage } from './port.js';
import { busDatabase, startPostgres } from './test-bus.js';
import { integrationMessage } from './test-messages.js';

const TOPIC = 'payments';
const GROUP = 'ledger';

type Behaviour = (message: IntegrationMessage, attempt: number) => Promise<void>;
let behaviour: Behaviour;
let handled: string[];
let audited: string[];

@Controller()
class PaymentConsumer {
  @EventPattern(TOPIC)
  async onPayment(
    @Payload() message: IntegrationMessage,
    @Ctx() context: BusContext,
  ): Promise<void> {
    handled.push(message.id);
    expect(context.message().topic).toBe(TOPIC);
    await behaviour(message, handled.filter((id) => id === message.id).length);
  }
}

@Controller()
class AuditConsumer {
  @EventPattern(TOPIC)
  onPayment(@Payload() message: IntegrationMessage): void {
    audited.push(message.id);
  }
}

@Module({ controllers: [PaymentConsumer, AuditConsumer] })
class ConsumersModule {}

describe('BusServer', () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  let bus: Bus;
  let service: INestMicroservice | undefined;
  let fatal: Error[];
  let url: string;

  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres.stop();
  });
  beforeEach(async () => {
    handled = [];
    audited = [];
    fatal = [];
    behaviour = async () => undefined;
    url = await busDatabase(postgres);
    bus = createPgBus({ connectionString: url, pollIntervalMs: 50 });
    await bus.admin.createTopics([{ topic: TOPIC, partitions: 2 }, ...groupTopics(GROUP, [TOPIC])]);
  });
  afterEach(async () => {
    await service?.close();
    service = undefined;
    await bus.close();
  });

  const listen = async (options: Partial<BusServerOptions> = {}): Promise<void> => {
    service = await NestFactory.createMicroservice(ConsumersModule, {
      logger: false,
      strategy: new BusServer({
        bus,
        group: GROUP,
        validate: () => undefined,
        onFatal: (error) => void fatal.push(error),
        retryBaseMs: 5,
        ...options,
      }),
    });
    await service.listen();
  };
  const send = async (...messages: OutgoingMessage[]): Promise<void> => {
    await (await bus.producer()).send(messages);
  };
  const sendIds = (...ids: string[]): Promise<void> =>
    send(...ids.map((id) => toBusMessage(integrationMessage(id))));
  const deadLetters = async (count: number): Promise<BusMessage[]> => {
    const letters: BusMessage[] = [];
    const consumer = await bus.consume({
      group: 'reader',
      topics: [`${TOPIC}.dlq.${GROUP}`],
      handler: async (message) => void letters.push(message),
      onFatal: (error) => void fatal.push(error),
    });
    await eventually(() => letters.length >= count, { what: 'dead letters' });
    await consumer.stop();
    return letters;
  };
  const caughtUp = (): Promise<boolean> =>
    eventually(async () => (await bus.admin.lag(GROUP)).every((l) => l.committed === l.end));
  const countLetters = async (): Promise<string> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query<{ n: string }>(
      `select count(*) n from bus.message where topic = '${TOPIC}.dlq.${GROUP}'`,
    );
    await client.end();
    return rows[0]?.n ?? '';
  };

  it('gives each message to every handler of its topic once, in order', async () => {
    const outcomes: string[] = [];
    const contexts: string[] = [];
    await listen({
      onHandled: (e) => void outcomes.push(`${e.message.id} ${e.outcome} ${e.group}`),
      context: (message, run) => {
        contexts.push(message.correlationId);
        return run();
      },
    });
    await sendIds('1', '2', '3');
    await caughtUp();
    expect(handled).toEqual(['1', '2', '3']);
    expect(audited).toEqual(['1', '2', '3']);
    expect(outcomes).toEqual(['1 ok ledger', '2 ok ledger', '3 ok ledger']);
    expect(contexts).toEqual(['c-1', 'c-1', 'c-1']);
  });

  it('puts what cannot be read or is not valid among the dead letters, and goes on', async () => {
    await listen({
      validate: (message) => {
        if (message.id === 'invalid') throw new PoisonMessage('no amount');
      },
    });
    const good = toBusMessage(integrationMessage('good'));
    await send({ ...good, value: Buffer.from('{') }, { ...good, headers: {} });
    await sendIds('invalid', 'good');
    await caughtUp();
    expect(handled).toEqual(['good']);
    const letters = await deadLetters(3);
    expect(letters.map((letter) => letter.headers['x-error-message'])).toEqual([
      'the value is not JSON',
      'header ce_specversion is missing',
      'no amount',
    ]);
    expect(letters[2]).toMatchObject({
      key: 'payment-1',
      headers: {
        ce_id: 'invalid',
        'x-error-class': 'PoisonMessage',
        'x-error-code': 'message/poison',
        'x-attempts': '1',
        'x-original-topic': TOPIC,
        'x-original-offset': '2',
        'x-failed-at': expect.stringMatching(/^\d{4}-/) as string,
      },
    });
  });

  const hopeless = [
    ['a contract violation', new ContractViolation('wrong'), 1],
    ['nothing found', new NotFound('loan'), 3],
    ['a programming error', new TypeError('x is not a function'), 3],
    ['an error nobody knows', new Error('what?'), 3],
  ] as const;
  it.each(hopeless)('gives up on %s, after its tries, and goes on', async (_, error, tries) => {
    behaviour = async ({ id }) => {
      if (id === 'bad') throw error;
    };
    await listen({ maxAttempts: 3 });
    await sendIds('bad', 'next');
    await caughtUp();
    expect(handled).toEqual([...Array.from({ length: tries }, () => 'bad'), 'next']);
    expect(audited).toEqual(['bad', 'next']);
    const [letter] = await deadLetters(1);
    expect(letter?.headers).toMatchObject({
      'x-error-class': error.name,
      'x-error-message': error.message,
      'x-attempts': String(tries),
    });
  });

  const passing = [
    ['a dependency is away', new Unavailable('down')],
    ['writers race', new ConcurrencyConflict('raced')],
    ['the database is away', Object.assign(new Error('shutdown'), { code: '57P01' })],
  ] as const;
  it.each(passing)('waits, in order and past its tries, while %s', async (_, error) => {
    behaviour = async ({ id }, attempt) => {
      if (id === '1' && attempt < 5) throw error;
    };
    await listen({ maxAttempts: 2 });
    await sendIds('1', '2');
    await caughtUp();
    expect(handled).toEqual(['1', '1', '1', '1', '1', '2']);
    expect(audited).toEqual(['1', '2']);
    expect(await countLetters()).toBe('0');
  });

  it('stops at a fault of our own and commits nothing', async () => {
    behaviour = async ({ id }) => {
      if (id === 'impossible') throw new InvariantViolation('postings must balance');
    };
    await listen();
    await sendIds('fine', 'impossible', 'next');
    await eventually(() => fatal.length > 0);
    expect(fatal).toEqual([expect.any(InvariantViolation)]);
    expect(handled).toEqual(['fine', 'impossible']);
    const committed = (await bus.admin.lag(GROUP))
      .filter(({ topic }) => topic === TOPIC)
      .map((lag) => lag.committed);
    expect(committed.sort()).toEqual([0n, 1n]);
    expect(await countLetters()).toBe('0');
  });

  it('treats a handler that hangs as a dependency that is away', async () => {
    behaviour = ({ id }, attempt) =>
      id === '1' && attempt === 1 ? new Promise(() => undefined) : Promise.resolve();
    const warnings: unknown[] = [];
    await listen({
      handlerTimeoutMs: 50,
      logger: {
        info: () => undefined,
        warn: (_, fields) => void warnings.push(fields),
        error: () => undefined,
      },
    });
    await sendIds('1', '2');
    await caughtUp();
    expect(handled).toEqual(['1', '1', '2']);
    expect(warnings).toMatchObject([
      { messageId: '1', attempt: 1, err: expect.any(Unavailable) as Error },
    ]);
  });

  it('leaves a message that waits to whoever comes next when it is closed', async () => {
    behaviour = () => Promise.reject(new Unavailable('down'));
    await listen({ retryBaseMs: 60_000 });
    await sendIds('1');
    await eventually(() => handled.length === 1);
    await service?.close();
    behaviour = async () => undefined;
    await listen();
    await caughtUp();
    expect(handled).toEqual(['1', '1']);
  });
});
