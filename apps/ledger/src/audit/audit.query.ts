import { Injectable } from '@nestjs/common';
import { Database } from '@daftari/service-kit';
import type { AuditEntry } from './audit.consumer.js';

/** An audit entry with its place in the audit stream. */
export type AuditRow = AuditEntry & { readonly revision: string };

/** Which audit entries. */
export interface AuditFilter {
  readonly cursor?: string | undefined;
  readonly limit: number;
  readonly type?: string | undefined;
  readonly actorId?: string | undefined;
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Reads of the audit stream's table. */
@Injectable()
export class AuditQuery {
  constructor(private readonly db: Database) {}

  /** Newest first; the cursor is the revision of the last one seen. */
  async find(tenantId: string, filter: AuditFilter): Promise<readonly AuditRow[]> {
    const { rows } = await this.db.pool.query<{ record: AuditRow }>(
      `select record from read_audit where tenant_id = $1 and ($2::bigint is null or revision < $2::bigint)
         and ($3::text is null or type = $3) and ($4::text is null or actor_id = $4)
         and ($5::text is null or strpos(action, $5) > 0) and ($6::text is null or target = $6 or subject = $6)
         and ($7::text is null or correlation_id = $7)
         and ($8::timestamptz is null or at >= $8::timestamptz) and ($9::timestamptz is null or at < $9::timestamptz)
       order by revision desc limit $10`,
      [
        tenantId,
        filter.cursor ?? null,
        filter.type ?? null,
        filter.actorId ?? null,
        filter.action ?? null,
        filter.target ?? null,
        filter.correlationId ?? null,
        filter.from ?? null,
        filter.to ?? null,
        filter.limit,
      ],
    );
    return rows.map((row) => row.record);
  }

  /** What names a subject or belongs to the same requests, oldest first, at most 1,000. */
  async touching(
    tenantId: string,
    subject: string,
    correlationIds: readonly string[],
  ): Promise<readonly AuditRow[]> {
    const { rows } = await this.db.pool.query<{ record: AuditRow }>(
      `select record from read_audit
       where tenant_id = $1 and (subject = $2 or target = $2 or correlation_id = any($3::text[]))
       order by revision limit 1000`,
      [tenantId, subject, correlationIds],
    );
    return rows.map((row) => row.record);
  }
}
