import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import {
  type ApplicationDecided,
  applicationDecided,
  type ApplicationSubmitted,
  applicationSubmitted,
  type DeliveryRecorded,
  deliveryRecorded,
  type DisbursementCompleted,
  disbursementCompleted,
  disbursementFailed,
  type PaymentSettled,
  paymentSettled,
  TOPIC,
} from '@daftari/contracts';
import { Inbox, type IntegrationMessage } from '@daftari/messaging';
import { Database, type Tx } from '@daftari/service-kit';

/** Keeps what happened to applications, payouts, payments and mails, and when. */
@Controller()
export class FlowConsumer {
  constructor(
    private readonly db: Database,
    private readonly inbox: Inbox,
  ) {}

  @EventPattern(TOPIC.paymentV1)
  async onPayment(@Payload() message: IntegrationMessage<PaymentSettled>): Promise<void> {
    if (message.type !== paymentSettled.type) return;
    await this.write(
      message,
      `insert into read_payment_times as t(payment_id, tenant_id, settled_at) values ($1, $2, $3)
       on conflict (payment_id) do update set settled_at = coalesce(t.settled_at, $3)`,
      [message.data.paymentId, message.tenantId, message.time],
    );
  }

  @EventPattern(TOPIC.deliveryV1)
  async onDelivery(@Payload() message: IntegrationMessage<DeliveryRecorded>): Promise<void> {
    const { data } = message;
    if (message.type !== deliveryRecorded.type || data.status !== 'accepted') return;
    if (data.channel !== 'email') return;
    await this.write(
      message,
      `insert into read_mail_times as t(cause_message_id, tenant_id, accepted_at) values ($1, $2, $3)
       on conflict (tenant_id, cause_message_id) do update set accepted_at = least(t.accepted_at, $3)`,
      [data.causeMessageId, message.tenantId, data.at],
    );
  }

  @EventPattern(TOPIC.disbursementV1)
  async onDisbursement(
    @Payload() message: IntegrationMessage<DisbursementCompleted>,
  ): Promise<void> {
    const { type, data } = message;
    if (type !== disbursementCompleted.type && type !== disbursementFailed.type) return;
    await this.write(
      message,
      `insert into read_disbursements as t(disbursement_id, tenant_id, loan_id, outcome, sequence) values ($1, $2, $3, $4, $5)
       on conflict (disbursement_id) do update set outcome = $4, sequence = $5 where t.sequence < $5`,
      [
        data.disbursementId,
        message.tenantId,
        data.loanId,
        type === disbursementCompleted.type ? 'completed' : 'failed',
        message.sequence ?? '0',
      ],
    );
  }

  @EventPattern(TOPIC.applicationV1)
  async onApplication(
    @Payload() message: IntegrationMessage<ApplicationSubmitted | ApplicationDecided>,
  ): Promise<void> {
    const { type, data } = message;
    if (type !== applicationSubmitted.type && type !== applicationDecided.type) return;
    const decision = 'decision' in data ? data.decision : 'pending';
    await this.write(
      message,
      `insert into read_application_decisions as t(application_id, tenant_id, decision) values ($1, $2, $3)
       on conflict (application_id) do update set decision = $3 where $3 <> 'pending'`,
      [data.applicationId, message.tenantId, decision],
    );
  }

  private async write(message: IntegrationMessage, sql: string, values: unknown[]): Promise<void> {
    await this.db.transaction(async ({ client }: Tx) => {
      if (!(await this.inbox.once(client, 'reporting.flow', message.id))) return;
      await client.query(sql, values);
    });
  }
}
