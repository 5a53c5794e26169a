export * from './job.js';
export * from './job-monitor.js';
export * from './job-queue.js';
export { JobWorkers } from './job-workers.js';
export { jobMigrations } from './migrations.js';
