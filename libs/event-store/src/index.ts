export * from './errors.js';
export * from './migrations.js';
export * from './port.js';
export * from './postgres-event-store.js';
export * from './projection.js';
export * from './verify-chain.js';
