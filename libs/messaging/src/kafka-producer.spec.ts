import type { Kafka, ProducerBatch, RecordMetadata } from 'kafkajs';
import { KafkaProducer } from './kafka-producer.js';
import { partitionOf } from './partitioner.js';
import type { OutgoingMessage } from './port.js';

const PARTITIONS = 6;
const TOPIC = 'daftari.test.producer.v1';
const message = (key: string | null): OutgoingMessage => ({
  topic: TOPIC,
  key,
  value: Buffer.from('{}'),
  headers: {},
});
const placesOf = ({ topicMessages = [] }: ProducerBatch): number[] =>
  topicMessages.flatMap(({ messages }) => messages.map(({ partition }) => partition ?? -1));

/** A client whose nth send is answered by the partitions that `answer` leaves. */
const cluster = (answer: (partitions: number[], send: number) => number[]) => {
  const sends: ProducerBatch[] = [];
  let producers = 0;
  const kafka = {
    producer: () => {
      producers++;
      return {
        connect: async () => undefined,
        disconnect: async () => undefined,
        sendBatch: async (batch: ProducerBatch): Promise<RecordMetadata[]> => {
          sends.push(batch);
          const taken = answer([...new Set(placesOf(batch))], sends.length);
          return taken.map((partition) => ({ topicName: TOPIC, partition, errorCode: 0 }));
        },
      };
    },
  } as unknown as Kafka;
  return {
    sends,
    producer: new KafkaProducer(kafka, async () => PARTITIONS),
    made: () => producers,
  };
};

it('fails a send that one of its partitions has not answered, and sends all of it again by a new producer', async () => {
  const keys = ['a', 'b', 'c', 'd', 'e'];
  const { producer, sends, made } = cluster((partitions, send) =>
    send === 1 ? partitions.slice(1) : partitions,
  );
  const batch = keys.map(message);
  await expect(producer.send(batch)).rejects.toThrow('has not taken its messages');
  await producer.send(batch);
  expect(sends.map((sent) => placesOf(sent).sort())).toEqual(
    [1, 2].map(() => keys.map((key) => partitionOf(key, PARTITIONS)).sort()),
  );
  expect(made()).toBe(2);
});

it('deals messages without a key out in turn', async () => {
  const { producer, sends } = cluster((partitions) => partitions);
  await producer.send(Array.from({ length: PARTITIONS }, () => message(null)));
  expect(sends.flatMap(placesOf).sort()).toEqual([0, 1, 2, 3, 4, 5]);
});
