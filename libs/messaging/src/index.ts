export * from './bus-server.js';
export * from './log-relay.js';
export * from './message.js';
export * from './migrations.js';
export * from './outbox.js';
export * from './partitioner.js';
export { createPgBus, type PgBusOptions } from './pg-bus.js';
export { StopConsumer } from './pg-consumer.js';
export * from './port.js';
