import { Kafka, logLevel } from 'kafkajs';
import type { KafkaServer } from '@daftari/testing';
import { SERVICES } from '../platform.js';
import { type Random, sleep } from '../random.js';
import type { Fault, FaultContext } from './fault.js';

const clusterOf = ({ platform }: FaultContext): KafkaServer => {
  if (!platform.kafka) throw new Error('there is no Kafka');
  return platform.kafka;
};

const someBroker = (kafka: KafkaServer, random: Random): number =>
  random.int(1, kafka.brokers.length);

/** As Java's String.hashCode, by which a group finds its partition of the offsets topic. */
const hashOf = (text: string): number =>
  [...text].reduce((hash, letter) => (Math.imul(31, hash) + (letter.codePointAt(0) ?? 0)) | 0, 0);

/** The number of the broker that coordinates a group: the leader of the group's partition of the offsets topic. */
const coordinatorOf = async (kafka: KafkaServer, group: string): Promise<number> => {
  const client = new Kafka({
    clientId: 'chaos-coordinator',
    brokers: [...kafka.brokers],
    logLevel: logLevel.NOTHING,
  });
  const admin = client.admin();
  await admin.connect();
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: ['__consumer_offsets'] });
    const partitions = topics[0]?.partitions ?? [];
    const mine = Math.abs(hashOf(group)) % Math.max(1, partitions.length);
    return partitions.find(({ partitionId }) => partitionId === mine)?.leader ?? 1;
  } finally {
    await admin.disconnect();
  }
};

/** Ends brokers for a while. */
const away = async (
  context: FaultContext,
  brokers: readonly number[],
  signal: NodeJS.Signals,
  ms: number,
): Promise<void> => {
  const kafka = clusterOf(context);
  context.note(`${signal} broker ${brokers.join(' and ')}, away ${String(ms)} ms`);
  for (const broker of brokers) kafka.signal(broker, signal);
  await sleep(ms);
  // One that was asked to end hands its leaderships over first, and may still be at it.
  for (const broker of brokers) kafka.signal(broker, 'SIGKILL');
  await sleep(300);
  for (const broker of brokers) kafka.revive(broker);
};

/** F4: brokers restart, die, stand still; the coordinator of a group dies; a majority is gone. */
export const BROKER_FAULTS: readonly Fault[] = [
  {
    name: 'broker restart',
    row: 'F4',
    needs: 'kafka',
    async strike(context) {
      const { random } = context;
      await sleep(random.int(500, 2_500));
      const broker = someBroker(clusterOf(context), random);
      await away(context, [broker], 'SIGTERM', random.int(3_000, 6_000));
    },
  },
  {
    name: 'broker kill -9',
    row: 'F4',
    needs: 'kafka',
    async strike(context) {
      const { random } = context;
      await sleep(random.int(500, 2_500));
      const broker = someBroker(clusterOf(context), random);
      await away(context, [broker], 'SIGKILL', random.int(1_000, 6_000));
    },
  },
  {
    name: 'coordinator kill -9',
    row: 'F4',
    needs: 'kafka',
    async strike(context) {
      const { random, note } = context;
      await sleep(random.int(500, 2_500));
      const group = random.pick(SERVICES);
      const broker = await coordinatorOf(clusterOf(context), group);
      note(`coordinator of ${group}`);
      await away(context, [broker], 'SIGKILL', random.int(1_000, 6_000));
    },
  },
  {
    name: 'two brokers kill -9',
    row: 'F4',
    needs: 'kafka',
    async strike(context) {
      const { random } = context;
      await sleep(random.int(500, 2_500));
      const kafka = clusterOf(context);
      const both = random.shuffled(kafka.brokers.map((_, index) => index + 1)).slice(0, 2);
      await away(context, both, 'SIGKILL', random.int(1_000, 4_000));
    },
  },
  {
    name: 'broker pause',
    row: 'F2',
    needs: 'kafka',
    async strike(context) {
      const { random, note } = context;
      await sleep(random.int(500, 2_500));
      const kafka = clusterOf(context);
      const broker = someBroker(kafka, random);
      const ms = random.int(5_000, 12_000);
      note(`SIGSTOP broker ${String(broker)} ${String(ms)} ms`);
      kafka.signal(broker, 'SIGSTOP');
      await sleep(ms);
      kafka.signal(broker, 'SIGCONT');
    },
  },
];
