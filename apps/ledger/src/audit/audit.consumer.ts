import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { type AuditRecorded, auditRecorded, TOPIC } from '@daftari/contracts';
import type { TransactionalEventStore } from '@daftari/event-store';
import { deterministicId } from '@daftari/kernel';
import { Inbox, type IntegrationMessage } from '@daftari/messaging';
import { Database, EVENT_STORE, metaOfMessage } from '@daftari/service-kit';

/** What the audit stream keeps of a message. Of business messages only who points to whom: no personal data. */
export interface AuditEntry {
  readonly messageId: string;
  readonly type: string;
  readonly topic: string;
  readonly source: string;
  readonly subject: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly time: string;
  /** Who did what from where with which result; only of audited operations. */
  readonly operation: AuditRecorded | null;
}

/** The audit stream of a tenant. */
export const auditStream = (tenantId: string): string => `audit-${tenantId}`;

/** The entry that a message becomes. */
export const auditEntryOf = (message: IntegrationMessage): AuditEntry => ({
  messageId: message.id,
  type: message.type,
  topic: message.topic,
  source: message.source,
  subject: message.key,
  correlationId: message.correlationId,
  causationId: message.causationId ?? null,
  time: message.time,
  operation: message.type === auditRecorded.type ? (message.data as AuditRecorded) : null,
});

/** Writes every context's facts into the chained audit stream, each once: inbox row and event commit together. */
@Controller()
export class AuditConsumer {
  constructor(
    private readonly db: Database,
    private readonly inbox: Inbox,
    @Inject(EVENT_STORE) private readonly store: TransactionalEventStore,
  ) {}

  @EventPattern([
    TOPIC.auditV1,
    TOPIC.userV1,
    TOPIC.tenantV1,
    TOPIC.applicationV1,
    TOPIC.loanV1,
    TOPIC.paymentV1,
    TOPIC.disbursementV1,
    TOPIC.deliveryV1,
  ])
  async onFact(@Payload() message: IntegrationMessage): Promise<void> {
    const entry = auditEntryOf(message);
    const { tenantId, actorId, correlationId, causationId } = metaOfMessage(
      message,
      entry.operation?.actorId ?? 'system',
    );
    await this.db.transaction(async (tx) => {
      if (!(await this.inbox.once(tx.client, 'ledger.audit', message.id))) return;
      const event = {
        id: deterministicId('audit', message.id),
        type: 'AuditRecorded',
        data: entry,
        metadata: { tenantId, actorId, correlationId, causationId, schemaVersion: '1' },
      };
      await this.store.appendIn(tx.client, auditStream(tenantId), [event], { expected: 'any' });
    });
  }
}
