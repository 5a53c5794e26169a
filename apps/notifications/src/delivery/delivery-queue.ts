import { Injectable } from '@nestjs/common';
import { deterministicId, Unavailable } from '@daftari/kernel';
import type { IntegrationMessage } from '@daftari/messaging';
import type { Tx } from '@daftari/service-kit';
import { renderTemplate, type TemplateName } from '../templates/templates.js';

interface Contact {
  readonly email: string;
  readonly phone: string | null;
  readonly name: string;
}

/** Puts what is to be told into the delivery table; the worker sends it. */
@Injectable()
export class DeliveryQueue {
  /** Queues a template for a user on every channel it has, once for each cause however often the cause is delivered. */
  async enqueue(
    tx: Tx,
    message: IntegrationMessage,
    userId: string,
    template: TemplateName,
    values: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const contact = await this.contactOf(tx, message.tenantId, userId);
    const rendered = renderTemplate(template, { ...values, name: contact.name });
    await this.insert(
      tx,
      message,
      userId,
      template,
      'email',
      contact.email,
      rendered.subject,
      rendered.text,
      rendered.html,
    );
    await this.insert(
      tx,
      message,
      userId,
      template,
      'in-app',
      userId,
      rendered.subject,
      rendered.text,
      rendered.html,
    );
    if (rendered.sms !== null && contact.phone !== null) {
      await this.insert(
        tx,
        message,
        userId,
        template,
        'sms',
        contact.phone,
        rendered.subject,
        rendered.sms,
        '',
      );
    }
  }

  private async contactOf(tx: Tx, tenantId: string, userId: string): Promise<Contact> {
    const { rows } = await tx.client.query<Contact>(
      'select email, phone, name from contact where user_id = $1 and tenant_id = $2',
      [userId, tenantId],
    );
    if (!rows[0]) throw new Unavailable(`the contact of user ${userId} has not arrived yet`);
    return rows[0];
  }

  private async insert(
    tx: Tx,
    message: IntegrationMessage,
    userId: string,
    template: string,
    channel: 'email' | 'sms' | 'in-app',
    ...[recipient, subject, text, html]: [string, string, string, string]
  ): Promise<void> {
    const id = deterministicId('delivery', message.id, channel, userId);
    await tx.client.query(
      `insert into delivery(id, tenant_id, user_id, cause_message_id, correlation_id, template, channel, recipient, subject, body_text, body_html, status, accepted_at)
       values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13) on conflict (id) do nothing`,
      [
        id,
        message.tenantId,
        userId,
        message.id,
        message.correlationId,
        template,
        channel,
        recipient,
        subject,
        text,
        html,
        channel === 'in-app' ? 'accepted' : 'queued',
        channel === 'in-app' ? new Date() : null,
      ],
    );
  }
}
