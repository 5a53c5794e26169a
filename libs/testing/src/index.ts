export * from './decider-spec.js';
export * from './eventually.js';
export * from './postgres.js';
export * from './token-issuer.js';
