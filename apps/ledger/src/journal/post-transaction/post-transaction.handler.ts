import { Inject, Injectable } from '@nestjs/common';
import type { PostTransaction } from '@daftari/contracts';
import type { RecordedEvent, TransactionalEventStore } from '@daftari/event-store';
import { invariant } from '@daftari/kernel';
import { EVENT_STORE, type EventMeta } from '@daftari/service-kit';
import { JournalWriter, journalStream, type PostResult, requestHashOf } from './journal-writer.js';

/** Posts to a tenant's journal; one writer per tenant lives in the process. */
@Injectable()
export class PostTransactionHandler {
  private readonly writers = new Map<string, JournalWriter>();

  constructor(@Inject(EVENT_STORE) private readonly store: TransactionalEventStore) {}

  /** `identity` is what a repeat must have in common with the first request; the whole request when it is left out. */
  post(request: PostTransaction, meta: EventMeta, identity?: unknown): Promise<PostResult> {
    const requestHash = requestHashOf(identity ?? request);
    const writer = this.writers.get(meta.tenantId) ?? new JournalWriter(this.store, meta.tenantId);
    this.writers.set(meta.tenantId, writer);
    return writer.post({ type: 'PostTransaction', ...request, requestHash }, meta);
  }

  /** The journal's entry at a revision. */
  async entryAt(tenantId: string, revision: bigint): Promise<RecordedEvent> {
    let found: RecordedEvent | undefined;
    for await (const event of this.store.readStream(journalStream(tenantId), {
      from: revision,
      limit: 1,
    }))
      found = event;
    invariant(found !== undefined, `journal entry ${String(revision)} is missing`);
    return found;
  }
}
