import { Body, Controller, Get, HttpCode, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { invariant, Rejected } from '@daftari/kernel';
import {
  Answers,
  AnswersPage,
  Database,
  eventMeta,
  Idempotent,
  Meta,
  page,
  type Page,
  type RequestMeta,
  Requires,
  type Tx,
} from '@daftari/service-kit';
import { Streams } from '../streams.js';
import { isTaskKind, TaskQueue } from '../tasks/task-queue.js';
import { ListReviewRequest, ReasonRequest } from './requests.js';
import { ReviewDesk, type ReviewView } from './review-desk.js';
import { REVIEW_ITEM } from '../examples.js';

/** What could not be settled by itself: seen, tried again, or put aside, each with a reason. */
@Controller('v1/payments/review')
export class ReviewController {
  constructor(
    private readonly db: Database,
    private readonly desk: ReviewDesk,
    private readonly streams: Streams,
    private readonly queue: TaskQueue,
  ) {}

  @Get()
  @Requires('payments:operate')
  @AnswersPage(REVIEW_ITEM)
  @ApiOperation({
    summary: 'What waits for people, the oldest first, with the commands that settle it',
  })
  async list(
    @Query() query: ListReviewRequest,
    @Meta() meta: RequestMeta,
  ): Promise<Page<ReviewView>> {
    const { status = 'open', kind = null, cursor = null, limit = 25 } = query;
    const found = await this.desk.list(meta.tenantId, { status, kind, cursor, limit });
    return page(found.items, found.nextCursor);
  }

  /** 409 `review/not-possible` for an item that is not work or a callback. A resolved item stays as it is. */
  @Post(':id/retry')
  @HttpCode(200)
  @Requires('payments:operate')
  @Idempotent()
  @Answers(REVIEW_ITEM)
  @ApiOperation({ summary: 'Try stopped work or a stored callback again' })
  async retry(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { reason }: ReasonRequest,
    @Meta() meta: RequestMeta,
  ): Promise<ReviewView> {
    return this.settle(id, 'retry', reason, meta, (tx, item) => this.again(tx, item));
  }

  /** 409 `review/not-possible` when money would be left in between: such an item needs its own command. */
  @Post(':id/dismiss')
  @HttpCode(200)
  @Requires('payments:operate')
  @Idempotent()
  @Answers(REVIEW_ITEM)
  @ApiOperation({ summary: 'Put an item aside: nothing is to be done about it' })
  async dismiss(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { reason }: ReasonRequest,
    @Meta() meta: RequestMeta,
  ): Promise<ReviewView> {
    const item = await this.desk.one(meta.tenantId, id);
    if (item.kind === 'contradictory-payout' && item.status === 'open') {
      const command = { type: 'DismissReview', data: { reason } } as const;
      await this.streams.changeDisbursement(item.subject.id, command, eventMeta(meta));
      return this.desk.one(meta.tenantId, id);
    }
    return this.settle(id, 'dismiss', reason, meta, async () => undefined);
  }

  private async settle(
    id: string,
    action: string,
    reason: string,
    meta: RequestMeta,
    work: (tx: Tx, item: ReviewView) => Promise<void>,
  ): Promise<ReviewView> {
    const item = await this.desk.one(meta.tenantId, id);
    if (item.status === 'resolved') return item;
    if (!item.actions.includes(action))
      throw new Rejected(
        'review/not-possible',
        `This is settled by: ${item.actions.join(', ')}`,
        409,
      );
    await this.db.transaction(async (tx) => {
      await work(tx, item);
      await this.desk.close(tx, item.subject.id, [item.kind], {
        resolution: action,
        by: meta.userId,
        reason,
      });
    });
    return this.desk.one(meta.tenantId, id);
  }

  private async again(tx: Tx, { subject, details }: ReviewView): Promise<void> {
    if (subject.type === 'callback') {
      await tx.client.query(
        "update webhook_inbox set status = 'new', attempts = 0, next_at = now() where id = $1 and status in ('failed', 'ignored')",
        [subject.id.slice('callback-'.length)],
      );
      return;
    }
    const { work } = details;
    invariant(isTaskKind(work), 'stopped work names its kind');
    await this.queue.schedule(tx, work, subject.id, 0);
  }
}
