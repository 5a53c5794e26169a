import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import {
  AnswersPage,
  Database,
  Meta,
  page,
  type Page,
  type RequestMeta,
  Requires,
} from '@daftari/service-kit';
import { NOTIFICATION } from '../examples.js';

/** Filters of the list. */
export class ListNotificationsRequest {
  @ApiPropertyOptional({ example: 25 })
  @IsOptional()
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(1)
  @Max(100)
  limit?: number;
}

/** One notification as its receiver or staff sees it. */
export interface NotificationView {
  readonly id: string;
  readonly userId: string;
  readonly template: string;
  readonly channel: string;
  readonly subject: string;
  /** The text of an in-app message, for whom it is; null otherwise. */
  readonly body: string | null;
  readonly status: string;
  readonly createdAt: Date;
  readonly acceptedAt: Date | null;
}

@Controller('v1/notifications')
export class DeliveriesController {
  constructor(private readonly db: Database) {}

  /** A customer sees its own, staff the whole tenant's, newest first. */
  @Get()
  @Requires('notifications:read')
  @AnswersPage(NOTIFICATION)
  @ApiOperation({ summary: 'List notifications, newest first' })
  async list(
    @Query() query: ListNotificationsRequest,
    @Meta() meta: RequestMeta,
  ): Promise<Page<NotificationView>> {
    const own = meta.permissions.has('customers:read') ? null : meta.userId;
    const { rows } = await this.db.pool.query<NotificationView>(
      `select id, user_id as "userId", template, channel, subject, status,
         case when channel = 'in-app' and user_id = $4 then body_text end as body, created_at as "createdAt", accepted_at as "acceptedAt"
       from delivery where tenant_id = $1 and ($2::uuid is null or user_id = $2) order by created_at desc limit $3`,
      [meta.tenantId, own, query.limit ?? 25, meta.userId],
    );
    return page(rows);
  }
}
