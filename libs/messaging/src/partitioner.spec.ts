import { Partitioners, type PartitionMetadata } from 'kafkajs';
import { partitionOf } from './partitioner.js';

const partitionMetadata = (count: number): PartitionMetadata[] =>
  Array.from({ length: count }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 0,
    replicas: [],
    isr: [],
  }));

describe('the partitioner', () => {
  const kafka = Partitioners.DefaultPartitioner();
  const keys = Array.from({ length: 500 }, (_, n) => 'ключ-k'.repeat(n % 7) + String(n * 7_919));

  it.each([1, 3, 12, 256])('puts a key where kafkajs puts it, of %i partitions', (count) => {
    const partitions = partitionMetadata(count);
    const theirs = keys.map((key) =>
      kafka({ topic: 't', partitionMetadata: partitions, message: { key, value: null } }),
    );
    expect(keys.map((key) => partitionOf(key, count))).toEqual(theirs);
  });
});
