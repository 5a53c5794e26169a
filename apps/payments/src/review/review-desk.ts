import { Injectable } from '@nestjs/common';
import { deterministicId, NotFound } from '@daftari/kernel';
import { Database, type Tx } from '@daftari/service-kit';
import type { ReviewChange } from './review-of-events.js';
import {
  ACTIONS,
  type Resolution,
  type ReviewItem,
  type ReviewKind,
  type ReviewSubject,
} from './review-item.js';

/** An item as the operator sees it. */
export interface ReviewView {
  readonly id: string;
  readonly kind: ReviewKind;
  readonly subject: ReviewSubject;
  readonly reason: string;
  readonly amount: { readonly amount: string; readonly currency: string } | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly status: 'open' | 'resolved';
  readonly actions: readonly string[];
  readonly openedAt: Date;
  readonly resolution: (Resolution & { readonly at: Date }) | null;
}

interface Row {
  readonly id: string;
  readonly kind: ReviewKind;
  readonly subject_type: ReviewSubject['type'];
  readonly subject_id: string;
  readonly reason: string;
  readonly amount: string | null;
  readonly currency: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly status: 'open' | 'resolved';
  readonly opened_at: Date;
  readonly resolution: string | null;
  readonly resolved_by: string | null;
  readonly resolved_reason: string | null;
  readonly resolved_at: Date | null;
  readonly cursor: string;
}

const viewOf = (row: Row): ReviewView => ({
  id: row.id,
  kind: row.kind,
  subject: { type: row.subject_type, id: row.subject_id },
  reason: row.reason,
  amount:
    row.amount === null || row.currency === null
      ? null
      : { amount: row.amount, currency: row.currency },
  details: row.details,
  status: row.status,
  actions: row.status === 'open' ? ACTIONS[row.kind] : [],
  openedAt: row.opened_at,
  resolution:
    row.resolved_at === null
      ? null
      : {
          resolution: row.resolution ?? '',
          by: row.resolved_by ?? '',
          reason: row.resolved_reason ?? '',
          at: row.resolved_at,
        },
});

const CURSOR = `to_char(opened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '_' || id as cursor`;

/** What waits for people. An item is written in the transaction that makes it necessary, and ends in the one that settles it. */
@Injectable()
export class ReviewDesk {
  constructor(private readonly db: Database) {}

  /** Opens an item unless there is one, settled or not: for what is noticed again and again. */
  async openOnce(
    tx: Tx,
    tenantId: string,
    subject: ReviewSubject,
    item: ReviewItem,
  ): Promise<void> {
    const { rowCount } = await tx.client.query('select 1 from review_item where id = $1', [
      deterministicId('review', item.kind, subject.id),
    ]);
    if (rowCount === 0) await this.open(tx, tenantId, subject, item);
  }

  /** Opens an item, or opens it again with what is known now. */
  async open(tx: Tx, tenantId: string, subject: ReviewSubject, item: ReviewItem): Promise<void> {
    await tx.client.query(
      `insert into review_item(id, tenant_id, kind, subject_type, subject_id, reason, amount, currency, details, waits_for_loan)
       values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)
       on conflict (id) do update set status = 'open', reason = $6, details = $9, resolution = null, resolved_by = null, resolved_reason = null, resolved_at = null`,
      [
        deterministicId('review', item.kind, subject.id),
        tenantId,
        item.kind,
        subject.type,
        subject.id,
        item.reason.slice(0, 1_000),
        item.amount?.amount ?? null,
        item.amount?.currency ?? null,
        JSON.stringify(item.details),
        item.waitsForLoanId ?? null,
      ],
    );
  }

  /** Ends the open items of these kinds about a subject. */
  async close(
    tx: Tx,
    subjectId: string,
    kinds: readonly ReviewKind[],
    { resolution, by, reason }: Resolution,
  ): Promise<void> {
    if (kinds.length === 0) return;
    await tx.client.query(
      `update review_item set status = 'resolved', resolution = $3, resolved_by = $4, resolved_reason = $5, resolved_at = now()
       where subject_id = $1 and kind = any($2::text[]) and status = 'open'`,
      [subjectId, kinds, resolution, by, reason.slice(0, 1_000)],
    );
  }

  /** Applies what an event changes, in the transaction that appends it. */
  async follow(
    tx: Tx,
    tenantId: string,
    subject: ReviewSubject,
    change: ReviewChange,
    cause: { readonly event: string; readonly by: string },
  ): Promise<void> {
    const { open, close, reason } = change;
    await this.close(tx, subject.id, close, { resolution: cause.event, by: cause.by, reason });
    if (open) await this.open(tx, tenantId, subject, open);
  }

  /** Payments that wait for a loan. */
  async waitingFor(tx: Tx, loanId: string): Promise<string[]> {
    const { rows } = await tx.client.query<{ id: string }>(
      "select subject_id as id from review_item where waits_for_loan = $1 and status = 'open'",
      [loanId],
    );
    return rows.map(({ id }) => id);
  }

  /** One item of a tenant; NotFound for another's. */
  async one(tenantId: string, id: string): Promise<ReviewView> {
    const { rows } = await this.db.pool.query<Row>(
      `select *, ${CURSOR} from review_item where id = $1 and tenant_id = $2`,
      [id, tenantId],
    );
    if (!rows[0]) throw new NotFound('review-item');
    return viewOf(rows[0]);
  }

  /** Items of a tenant, oldest first: what has waited longest comes first. */
  async list(
    tenantId: string,
    filter: { status: string; kind: string | null; cursor: string | null; limit: number },
  ): Promise<{ items: ReviewView[]; nextCursor: string | null }> {
    const [at, after] = filter.cursor?.split('_') ?? [null, null];
    const { rows } = await this.db.pool.query<Row>(
      `select *, ${CURSOR} from review_item
       where tenant_id = $1 and status = $2 and ($3::text is null or kind = $3)
         and ($4::timestamptz is null or (opened_at, id) > ($4, $5::uuid))
       order by opened_at, id limit $6`,
      [tenantId, filter.status, filter.kind, at, after, filter.limit + 1],
    );
    const shown = rows.slice(0, filter.limit);
    const nextCursor = rows.length > filter.limit ? (shown.at(-1)?.cursor ?? null) : null;
    return { items: shown.map(viewOf), nextCursor };
  }
}
