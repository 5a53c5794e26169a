import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { type DeliveryRecorded, deliveryRecorded } from '@daftari/contracts';
import { CLOCK, type Clock, deterministicId } from '@daftari/kernel';
import type { Outcome } from '@daftari/integrations';
import { Outbox } from '@daftari/messaging';
import { CONFIG, Database, LOGGER, type Logger, messageFrom } from '@daftari/service-kit';
import type { NotificationsConfig } from '../config.js';
import { CHANNELS, type Channels } from './channels.js';

interface Due {
  readonly id: string;
  readonly tenant_id: string;
  readonly user_id: string;
  readonly cause_message_id: string;
  readonly correlation_id: string;
  readonly template: string;
  readonly channel: 'email' | 'sms';
  readonly recipient: string;
  readonly subject: string;
  readonly body_text: string;
  readonly body_html: string;
  readonly attempts: number;
}

const CLAIM = `
  update delivery set lease_until = now() + interval '60 seconds', attempts = attempts + 1
  where id in (
    select id from delivery where status = 'queued' and next_at <= now() and (lease_until is null or lease_until < now())
    order by next_at limit 20 for update skip locked)
  returning *`;
const BACKOFF_MS = [0, 2_000, 10_000, 60_000, 300_000, 900_000, 1_800_000];

/** Sends what is due. A lease keeps two workers off one delivery; a worker that dies loses its lease. */
@Injectable()
export class DeliveryWorker implements OnApplicationBootstrap, OnApplicationShutdown {
  private stopping = false;
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
    @Inject(CONFIG) private readonly config: NotificationsConfig,
    @Inject(CHANNELS) private readonly channels: Channels,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.loop = this.run();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.loop;
    await this.channels.close();
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      const sent = await this.sendDue().catch((error: unknown) => {
        this.logger.warn({ err: error }, 'deliveries wait');
        return 0;
      });
      if (sent === 0)
        await new Promise((resolve) => setTimeout(resolve, this.config.DELIVERY_POLL_MS));
    }
  }

  /** Claims and sends one batch; gives how many it took. */
  async sendDue(): Promise<number> {
    const { rows } = await this.db.pool.query<Due>(CLAIM);
    await Promise.all(rows.map((due) => this.send(due)));
    return rows.length;
  }

  private async send(due: Due): Promise<void> {
    const outcome = await this.channels[due.channel](due);
    if (outcome.kind === 'succeeded' || outcome.kind === 'accepted')
      return this.finish(due, 'accepted', null);
    const reason = 'reason' in outcome ? outcome.reason : outcome.kind;
    if (isFinal(outcome) || due.attempts >= this.config.DELIVERY_ATTEMPTS_MAX)
      return this.finish(due, 'failed', reason);
    const wait = BACKOFF_MS[Math.min(due.attempts, BACKOFF_MS.length - 1)] ?? 0;
    await this.db.pool.query(
      'update delivery set lease_until = null, next_at = now() + make_interval(secs => $2), last_error = $3 where id = $1',
      [due.id, wait / 1_000, reason],
    );
  }

  private async finish(
    due: Due,
    status: 'accepted' | 'failed',
    reason: string | null,
  ): Promise<void> {
    const now = this.clock.now();
    const data: DeliveryRecorded = {
      deliveryId: due.id,
      causeMessageId: due.cause_message_id,
      template: due.template,
      channel: due.channel,
      userId: due.user_id,
      status,
      at: now.toISOString(),
      reason: reason?.slice(0, 500) ?? null,
    };
    await this.db.transaction(async (tx) => {
      const { rowCount } = await tx.client.query(
        `update delivery set status = $2, last_error = $3, accepted_at = case when $2 = 'accepted' then $4::timestamptz end where id = $1 and status = 'queued'`,
        [due.id, status, reason, now],
      );
      if (rowCount === 0) return;
      const id = deterministicId('delivery-recorded', due.id);
      await this.outbox.add(
        tx.client,
        messageFrom(deliveryRecorded, {
          id,
          key: due.user_id,
          tenantId: due.tenant_id,
          correlationId: due.correlation_id,
          causationId: due.cause_message_id,
          source: '/daftari/notifications',
          time: now,
          data,
        }),
      );
    });
  }
}

const isFinal = (outcome: Outcome): boolean =>
  outcome.kind === 'declined' || (outcome.kind === 'rejected' && !outcome.config);
