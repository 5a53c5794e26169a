export * from './clock.js';
export * from './crash-point.js';
export * from './decision.js';
export * from './error-codes.js';
export * from './errors.js';
export * from './ids.js';
export * from './local-date.js';
export * from './money.js';
