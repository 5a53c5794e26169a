import { transactionPosted, transactionRefused } from '@daftari/contracts';
import { invariant } from '@daftari/kernel';
import type { RecordedEvent } from '@daftari/event-store';
import type { IntegrationMessage } from '@daftari/messaging';
import { integrationMessage } from '@daftari/service-kit';
import { journalEvent } from './journal/post-transaction/journal-writer.js';

/** What of the ledger's log is published: every answer of a journal, under the loan it is about. */
export const translate = (recorded: RecordedEvent): readonly IntegrationMessage[] => {
  if (!recorded.stream.startsWith('journal-')) return [];
  const event = journalEvent(recorded);
  const { transactionId, kind, loanId, paymentId } = event.data;
  const key = loanId ?? transactionId;
  if (event.type === 'TransactionRefused') {
    const { code, reason } = event.data;
    const data = { transactionId, kind, loanId, paymentId, code, reason };
    return [integrationMessage(recorded, transactionRefused, key, data)];
  }
  const { requestHash, ...data } = event.data;
  invariant(requestHash !== '', 'an entry knows its request');
  return [
    integrationMessage(recorded, transactionPosted, key, {
      ...data,
      revision: recorded.revision.toString(),
      recordedAt: recorded.recordedAt.toISOString(),
    }),
  ];
};
