export { POSITION } from './encoding.js';
export * from './errors.js';
export type { EventStoreDbDriver } from './eventstoredb/client.js';
export { createEventStoreDb, type EventStoreDbOptions } from './eventstoredb/event-store-db.js';
export { eventStoreMigrations } from './migrations.js';
export type * from './port.js';
export {
  createPostgresEventStore,
  type PostgresEventStoreOptions,
} from './postgres-event-store.js';
export { type Projection, ProjectionRunner } from './projection.js';
export { verifyChain } from './verify-chain.js';
export { StagedAppendRelay, type StagedAppendRelayOptions } from './staged/staged-append-relay.js';
export { createStagedEventStore, type StagedEventStore } from './staged/staged-event-store.js';
