import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Bus,
  busMigrations,
  createKafkaBus,
  createPgBus,
  type KafkaBusOptions,
} from '@daftari/messaging';
import type { BaseConfig } from './config/base-config.js';
import type { BusConfig } from './config/bus-config.js';
import type { EdgeConfig } from './config/edge-config.js';
import type { Logger } from './logging.js';
import { ConfigError } from './config/load-config.js';
import { kafkaProblem } from './kafka-problem.js';
import { Migrator, waitForDatabase } from './persistence/migrations.js';
import { withPool } from './persistence/with-pool.js';
import type { ServiceDefinition } from './service.js';
import { topicsOf } from './topics.js';

const PATIENCE_MS = 60_000;

type KafkaPart = Omit<BusConfig, keyof EdgeConfig>;
/** What of a configuration is about the bus. */
export type BusPart = KafkaPart & Pick<BaseConfig, 'BUS_URL' | 'BUS_RETENTION_DAYS'>;

/** Migrates the PostgreSQL bus's own database. */
export const migrateBus = async (url: string): Promise<void> => {
  await waitForDatabase(url);
  await withPool({ connectionString: url }, (pool) => new Migrator(pool, busMigrations).up());
};

/** TLS as the configuration wants it: by an authority of its own when it names one. */
const tlsOf = ({ KAFKA_SSL: isOn, KAFKA_SSL_CA: file }: KafkaPart): boolean | { ca: string[] } => {
  if (file === '') return isOn;
  if (!isOn) throw new ConfigError('KAFKA_SSL_CA: has no use without KAFKA_SSL=true');
  try {
    return { ca: [readFileSync(file, 'utf8')] };
  } catch (error) {
    const { code = error } = error as { code?: unknown };
    throw new ConfigError(`KAFKA_SSL_CA: ${file} cannot be read (${String(code)})`);
  }
};

/** How a process reaches Kafka by its configuration. */
export const kafkaOptionsOf = (config: KafkaPart, clientId: string): KafkaBusOptions => {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username } = config;
  return {
    brokers: config.KAFKA_BROKERS.split(','),
    clientId: `daftari.${clientId}`,
    ssl: tlsOf(config),
    ...(mechanism === ''
      ? {}
      : { sasl: { mechanism, username, password: config.KAFKA_SASL_PASSWORD } as never }),
    replicationFactor: config.KAFKA_REPLICATION_FACTOR,
  };
};

/** How a process opens its bus. */
export interface OpenBusOptions {
  /** Of the process. */
  readonly name: string;
  readonly config: BusPart;
  readonly logger: Logger;
  /** Leaves the bus with every topic that the process needs; run again while brokers or topics are missing. */
  readonly prepare: (bus: Bus) => Promise<void>;
  readonly patienceMs?: number;
}

class TopicMissing extends Error {}

/** The topics of a service, made when they are missing, or waited for when another makes them. */
export const prepareTopics =
  (definition: Pick<ServiceDefinition, 'name' | 'module'>, config: BusPart) =>
  async ({ admin }: Bus): Promise<void> => {
    const wanted = topicsOf(definition);
    if (config.BUS_CREATE_TOPICS) return admin.createTopics(wanted);
    const found = await admin.describeTopics(wanted.map(({ topic }) => topic));
    const there = new Set(found.map(({ topic }) => topic));
    const missing = wanted.find(({ topic }) => !there.has(topic));
    if (missing)
      throw new TopicMissing(
        `there is no topic ${missing.topic}; \`node apps/${definition.name}/dist/main.js topics\` makes what is missing`,
      );
  };

/** Prepares the bus, waiting for brokers that are still starting and for a job that is still making topics. */
const prepared = async (bus: Bus, options: OpenBusOptions): Promise<Bus> => {
  const { config, logger, prepare, patienceMs = PATIENCE_MS } = options;
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      await prepare(bus);
      return bus;
    } catch (cause) {
      const isMissing = cause instanceof TopicMissing;
      if (config.BUS === 'pg' && !isMissing) throw cause;
      const { why, isFinal } = kafkaProblem(cause, config.KAFKA_SSL);
      if (isFinal || Date.now() > deadline)
        throw isMissing
          ? cause
          : new Error(`Kafka at ${config.KAFKA_BROKERS} cannot be used: ${why}`, { cause });
      logger.warn({ err: cause }, 'waiting for the bus');
      await delay(Math.min(1_000, patienceMs));
    }
  }
};

/** Opens the bus that the configuration names, prepared for the process. */
export const openBus = async (options: OpenBusOptions): Promise<Bus> => {
  const { name, config, logger } = options;
  if (config.BUS === 'pg') await migrateBus(config.BUS_URL);
  const bus =
    config.BUS === 'pg'
      ? createPgBus({ connectionString: config.BUS_URL })
      : createKafkaBus({
          ...kafkaOptionsOf(config, name),
          retentionDays: config.BUS_RETENTION_DAYS,
          onLog: (level, text, fields) => {
            logger[level](fields, text);
          },
        });
  return prepared(bus, options).catch(async (error: unknown) => {
    await bus.close();
    throw error;
  });
};
