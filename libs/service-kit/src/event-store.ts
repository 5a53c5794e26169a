import {
  createEventStoreDb,
  createPostgresEventStore,
  createStagedEventStore,
  StagedAppendRelay,
  type TransactionalEventStore,
} from '@daftari/event-store';
import type { BaseConfig } from './config/base-config.js';
import type { Logger } from './logging.js';
import type { Database } from './persistence/database.js';

/** The event store of a service, and what must run for it. */
export interface OpenEventStore {
  readonly store: TransactionalEventStore;
  /** Starts what runs in the background; gives what stops it. */
  start(onFatal: (error: Error) => void): { stop(): Promise<void> };
}

interface Needs {
  readonly service: string;
  readonly config: BaseConfig;
  readonly db: Database;
  readonly logger: Logger;
}

const idle = { stop: () => Promise.resolve() };

/**
 * The event store that the configuration asks for. In PostgreSQL an append joins the caller's transaction. EventStoreDB
 * has none: there the append is staged in it and written after the commit (ADR 0007). Handlers see no difference.
 */
export const openEventStore = async ({
  service,
  config,
  db,
  logger,
}: Needs): Promise<OpenEventStore> => {
  const { DATABASE_URL: listenConnectionString, EVENTSTORE_URL: url } = config;
  if (config.EVENT_STORE === 'pg' || url === undefined)
    return {
      store: createPostgresEventStore(db.pool, { listenConnectionString }),
      start: () => idle,
    };
  const remote = await createEventStoreDb({
    url,
    driver: config.EVENTSTORE_CLIENT,
    namespace: `${config.EVENTSTORE_NAMESPACE}.${service}.`,
  });
  const store = createStagedEventStore(remote, db.pool);
  return {
    store,
    start(onFatal) {
      const relay = new StagedAppendRelay({
        store,
        listenConnectionString,
        onFatal,
        onRetry: (error, attempt) => {
          logger.warn(
            { err: error, relay: 'staged-appends', attempt },
            'a relay waits for another try',
          );
        },
      });
      relay.start();
      return relay;
    },
  };
};
