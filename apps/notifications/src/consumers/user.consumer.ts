import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import {
  type EmailVerificationRequested,
  emailVerificationRequested,
  TOPIC,
  type UserChanged,
  userChanged,
} from '@daftari/contracts';
import { Inbox, type IntegrationMessage } from '@daftari/messaging';
import { Database, type Tx } from '@daftari/service-kit';
import { DeliveryQueue } from '../delivery/delivery-queue.js';

/** Keeps the contacts and mails verification links. */
@Controller()
export class UserConsumer {
  constructor(
    private readonly db: Database,
    private readonly inbox: Inbox,
    private readonly queue: DeliveryQueue,
  ) {}

  @EventPattern(TOPIC.userV1)
  async onUser(@Payload() message: IntegrationMessage): Promise<void> {
    await this.db.transaction(async (tx) => {
      if (!(await this.inbox.once(tx.client, 'notifications.user', message.id))) return;
      if (message.type === userChanged.type)
        await this.keepContact(tx, message.tenantId, message.data as UserChanged);
      if (message.type === emailVerificationRequested.type)
        await this.mailLink(tx, message, message.data as EmailVerificationRequested);
    });
  }

  private async keepContact(tx: Tx, tenantId: string, user: UserChanged): Promise<void> {
    await tx.client.query(
      `insert into contact(user_id, tenant_id, email, phone, name, roles) values ($1,$2,$3,$4,$5,$6)
       on conflict (user_id) do update set email = $3, phone = $4, name = $5, roles = $6, updated_at = now()`,
      [user.userId, tenantId, user.email, user.phone, user.name, user.roles],
    );
  }

  private async mailLink(
    tx: Tx,
    message: IntegrationMessage,
    request: EmailVerificationRequested,
  ): Promise<void> {
    await this.queue.enqueue(tx, message, request.userId, 'email-verification', { ...request });
  }
}
