import type { RecordedEvent } from '@daftari/event-store';
import type { Posting, TransactionAmounts } from '../domain/journal.js';
import { journalEvent } from '../post-transaction/journal-writer.js';

/** A journal entry as the API shows it. */
export interface JournalEntry {
  readonly transactionId: string;
  readonly status: 'posted' | 'refused';
  readonly kind: string;
  readonly currency: string;
  readonly amounts: TransactionAmounts;
  readonly effectiveOn: string;
  readonly recordedAt: string;
  readonly revision: string;
  readonly loanId: string | null;
  readonly paymentId: string | null;
  readonly reference: string;
  readonly postings: readonly Posting[];
  readonly code: string | null;
  readonly reason: string | null;
  readonly actorId: string | null;
  readonly correlationId: string | null;
  readonly causationId: string | null;
}

/** The entry that a stored event is. */
export const entryOf = (recorded: RecordedEvent): JournalEntry => {
  const event = journalEvent(recorded);
  const { data } = event;
  const refused = event.type === 'TransactionRefused' ? event.data : undefined;
  return {
    transactionId: data.transactionId,
    status: refused ? 'refused' : 'posted',
    kind: data.kind,
    currency: data.currency,
    amounts: data.amounts,
    effectiveOn: data.effectiveOn,
    recordedAt: recorded.recordedAt.toISOString(),
    revision: recorded.revision.toString(),
    loanId: data.loanId,
    paymentId: data.paymentId,
    reference: data.reference,
    postings: event.type === 'TransactionPosted' ? event.data.postings : [],
    code: refused?.code ?? null,
    reason: refused?.reason ?? null,
    actorId: recorded.metadata['actorId'] ?? null,
    correlationId: recorded.metadata['correlationId'] ?? null,
    causationId: recorded.metadata['causationId'] ?? null,
  };
};
