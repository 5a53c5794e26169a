import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiProperty } from '@nestjs/swagger';
import { deterministicId } from '@daftari/kernel';
import {
  Answers,
  type BatchView,
  Database,
  Idempotent,
  JobMonitor,
  JobQueue,
  Meta,
  type RequestMeta,
  Requires,
} from '@daftari/service-kit';
import { ArrayNotEmpty, ArrayUnique, IsArray, IsIn, IsString, Length } from 'class-validator';
import { CHANNEL_NAMES, type ChannelName } from '../delivery/delivery-queue.js';
import { BATCH } from '../examples.js';
import { ANNOUNCE, ANNOUNCED } from './announcement.jobs.js';

/** What all customers are told. */
export class SendAnnouncementRequest {
  @ApiProperty({ example: 'Our office is closed on Monday' })
  @IsString()
  @Length(3, 150)
  subject: string;

  @ApiProperty({ example: 'Payments by M-Pesa are booked as always.' })
  @IsString()
  @Length(3, 5_000)
  text: string;

  @ApiProperty({ enum: CHANNEL_NAMES, isArray: true, example: ['email', 'in-app'] })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(CHANNEL_NAMES, { each: true })
  channels: ChannelName[];
}

@Controller('v1/announcements')
export class AnnouncementsController {
  constructor(
    private readonly db: Database,
    private readonly jobs: JobQueue,
    private readonly monitor: JobMonitor,
  ) {}

  /** The batch has one job for each customer and channel; the sender is told in the app when all have ended. */
  @Post()
  @HttpCode(202)
  @Requires('announcements:send')
  @Idempotent()
  @Answers(BATCH)
  @ApiOperation({ summary: 'Tell something to every customer, in the background' })
  async send(
    @Body() { subject, text, channels }: SendAnnouncementRequest,
    @Meta() meta: RequestMeta,
  ): Promise<BatchView> {
    const { commandId: id, tenantId, userId, correlationId } = meta;
    await this.db.transaction(async (tx) => {
      await tx.client.query(
        `insert into announcement(id, tenant_id, sender_id, subject, body, channels) values ($1,$2,$3,$4,$5,$6)
         on conflict (id) do nothing`,
        [id, tenantId, userId, subject, text, channels],
      );
      await this.jobs.openBatch(tx, {
        ...{ id, tenantId, correlationId, kind: 'announcement', then: ANNOUNCED },
      });
      await this.jobs.enqueue(tx, [
        {
          ...{ id: deterministicId(ANNOUNCE, id), tenantId, kind: ANNOUNCE, queue: 'low' },
          ...{ correlationId, payload: { announcementId: id, after: null } },
        },
      ]);
    });
    return this.monitor.batch(tenantId, id);
  }
}
