import { connect } from 'node:net';
import { kafkaCanBeHad, type KafkaServer, requireKafka, startKafka } from '@daftari/testing';
import type { BusHarness } from './bus.contract.js';
import { createKafkaBus } from './kafka-bus.js';
import type { KafkaBusOptions } from './kafka-client.js';
import type { Bus } from './port.js';
import { type Wire, wireTo } from './test-wire.js';

/** The brokers of KAFKA_BROKERS, which must allow sessions of a second, or a Kafka of the test's own. */
export const kafkaForTests = async (): Promise<Pick<KafkaServer, 'brokers' | 'stop'>> => {
  const given = process.env.KAFKA_BROKERS ?? '';
  if (given !== '') return { brokers: given.split(','), stop: async () => undefined };
  return startKafka();
};

/** A suite that runs where a Kafka can be had. */
export const describeWithKafka = (title: string, suite: () => void): void => {
  if (requireKafka(title, kafkaCanBeHad())) describe(title, suite);
};

/** A Kafka bus whose every connection goes through one wire. */
export const wiredKafkaBus = async (
  brokers: readonly string[],
  options: Partial<KafkaBusOptions> = {},
): Promise<{ readonly bus: Bus; readonly wire: Wire }> => {
  const [, port] = (brokers[0] ?? '').split(':');
  const wire = await wireTo(Number(port));
  const bus = createKafkaBus({
    brokers: [`127.0.0.1:${String(wire.port)}`],
    clientId: 'test',
    socketFactory: ({ onConnect }) => connect({ host: '127.0.0.1', port: wire.port }, onConnect),
    ...options,
  });
  return { bus, wire };
};

/** The Kafka bus for the contract: each client has a wire of its own. */
export const kafkaHarness = async (brokers: readonly string[]): Promise<BusHarness> => {
  const wires = new Map<Bus, Wire>();
  const another = async (): Promise<Bus> => {
    const { bus, wire } = await wiredKafkaBus(brokers);
    wires.set(bus, wire);
    return bus;
  };
  return {
    bus: await another(),
    another,
    cut: (bus) => wires.get(bus)?.cut(),
    mend: (bus) => wires.get(bus)?.mend(),
    async close() {
      for (const [bus, wire] of wires) {
        await bus.close();
        wire.close();
      }
    },
  };
};
