import {
  eventStoreMigrations,
  ProjectionRunner,
  type TransactionalEventStore,
} from '@daftari/event-store';
import {
  type Bus,
  LogRelay,
  Outbox,
  outboxMigrations,
  OutboxRelay,
  relayMigrations,
} from '@daftari/messaging';
import { openBus, prepareTopics } from './bus.js';
import type { BaseConfig } from './config/base-config.js';
import { openEventStore } from './event-store.js';
import { Jobs } from './jobs.js';
import { createLogger, type Logger } from './logging.js';
import { measuredStore, observedProducer, observeService } from './observe.js';
import { Database } from './persistence/database.js';
import { kitMigrations } from './persistence/kit-migrations.js';
import { type Migration, Migrator } from './persistence/migrations.js';
import { Purger } from './persistence/purger.js';
import type { ServiceDefinition } from './service.js';

/** What a running service holds open. */
export interface Resources {
  readonly config: BaseConfig;
  readonly logger: Logger;
  readonly db: Database;
  readonly bus: Bus;
  readonly store?: TransactionalEventStore;
  readonly outbox: Outbox;
  readonly jobs: Jobs;
  /** Starts what works in the background: relays and projections. */
  start(onFatal: (error: Error) => void): Promise<void>;
  close(): Promise<void>;
}

/** Every migration of a service's database. */
export const migrationsOf = (definition: ServiceDefinition): readonly Migration[] => [
  ...kitMigrations,
  ...outboxMigrations,
  ...(definition.eventSourced ? [...eventStoreMigrations, ...relayMigrations] : []),
  ...definition.migrations,
];

/** A relay that waits is nothing yet; one that keeps waiting is what the operator looks for first. */
const watched = (logger: Logger, jobs: Jobs, relay: string) => ({
  onRetry: (error: Error, attempt: number): void => {
    jobs.note(relay, false);
    logger.warn({ err: error, relay, attempt }, 'a relay waits for another try');
  },
  onPass: (): void => {
    jobs.note(relay, true);
  },
});

/** Keeps the tables of a service, and the bus, bounded. */
export const purgerOf = (
  definition: ServiceDefinition,
  config: BaseConfig,
  db: Database,
  logger: Logger,
) =>
  new Purger({
    db: db.pool,
    tables: [
      { table: 'inbox', column: 'processed_at', days: config.INBOX_RETENTION_DAYS },
      { table: 'idempotency', column: 'created_at', days: config.IDEMPOTENCY_RETENTION_DAYS },
      ...(definition.expiring ?? []),
    ],
    ...(config.BUS === 'pg'
      ? { bus: { url: config.BUS_URL, days: config.BUS_RETENTION_DAYS } }
      : {}),
    everyMs: config.PURGE_EVERY_MS,
    logger,
  });

interface Stoppable {
  stop(): Promise<void>;
}

/** Connects, migrates and prepares everything that a service needs, in the order in which it is needed. */
export const openResources = async (
  definition: ServiceDefinition,
  config: BaseConfig,
): Promise<Resources> => {
  const logger = createLogger(definition.name, config.LOG_LEVEL);
  const bus = await openBus({
    name: definition.name,
    config,
    logger,
    prepare: prepareTopics(definition, config),
  });
  const db = await Database.connect({
    url: config.DATABASE_URL,
    max: config.DATABASE_POOL_MAX,
    entities: definition.entities ?? [],
  });
  await new Migrator(db.pool, migrationsOf(definition)).up();
  const events = definition.eventSourced
    ? await openEventStore({ service: definition.name, config, db, logger })
    : undefined;
  const store = events && measuredStore(events.store);
  const running: Stoppable[] = [];
  const jobs = new Jobs();
  const unobserve = observeService({
    pool: db.pool,
    ...(store && { store }),
    work: definition.work,
  });
  return {
    config,
    logger,
    db,
    bus,
    ...(store ? { store } : {}),
    outbox: new Outbox(),
    jobs,
    async start(onFatal) {
      if (events) running.push(events.start(onFatal));
      const producer = observedProducer(await bus.producer());
      const outboxRelay = new OutboxRelay({
        pool: db.pool,
        producer,
        onFatal,
        ...watched(logger, jobs, 'outbox'),
      });
      outboxRelay.start();
      running.push(outboxRelay);
      if (store && definition.translate) {
        const relay = new LogRelay({
          name: `${definition.name}.relay`,
          store,
          pool: db.pool,
          producer,
          translate: definition.translate,
          onFatal,
          ...watched(logger, jobs, `${definition.name}.relay`),
        });
        relay.start();
        running.push(relay);
      }
      for (const projection of store ? (definition.projections ?? []) : []) {
        if (!store) break;
        const onStep = (succeeded: boolean): void => {
          jobs.note(projection.name, succeeded);
        };
        const runner = new ProjectionRunner({ store, pool: db.pool, projection, onFatal, onStep });
        runner.start();
        running.push(runner);
      }
      const purger = purgerOf(definition, config, db, logger);
      purger.start();
      running.push(purger);
    },
    async close() {
      unobserve();
      await Promise.allSettled(running.map((part) => part.stop()));
      await store?.close();
      await bus.close();
      await db.close();
    },
  };
};
