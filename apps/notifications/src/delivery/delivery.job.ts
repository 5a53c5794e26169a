import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type DeliveryRecorded, deliveryRecorded } from '@daftari/contracts';
import { CLOCK, type Clock, deterministicId, Unavailable } from '@daftari/kernel';
import type { Outcome } from '@daftari/integrations';
import { Outbox } from '@daftari/messaging';
import {
  CONFIG,
  Database,
  type Effect,
  type Job,
  type JobHandler,
  JobRefused,
  messageFrom,
  type Tx,
} from '@daftari/service-kit';
import type { NotificationsConfig } from '../config.js';
import { withoutAddresses } from './addresses.js';
import { CHANNELS, type Channels } from './channels.js';
import { DELIVER } from './delivery-queue.js';

interface Delivery {
  readonly id: string;
  readonly tenant_id: string;
  readonly user_id: string;
  readonly cause_message_id: string;
  readonly correlation_id: string;
  readonly template: string;
  readonly channel: 'email' | 'sms' | 'in-app';
  readonly recipient: string;
  readonly subject: string;
  readonly body_text: string;
  readonly body_html: string;
}

/** Sends one delivery; the job has the delivery's id. */
@Injectable()
export class DeliveryJob implements JobHandler, OnApplicationShutdown {
  readonly kind = DELIVER;
  readonly attemptsMax: number;

  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
    @Inject(CONFIG) config: NotificationsConfig,
    @Inject(CHANNELS) private readonly channels: Channels,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.attemptsMax = config.DELIVERY_ATTEMPTS_MAX;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.channels.close();
  }

  async run(job: Job): Promise<Effect> {
    const { rows } = await this.db.pool.query<Delivery>('select * from delivery where id = $1', [
      job.id,
    ]);
    if (!rows[0]) throw new JobRefused('the delivery is gone');
    const outcome = await this.send(rows[0]);
    const reason = withoutAddresses('reason' in outcome ? outcome.reason : outcome.kind);
    if (isFinal(outcome)) throw new JobRefused(reason);
    if (outcome.kind !== 'succeeded' && outcome.kind !== 'accepted') throw new Unavailable(reason);
    return (tx) => this.record(tx, job, 'accepted', null);
  }

  onDead(tx: Tx, job: Job, reason: string): Promise<void> {
    return this.record(tx, job, 'failed', reason);
  }

  private async send(delivery: Delivery): Promise<Outcome> {
    const { channel } = delivery;
    return channel === 'in-app'
      ? { kind: 'accepted', providerRef: delivery.id }
      : this.channels[channel](delivery);
  }

  /** Once for each end of the job: a delivery that failed, and was tried again by people, is told of again. */
  private async record(
    { client }: Tx,
    job: Job,
    status: 'accepted' | 'failed',
    reason: string | null,
  ): Promise<void> {
    const now = this.clock.now();
    const { rows } = await client.query<Delivery>(
      `update delivery set status = $2, last_error = $3, accepted_at = case when $2 = 'accepted' then $4::timestamptz end
       where id = $1 returning *`,
      [job.id, status, reason, now],
    );
    const [delivery] = rows;
    if (!delivery) return;
    const data: DeliveryRecorded = {
      deliveryId: delivery.id,
      causeMessageId: delivery.cause_message_id,
      template: delivery.template,
      channel: delivery.channel,
      userId: delivery.user_id,
      status,
      at: now.toISOString(),
      reason: reason?.slice(0, 500) ?? null,
    };
    await this.outbox.add(
      client,
      messageFrom(deliveryRecorded, {
        id: deterministicId('delivery-recorded', delivery.id, String(job.attempt)),
        key: delivery.user_id,
        tenantId: delivery.tenant_id,
        correlationId: delivery.correlation_id,
        causationId: delivery.cause_message_id,
        source: '/daftari/notifications',
        time: now,
        data,
      }),
    );
  }
}

const isFinal = (outcome: Outcome): boolean =>
  outcome.kind === 'declined' || (outcome.kind === 'rejected' && !outcome.config);
