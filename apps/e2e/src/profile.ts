import { kafkaCanBeStarted, requireKafka, startKafka } from '@daftari/testing';

/** What the platform of a suite runs on. */
export interface Profile {
  /** Added to a suite's ports, so that both profiles of it may run at once. */
  readonly portShift: number;
  /** Starts what the platform needs beside itself; gives the launcher's settings and how to stop it. */
  open(): Promise<{
    readonly settings: Readonly<Record<string, string>>;
    readonly close: () => Promise<void>;
  }>;
}

const embedded: Profile = {
  portShift: 0,
  open: async () => ({ settings: { BUS: 'pg' }, close: async () => undefined }),
};

/** A Kafka of the suite's own: topics and groups have the same names in every platform. */
const onKafka: Profile = {
  portShift: 6_000,
  async open() {
    const kafka = await startKafka();
    const settings = { BUS: 'kafka', KAFKA_BROKERS: kafka.brokers.join(',') };
    return { settings, close: () => kafka.stop() };
  },
};

let active = embedded;

/** The profile of the suite that runs. */
export const activeProfile = (): Profile => active;

/** Runs a suite, which a module defines, on Kafka. */
export const onKafkaToo = async (title: string, suite: () => Promise<unknown>): Promise<void> => {
  if (!requireKafka(title, kafkaCanBeStarted())) return;
  active = onKafka;
  await suite();
};
