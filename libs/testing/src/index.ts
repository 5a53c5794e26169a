export * from './decider-spec.js';
export * from './eventually.js';
export * from './kafka.js';
export * from './postgres.js';
export * from './token-issuer.js';
export * from './platform-client.js';
export * from './loan-walk.js';
export * from './event-store-under-test.js';
