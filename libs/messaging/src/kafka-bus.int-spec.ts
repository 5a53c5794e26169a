import { busContract } from './bus.contract.js';
import { describeWithKafka, kafkaForTests, kafkaHarness } from './test-kafka.js';

describeWithKafka('Kafka bus', () => {
  let kafka: Awaited<ReturnType<typeof kafkaForTests>>;
  beforeAll(async () => {
    kafka = await kafkaForTests();
  }, 120_000);
  afterAll(async () => {
    await kafka.stop();
  });

  busContract('Kafka', () => kafkaHarness(kafka.brokers));
});
