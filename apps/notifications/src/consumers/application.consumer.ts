import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { type ApplicationDecided, applicationDecided, TOPIC } from '@daftari/contracts';
import { Inbox, type IntegrationMessage } from '@daftari/messaging';
import { Database } from '@daftari/service-kit';
import { DeliveryQueue } from '../delivery/delivery-queue.js';

/** Tells the customer why an application was rejected and what to do next. */
@Controller()
export class ApplicationConsumer {
  constructor(
    private readonly db: Database,
    private readonly inbox: Inbox,
    private readonly queue: DeliveryQueue,
  ) {}

  @EventPattern(TOPIC.applicationV1)
  async onApplication(@Payload() message: IntegrationMessage): Promise<void> {
    if (message.type !== applicationDecided.type) return;
    const decided = message.data as ApplicationDecided;
    if (decided.decision !== 'rejected') return;
    await this.db.transaction(async (tx) => {
      if (!(await this.inbox.once(tx.client, 'notifications.application', message.id))) return;
      await this.queue.enqueue(tx, message, decided.customerId, 'application-rejected', {
        ...decided,
      });
    });
  }
}
