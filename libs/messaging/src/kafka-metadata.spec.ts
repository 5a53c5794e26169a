import { KafkaJSAggregateError, KafkaJSProtocolError } from 'kafkajs';
import { onceTopicIsKnown } from './kafka-metadata.js';

const protocolError = (type: string): KafkaJSProtocolError =>
  new KafkaJSProtocolError(Object.assign(new Error(type), { type }));

/** Fails with the given errors, one after the other, and then answers. */
const failingWith = (...errors: Error[]): { ask: () => Promise<string>; asked: () => number } => {
  let asked = 0;
  const ask = async (): Promise<string> => {
    const error = errors[asked++];
    if (error) throw error;
    return 'known';
  };
  return { ask, asked: () => asked };
};

describe('a topic that a broker has not heard of yet', () => {
  it.each(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION'])(
    'is asked for again after %s, alone or among others',
    async (type) => {
      const error = protocolError(type);
      const { ask, asked } = failingWith(error, new KafkaJSAggregateError('several', [error]));
      await expect(onceTopicIsKnown(ask)).resolves.toBe('known');
      expect(asked()).toBe(3);
    },
  );

  it('is given up at once for every other error', async () => {
    const { ask, asked } = failingWith(protocolError('TOPIC_AUTHORIZATION_FAILED'));
    await expect(onceTopicIsKnown(ask)).rejects.toThrow('TOPIC_AUTHORIZATION_FAILED');
    expect(asked()).toBe(1);
  });
});
