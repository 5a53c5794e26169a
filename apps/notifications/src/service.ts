import { Module } from '@nestjs/common';
import { TOPIC } from '@daftari/contracts';
import {
  CONFIG,
  isReachable,
  type ServiceDefinition,
  takesConnections,
} from '@daftari/service-kit';
import { NotificationsConfig } from './config.js';
import { ApplicationConsumer } from './consumers/application.consumer.js';
import { LoanConsumer } from './consumers/loan.consumer.js';
import { UserConsumer } from './consumers/user.consumer.js';
import { CHANNELS, channelsOf } from './delivery/channels.js';
import { DeliveriesController } from './delivery/deliveries.controller.js';
import { countDeliveries, DeliveryQueue } from './delivery/delivery-queue.js';
import { DeliveryWorker } from './delivery/delivery-worker.js';
import { notificationTables } from './migrations/20260101_100001_notifications.js';
import { contactRoles } from './migrations/20260601_100002_roles.js';

@Module({
  controllers: [UserConsumer, LoanConsumer, ApplicationConsumer, DeliveriesController],
  providers: [
    DeliveryQueue,
    DeliveryWorker,
    { provide: CHANNELS, inject: [CONFIG], useFactory: channelsOf },
  ],
})
class NotificationsModule {}

/** The notifications service: tells people what happened, by mail, SMS and in the app. */
export const service: ServiceDefinition<NotificationsConfig> = {
  name: 'notifications',
  config: NotificationsConfig,
  module: NotificationsModule,
  migrations: [notificationTables, contactRoles],
  // Each message becomes a delivery of its own; only a user's changes build on each other.
  looseOrder: [TOPIC.loanV1, TOPIC.applicationV1],
  produces: [TOPIC.deliveryV1, TOPIC.auditV1],
  work: countDeliveries,
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
