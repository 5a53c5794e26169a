import type { Projection } from '@daftari/event-store';
import type { AuditEntry } from './audit.consumer.js';

/** The audit streams as rows that can be searched. */
export const auditEvents: Projection = {
  name: 'ledger-audit-events',
  filter: { on: 'stream', prefixes: ['audit-'] },
  handles: ['AuditRecorded'],
  async apply(recorded, tx) {
    const entry = recorded.data as AuditEntry;
    const { operation } = entry;
    await tx.query(
      `insert into read_audit(tenant_id, revision, message_id, type, topic, subject, action, actor_id, target, result,
         correlation_id, at, recorded_at, record) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
      [
        recorded.stream.slice('audit-'.length),
        recorded.revision.toString(),
        entry.messageId,
        entry.type,
        entry.topic,
        entry.subject,
        operation?.action ?? null,
        operation?.actorId ?? null,
        operation?.target ?? null,
        operation?.result ?? null,
        entry.correlationId,
        entry.time,
        recorded.recordedAt,
        JSON.stringify({ revision: recorded.revision.toString(), ...entry }),
      ],
    );
  },
  async reset(tx) {
    await tx.query('truncate read_audit');
  },
};
