import { Controller, Module } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { TOPIC } from '@daftari/contracts';
import { type Bus, createPgBus } from '@daftari/messaging';
import { startPostgres, type TestPostgres } from '@daftari/testing';
import { type BusPart, openBus, prepareTopics } from './bus.js';
import { createLogger } from './logging.js';

@Controller()
class LoanConsumer {
  @EventPattern([TOPIC.loanV1, TOPIC.paymentV1])
  onFact(): void {
    throw new Error('nothing is consumed here');
  }
}
@Module({ controllers: [LoanConsumer] })
class ConsumersModule {}
@Module({ imports: [ConsumersModule] })
class CounterModule {}

const name = 'counter';
const open = (config: Partial<BusPart>, patienceMs = 60_000): Promise<Bus> =>
  openBus({
    name,
    config: config as BusPart,
    logger: createLogger(name, 'silent'),
    prepare: prepareTopics({ name, module: CounterModule }, config as BusPart),
    patienceMs,
  });

describe('openBus', () => {
  let postgres: TestPostgres;
  let url: string;
  let databases = 0;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres.stop();
  });
  beforeEach(async () => {
    url = await postgres.createDatabase(`bus_${String((databases += 1))}`);
  });

  it('makes the topics of every consumer, also those of imported modules', async () => {
    const bus = await open({ BUS: 'pg', BUS_URL: url, BUS_CREATE_TOPICS: true });
    const topics = await bus.admin.topics();
    await bus.close();
    for (const topic of [TOPIC.loanV1, TOPIC.paymentV1, TOPIC.tenantV1])
      expect(topics).toEqual(
        expect.arrayContaining([topic, `${topic}.retry.counter`, `${topic}.dlq.counter`]),
      );
  });

  it('makes none where that is not its task, and says in the end which is missing', async () => {
    const opening = open({ BUS: 'pg', BUS_URL: url, BUS_CREATE_TOPICS: false }, 50);
    await expect(opening).rejects.toThrow(
      `there is no topic ${TOPIC.userV1}; \`node apps/counter/dist/main.js topics\` makes what is missing`,
    );
    const bus = createPgBus({ connectionString: url });
    expect(await bus.admin.topics()).toEqual([]);
    await bus.close();
  });
});
