import type { Projection, RecordedEvent } from '@daftari/event-store';
import type { PoolClient } from 'pg';
import { storedLegs } from '../domain/decide.js';
import { normalSideOf } from '../domain/journal.js';
import { journalEvent } from '../post-transaction/journal-writer.js';
import { entryOf } from './entry.js';

const ADD_TO_BALANCE = `
  insert into read_balances as b(tenant_id, account, currency, debits, credits) values ($1, $2, $3, $4, $5)
  on conflict (tenant_id, account, currency) do update set debits = b.debits + $4, credits = b.credits + $5
  returning debits, credits`;
const ADD_POSTING = `
  insert into read_postings(tenant_id, revision, line, account, currency, side, amount, balance_after, effective_on,
    recorded_at, transaction_id, loan_id, payment_id, reference)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`;
const ADD_TRANSACTION = `
  insert into read_transactions(tenant_id, revision, transaction_id, loan_id, payment_id, correlation_id, recorded_at, entry)
  values ($1, $2, $3, $4, $5, $6, $7, $8)`;

const addPostings = async (recorded: RecordedEvent, tx: PoolClient): Promise<void> => {
  const event = journalEvent(recorded);
  const tenantId = recorded.stream.slice('journal-'.length);
  const { transactionId, currency, effectiveOn, loanId, paymentId, reference } = event.data;
  for (const [line, { account, side, minor }] of storedLegs(event).entries()) {
    const debits = side === 'debit' ? minor : 0n;
    const { rows } = await tx.query<{ debits: string; credits: string }>(ADD_TO_BALANCE, [
      tenantId,
      account,
      currency,
      debits.toString(),
      (minor - debits).toString(),
    ]);
    const balance = BigInt(rows[0]?.debits ?? 0) - BigInt(rows[0]?.credits ?? 0);
    await tx.query(ADD_POSTING, [
      tenantId,
      recorded.revision.toString(),
      line,
      account,
      currency,
      side,
      minor.toString(),
      (normalSideOf(account) === 'debit' ? balance : -balance).toString(),
      effectiveOn,
      recorded.recordedAt,
      transactionId,
      loanId,
      paymentId,
      reference,
    ]);
  }
};

/** Entries, postings with running balances, and balances of every journal. */
export const journalEntries: Projection = {
  name: 'ledger-journal-entries',
  filter: { on: 'stream', prefixes: ['journal-'] },
  handles: ['TransactionPosted', 'TransactionRefused'],
  async apply(recorded, tx) {
    const { data } = journalEvent(recorded);
    await tx.query(ADD_TRANSACTION, [
      recorded.stream.slice('journal-'.length),
      recorded.revision.toString(),
      data.transactionId,
      data.loanId,
      data.paymentId,
      recorded.metadata['correlationId'] ?? null,
      recorded.recordedAt,
      JSON.stringify(entryOf(recorded)),
    ]);
    await addPostings(recorded, tx);
  },
  async reset(tx) {
    await tx.query('truncate read_transactions, read_postings, read_balances');
  },
};
