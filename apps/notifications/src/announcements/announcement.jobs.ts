import { Injectable } from '@nestjs/common';
import { deterministicId } from '@daftari/kernel';
import {
  Database,
  type Effect,
  type Job,
  type JobHandler,
  JobMonitor,
  JobQueue,
  JobRefused,
  type NewJob,
} from '@daftari/service-kit';
import {
  type ChannelName,
  type Contact,
  DeliveryQueue,
  type Told,
} from '../delivery/delivery-queue.js';

/** Kind of the jobs that queue an announcement's deliveries. */
export const ANNOUNCE = 'announce';
/** Kind of the job that tells the sender what became of it. */
export const ANNOUNCED = 'announced';

const CUSTOMERS_AT_ONCE = 100;

interface Announcement {
  readonly id: string;
  readonly tenant_id: string;
  readonly sender_id: string;
  readonly subject: string;
  readonly body: string;
  readonly channels: readonly ChannelName[];
}

const announcementOf = async (db: Database, id: unknown): Promise<Announcement> => {
  const { rows } = await db.pool.query<Announcement>('select * from announcement where id = $1', [
    id,
  ]);
  if (!rows[0]) throw new JobRefused('the announcement is gone');
  return rows[0];
};

/** Queues the deliveries to the next customers of the tenant, and itself for those after them. */
@Injectable()
export class AnnounceJob implements JobHandler {
  readonly kind = ANNOUNCE;
  readonly attemptsMax = 10;

  constructor(
    private readonly db: Database,
    private readonly jobs: JobQueue,
    private readonly queue: DeliveryQueue,
  ) {}

  async run({ payload, tenantId, correlationId }: Job): Promise<Effect> {
    const { id, subject, body, channels } = await announcementOf(this.db, payload.announcementId);
    const { rows: contacts } = await this.db.pool.query<Contact>(
      `select user_id as "userId", email, phone, name, roles from contact
       where tenant_id = $1 and 'customer' = any(roles) and ($2::uuid is null or user_id > $2)
       order by user_id limit $3`,
      [tenantId, payload.after, CUSTOMERS_AT_ONCE],
    );
    const after = contacts.at(-1)?.userId;
    const next: NewJob | undefined =
      after === undefined
        ? undefined
        : {
            ...{ id: deterministicId(ANNOUNCE, id, after), tenantId, kind: ANNOUNCE, queue: 'low' },
            ...{ correlationId, payload: { announcementId: id, after } },
          };
    const told: Told = {
      ...{ template: 'announcement', channels, batchId: id },
      values: { subject, text: body },
    };
    return async (tx) => {
      if (!next) return this.jobs.closeBatch(tx, id);
      const jobs = [next];
      for (const contact of contacts)
        jobs.push(...(await this.queue.write(tx, { id, tenantId, correlationId }, contact, told)));
      await this.jobs.enqueue(tx, jobs);
    };
  }
}

/** Tells the sender in the app how many of an announcement's messages were sent. */
@Injectable()
export class AnnouncedJob implements JobHandler {
  readonly kind = ANNOUNCED;
  readonly attemptsMax = 10;

  constructor(
    private readonly db: Database,
    private readonly monitor: JobMonitor,
    private readonly queue: DeliveryQueue,
  ) {}

  async run({ id, payload, tenantId, correlationId }: Job): Promise<Effect> {
    const announcement = await announcementOf(this.db, payload.batchId);
    const { total, succeeded, failed } = await this.monitor.batch(tenantId, announcement.id);
    const { sender_id: userId, subject } = announcement;
    // The app needs no address, and identity may not have told of the sender yet.
    const sender: Contact = { userId, email: '', phone: null, name: '', roles: [] };
    return (tx) =>
      this.queue.tell(tx, { id, tenantId, correlationId }, sender, {
        ...{ template: 'announcement-sent', channels: ['in-app'] },
        values: { subject, total, succeeded, failed },
      });
  }
}
