import { Injectable } from '@nestjs/common';
import { deterministicId, Unavailable } from '@daftari/kernel';
import { JobQueue, type NewJob, type Tx } from '@daftari/service-kit';
import {
  queueOf,
  type Rendered,
  renderTemplate,
  type TemplateName,
} from '../templates/templates.js';

/** Kind of the jobs that send a delivery. */
export const DELIVER = 'deliver';

/** How somebody is reached. */
export interface Contact {
  readonly userId: string;
  readonly email: string;
  readonly phone: string | null;
  readonly name: string;
  readonly roles: readonly string[];
}

/** Why somebody is told: a message of the bus, or a command. */
export interface Cause {
  readonly id: string;
  readonly tenantId: string;
  readonly correlationId: string;
}

/** The ways out. */
export const CHANNEL_NAMES = ['email', 'sms', 'in-app'] as const;
export type ChannelName = (typeof CHANNEL_NAMES)[number];

/** What somebody is told. */
export interface Told {
  readonly template: TemplateName;
  readonly values: Readonly<Record<string, unknown>>;
  /** Only on these of the template's channels; left out: on all. */
  readonly channels?: readonly ChannelName[];
  /** The batch that each delivery is a job of; those in the app too. */
  readonly batchId?: string;
}

interface Outgoing {
  readonly channel: ChannelName;
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

/** Writes what is to be told into the delivery table, with the job that sends it. */
@Injectable()
export class DeliveryQueue {
  constructor(private readonly jobs: JobQueue) {}

  /** Queues a template for a user on every channel it has, once for each cause however often the cause is delivered. */
  async enqueue(
    tx: Tx,
    cause: Cause,
    userId: string,
    template: TemplateName,
    values: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const contact = await this.contactOf(tx, cause.tenantId, userId);
    if (!contact) throw new Unavailable(`the contact of user ${userId} has not arrived yet`);
    await this.tell(tx, cause, contact, { template, values });
  }

  /** The same for somebody whose contact was read before. */
  async tell(tx: Tx, cause: Cause, contact: Contact, told: Told): Promise<void> {
    await this.jobs.enqueue(tx, await this.write(tx, cause, contact, told));
  }

  /** Writes the deliveries and gives the jobs that send them: for who queues those of many at once. */
  async write(tx: Tx, cause: Cause, contact: Contact, told: Told): Promise<NewJob[]> {
    const rendered = renderTemplate(told.template, { ...told.values, name: contact.name });
    const { subject } = rendered;
    const jobs: NewJob[] = [];
    for (const outgoing of outgoingOf(contact, rendered))
      if (told.channels?.includes(outgoing.channel) !== false)
        jobs.push(
          ...(await this.insert(tx, cause, contact.userId, { ...told, subject, ...outgoing })),
        );
    return jobs;
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
    { id: causeId, tenantId, correlationId }: Cause,
    userId: string,
    delivery: Outgoing & Pick<Told, 'template' | 'batchId'> & { subject: string },
  ): Promise<NewJob[]> {
    const { channel, recipient, subject, text, html, template, batchId } = delivery;
    const id = deterministicId('delivery', causeId, channel, userId);
    const isThere = channel === 'in-app' && batchId === undefined;
    const { rowCount } = await tx.client.query(
      `insert into delivery(id, tenant_id, user_id, cause_message_id, correlation_id, template, channel, recipient, subject, body_text, body_html, status, accepted_at)
       values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13) on conflict (id) do nothing`,
      [
        ...[id, tenantId, userId, causeId, correlationId],
        ...[template, channel, recipient, subject, text, html],
        ...(isThere ? ['accepted', new Date()] : ['queued', null]),
      ],
    );
    if (isThere || rowCount === 0) return [];
    return [
      {
        ...{ id, tenantId, kind: DELIVER, queue: queueOf(template), correlationId },
        payload: { deliveryId: id, template, channel },
        ...(batchId !== undefined && { batchId }),
      },
    ];
  }
}
