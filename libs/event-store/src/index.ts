export * from './errors.js';
export { eventStoreMigrations } from './migrations.js';
export type * from './port.js';
export {
  createPostgresEventStore,
  type PostgresEventStoreOptions,
} from './postgres-event-store.js';
export { type Projection, ProjectionRunner } from './projection.js';
export { verifyChain } from './verify-chain.js';
