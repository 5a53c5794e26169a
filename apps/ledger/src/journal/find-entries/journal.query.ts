import { Injectable } from '@nestjs/common';
import { formatMinor } from '@daftari/kernel';
import { Database } from '@daftari/service-kit';
import { normalSideOf } from '../domain/journal.js';
import type { JournalEntry } from './entry.js';

/** Up to when: by effective date, and by when the ledger learnt of it. */
export interface AsOf {
  readonly asOf?: string | undefined;
  readonly recordedBefore?: string | undefined;
}
/** Which entries. */
export interface EntryFilter {
  readonly loanId?: string | undefined;
  readonly paymentId?: string | undefined;
  readonly transactionId?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}
/** One account of the trial balance; `balance` on its normal side. */
export interface AccountBalance {
  readonly account: string;
  readonly currency: string;
  readonly normalSide: 'debit' | 'credit';
  readonly debits: string;
  readonly credits: string;
  readonly balance: string;
}
/** One line of an account's statement. */
export interface StatementLine {
  readonly revision: string;
  readonly line: number;
  readonly transactionId: string;
  readonly side: string;
  readonly amount: string;
  readonly currency: string;
  readonly balanceAfter: string;
  readonly effectiveOn: string;
  readonly recordedAt: string;
  readonly loanId: string | null;
  readonly paymentId: string | null;
  readonly reference: string;
}

const TRIAL_BALANCE = `
  select account, currency, coalesce(sum(amount) filter (where side = 'debit'), 0)::text as debits,
    coalesce(sum(amount) filter (where side = 'credit'), 0)::text as credits
  from read_postings where tenant_id = $1
    and ($2::date is null or effective_on <= $2::date) and ($3::timestamptz is null or recorded_at < $3::timestamptz)
  group by account, currency order by account, currency`;

const STATEMENT = `
  with lines as (
    select p.*, sum(case when side = $7 then amount else -amount end)
      over (partition by currency order by effective_on, revision, line) as balance
    from read_postings p where tenant_id = $1 and account = $2
      and ($3::date is null or effective_on <= $3::date) and ($4::timestamptz is null or recorded_at < $4::timestamptz))
  select revision::text, line, transaction_id, side, amount::text, currency, balance::text, effective_on::text,
    recorded_at, loan_id, payment_id, reference
  from lines where ($5::date is null or effective_on >= $5::date) and ($6::date is null or effective_on <= $6::date)
  order by lines.effective_on, lines.revision, lines.line offset $8 limit $9`;

interface StatementRow {
  revision: string;
  line: number;
  transaction_id: string;
  side: string;
  amount: string;
  currency: string;
  balance: string;
  effective_on: string;
  recorded_at: Date;
  loan_id: string | null;
  payment_id: string | null;
  reference: string;
}

const lineOf = (row: StatementRow): StatementLine => ({
  revision: row.revision,
  line: row.line,
  transactionId: row.transaction_id,
  side: row.side,
  amount: formatMinor(BigInt(row.amount), row.currency),
  currency: row.currency,
  balanceAfter: formatMinor(BigInt(row.balance), row.currency),
  effectiveOn: row.effective_on,
  recordedAt: row.recorded_at.toISOString(),
  loanId: row.loan_id,
  paymentId: row.payment_id,
  reference: row.reference,
});

/** Reads of the journal's tables. */
@Injectable()
export class JournalQuery {
  constructor(private readonly db: Database) {}

  /** Newest first, refusals included; the cursor is the revision of the last one seen. */
  async entries(tenantId: string, filter: EntryFilter): Promise<readonly JournalEntry[]> {
    const { rows } = await this.db.pool.query<{ entry: JournalEntry }>(
      `select entry from read_transactions where tenant_id = $1 and ($2::bigint is null or revision < $2::bigint)
         and ($3::uuid is null or loan_id = $3::uuid) and ($4::uuid is null or payment_id = $4::uuid)
         and ($5::uuid is null or transaction_id = $5::uuid)
       order by revision desc limit $6`,
      [
        tenantId,
        filter.cursor ?? null,
        filter.loanId ?? null,
        filter.paymentId ?? null,
        filter.transactionId ?? null,
        filter.limit,
      ],
    );
    return rows.map((row) => row.entry);
  }

  /** The trial balance, as of an effective date and as it was known before an instant. */
  async accounts(tenantId: string, at: AsOf): Promise<readonly AccountBalance[]> {
    const { rows } = await this.db.pool.query<{
      account: string;
      currency: string;
      debits: string;
      credits: string;
    }>(TRIAL_BALANCE, [tenantId, at.asOf ?? null, at.recordedBefore ?? null]);
    return rows.map(({ account, currency, debits, credits }) => {
      const normalSide = normalSideOf(account);
      const balance = BigInt(debits) - BigInt(credits);
      return {
        account,
        currency,
        normalSide,
        debits: formatMinor(BigInt(debits), currency),
        credits: formatMinor(BigInt(credits), currency),
        balance: formatMinor(normalSide === 'debit' ? balance : -balance, currency),
      };
    });
  }

  /** Lines in the order of their effective dates; the running balance counts everything before them too. */
  async statement(
    tenantId: string,
    account: string,
    window: AsOf & {
      readonly from?: string | undefined;
      readonly to?: string | undefined;
      readonly offset: number;
      readonly limit: number;
    },
  ): Promise<readonly StatementLine[]> {
    const { rows } = await this.db.pool.query<StatementRow>(STATEMENT, [
      tenantId,
      account,
      window.asOf ?? null,
      window.recordedBefore ?? null,
      window.from ?? null,
      window.to ?? null,
      normalSideOf(account),
      window.offset,
      window.limit,
    ]);
    return rows.map(lineOf);
  }
}
