import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { type ApplicationDecided, applicationDecided, TOPIC } from '@daftari/contracts';
import { Inbox, type IntegrationMessage } from '@daftari/messaging';
import { Database, LOGGER, type Logger, type Tx } from '@daftari/service-kit';
import { DeliveryQueue } from '../delivery/delivery-queue.js';

/** Tells the customer, and the vendor whose goods the loan was for, why an application was rejected and what to do next. */
@Controller()
export class ApplicationConsumer {
  constructor(
    private readonly db: Database,
    private readonly inbox: Inbox,
    private readonly queue: DeliveryQueue,
    @Inject(LOGGER) private readonly logger: Logger,
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
      await this.tellVendor(tx, message, decided);
    });
  }

  /** An application can name anybody as its vendor: only a vendor of the same tenant is told, and the rest is not waited for. */
  private async tellVendor(
    tx: Tx,
    message: IntegrationMessage,
    decided: ApplicationDecided,
  ): Promise<void> {
    const { vendorId = null, applicationId, customerId } = decided;
    if (vendorId === null || vendorId === customerId) return;
    const vendor = await this.queue.contactOf(tx, message.tenantId, vendorId);
    if (!vendor?.roles.includes('vendor')) {
      this.logger.warn({ applicationId, vendorId }, 'the vendor of an application is no vendor');
      return;
    }
    const customer = await this.queue.contactOf(tx, message.tenantId, customerId);
    await this.queue.tell(tx, message, vendor, {
      template: 'application-rejected-vendor',
      values: { ...decided, customerName: customer?.name },
    });
  }
}
