import { setTimeout as delay } from 'node:timers/promises';
import { PARTITIONS } from '@daftari/contracts';
import {
  type Bus,
  busMigrations,
  createKafkaBus,
  createPgBus,
  type KafkaBusOptions,
} from '@daftari/messaging';
import type { BaseConfig } from './config/base-config.js';
import type { BusConfig } from './config/bus-config.js';
import type { Logger } from './logging.js';
import { Migrator, waitForDatabase } from './persistence/migrations.js';
import { withPool } from './persistence/with-pool.js';

const PATIENCE_MS = 60_000;

/** Migrates the PostgreSQL bus's own database. */
export const migrateBus = async (url: string): Promise<void> => {
  await waitForDatabase(url);
  await withPool({ connectionString: url }, (pool) => new Migrator(pool, busMigrations).up());
};

/** How a process reaches Kafka by its configuration. */
export const kafkaOptionsOf = (config: BusConfig, clientId: string): KafkaBusOptions => {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username } = config;
  return {
    brokers: config.KAFKA_BROKERS.split(','),
    clientId: `daftari.${clientId}`,
    ssl: config.KAFKA_SSL,
    ...(mechanism === ''
      ? {}
      : { sasl: { mechanism, username, password: config.KAFKA_SASL_PASSWORD } as never }),
    replicationFactor: config.KAFKA_REPLICATION_FACTOR,
  };
};

/** Makes every topic that is missing, waiting for brokers that are still starting. */
const createTopics = async (bus: Bus, config: BaseConfig, logger: Logger): Promise<void> => {
  const topics = Object.entries(PARTITIONS).map(([topic, partitions]) => ({ topic, partitions }));
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      await bus.admin.createTopics(topics);
      return;
    } catch (cause) {
      if (config.BUS === 'pg') throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      const refused = cause instanceof Error && /SASL|Authorization/i.test(cause.name + why);
      if (refused || Date.now() > deadline)
        throw new Error(`Kafka at ${config.KAFKA_BROKERS} cannot be used: ${why}`, { cause });
      logger.warn({ err: cause }, 'waiting for Kafka');
      await delay(1_000);
    }
  }
};

/** Opens the bus that the configuration names, with every topic of the published language in it. */
export const openBus = async (name: string, config: BaseConfig, logger: Logger): Promise<Bus> => {
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
  await createTopics(bus, config, logger);
  return bus;
};
