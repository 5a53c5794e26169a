import { Injectable } from '@nestjs/common';
import { deterministicId, Unavailable } from '@daftari/kernel';
import type { IntegrationMessage } from '@daftari/messaging';
import type { Tx, WorkCount } from '@daftari/service-kit';
import type { Pool } from 'pg';
import { type Rendered, renderTemplate, type TemplateName } from '../templates/templates.js';

/** How somebody is reached. */
export interface Contact {
  readonly userId: string;
  readonly email: string;
  readonly phone: string | null;
  readonly name: string;
  readonly roles: readonly string[];
}

interface Outgoing {
  readonly channel: 'email' | 'sms' | 'in-app';
  readonly recipient: string;
  readonly text: string;
  readonly html: string;
}

const outgoingOf = (contact: Contact, rendered: Rendered): Outgoing[] => {
  const { text, html, sms, inApp } = rendered;
  return [
    { channel: 'email', recipient: contact.email, text, html },
    ...(inApp ? [{ channel: 'in-app' as const, recipient: contact.userId, text, html }] : []),
    ...(sms !== null && contact.phone !== null
      ? [{ channel: 'sms' as const, recipient: contact.phone, text: sms, html: '' }]
      : []),
  ];
};

/** How many deliveries wait for their next try, are due, or were given up. */
export const countDeliveries = async (pool: Pool): Promise<readonly WorkCount[]> => {
  const { rows } = await pool.query<Record<WorkCount['state'], string>>(
    `select count(*) filter (where status = 'failed') as stopped,
       count(*) filter (where status = 'queued' and next_at <= now()) as due,
       count(*) filter (where status = 'queued' and next_at > now()) as waiting from delivery`,
  );
  return (['waiting', 'due', 'stopped'] as const).map((state) => ({
    queue: 'deliveries',
    state,
    count: Number(rows[0]?.[state]),
  }));
};

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
    if (!contact) throw new Unavailable(`the contact of user ${userId} has not arrived yet`);
    await this.tell(tx, message, contact, template, values);
  }

  /** The same for somebody whose contact was read before. */
  async tell(
    tx: Tx,
    message: IntegrationMessage,
    contact: Contact,
    template: TemplateName,
    values: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const rendered = renderTemplate(template, { ...values, name: contact.name });
    for (const outgoing of outgoingOf(contact, rendered))
      await this.insert(tx, message, contact.userId, {
        ...outgoing,
        template,
        subject: rendered.subject,
      });
  }

  /** Undefined while identity has not told of the user, or when it is another tenant's. */
  async contactOf(tx: Tx, tenantId: string, userId: string): Promise<Contact | undefined> {
    const { rows } = await tx.client.query<Contact>(
      'select user_id as "userId", email, phone, name, roles from contact where user_id = $1 and tenant_id = $2',
      [userId, tenantId],
    );
    return rows[0];
  }

  private async insert(
    tx: Tx,
    message: IntegrationMessage,
    userId: string,
    {
      channel,
      recipient,
      subject,
      text,
      html,
      template,
    }: Outgoing & { subject: string; template: string },
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
