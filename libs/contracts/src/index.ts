export * from './define.js';
export * from './identity.js';
export * from './ledger.js';
export * from './notifications.js';
export * from './origination.js';
export * from './payments.js';
export * from './registry.js';
export * from './topics.js';
