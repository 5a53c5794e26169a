import { Module } from '@nestjs/common';
import { TOPIC } from '@daftari/contracts';
import {
  CONFIG,
  countJobs,
  Database,
  isReachable,
  type JobHandler,
  jobMigrations,
  JobMonitor,
  JobQueue,
  JobWorkers,
  LOGGER,
  type Logger,
  type ServiceDefinition,
  takesConnections,
} from '@daftari/service-kit';
import { AnnouncedJob, AnnounceJob } from './announcements/announcement.jobs.js';
import { AnnouncementsController } from './announcements/announcements.controller.js';
import { NotificationsConfig } from './config.js';
import { ApplicationConsumer } from './consumers/application.consumer.js';
import { LoanConsumer } from './consumers/loan.consumer.js';
import { UserConsumer } from './consumers/user.consumer.js';
import { CHANNELS, channelsOf } from './delivery/channels.js';
import { DeliveriesController } from './delivery/deliveries.controller.js';
import { DeliveryJob } from './delivery/delivery.job.js';
import { DeliveryQueue } from './delivery/delivery-queue.js';
import { JobBatchesController, JobsController } from './jobs/jobs.controller.js';
import { notificationTables } from './migrations/20260101_100001_notifications.js';
import { contactRoles } from './migrations/20260601_100002_roles.js';
import { deliveryJobs } from './migrations/20261126_100003_delivery_jobs.js';

const workersOf = (
  config: NotificationsConfig,
  logger: Logger,
  db: Database,
  jobs: JobQueue,
  ...handlers: JobHandler[]
): JobWorkers =>
  new JobWorkers(
    { db, jobs, handlers, logger, pollMs: config.DELIVERY_POLL_MS },
    {
      high: config.JOBS_HIGH_AT_ONCE,
      medium: config.JOBS_MEDIUM_AT_ONCE,
      low: config.JOBS_LOW_AT_ONCE,
    },
  );

@Module({
  controllers: [
    ...[UserConsumer, LoanConsumer, ApplicationConsumer],
    ...[DeliveriesController, AnnouncementsController, JobsController, JobBatchesController],
  ],
  providers: [
    ...[JobQueue, DeliveryQueue, DeliveryJob, AnnounceJob, AnnouncedJob],
    { provide: JobMonitor, inject: [Database], useFactory: (db: Database) => new JobMonitor(db) },
    {
      provide: JobWorkers,
      inject: [CONFIG, LOGGER, Database, JobQueue, DeliveryJob, AnnounceJob, AnnouncedJob],
      useFactory: workersOf,
    },
    { provide: CHANNELS, inject: [CONFIG], useFactory: channelsOf },
  ],
})
class NotificationsModule {}

/** The notifications service: tells people what happened, by mail, SMS and in the app. */
export const service: ServiceDefinition<NotificationsConfig> = {
  name: 'notifications',
  config: NotificationsConfig,
  module: NotificationsModule,
  migrations: [...jobMigrations, notificationTables, contactRoles, deliveryJobs],
  // What was given up stays until people have had it tried again.
  expiring: [
    { table: 'job', column: 'ended_at', days: 90, only: `state = 'succeeded'` },
    { table: 'job_batch', column: 'completed_at', days: 90 },
  ],
  // Each message becomes a delivery of its own; only a user's changes build on each other.
  looseOrder: [TOPIC.loanV1, TOPIC.applicationV1],
  produces: [TOPIC.deliveryV1, TOPIC.auditV1],
  work: countJobs,
  dependencies: ({ SMTP_HOST, SMTP_PORT, SMS_BASE_URL }) => [
    {
      name: 'integrations',
      check: async () =>
        (
          await Promise.all([takesConnections(SMTP_HOST, SMTP_PORT), isReachable(SMS_BASE_URL)])
        ).every((up) => up),
    },
  ],
  openapi: {
    title: 'Notifications',
    description: 'Mail, SMS and in-app messages and what became of them.',
  },
};
