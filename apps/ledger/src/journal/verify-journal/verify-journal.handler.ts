import { Inject, Injectable } from '@nestjs/common';
import type { TransactionalEventStore } from '@daftari/event-store';
import { Database, EVENT_STORE, loadState } from '@daftari/service-kit';
import { balanceKey, type Journal } from '../domain/journal.js';
import { journalEvent, journalStream } from '../post-transaction/journal-writer.js';
import { type Audit, emptyAudit, examine } from './examine.js';

/** One thing that was checked. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}
/** What a verification found. */
export interface VerifyReport {
  readonly ok: boolean;
  readonly checks: readonly Check[];
  readonly entries: number;
  readonly lastPosition: string | null;
  /** Stands for the whole log, hex: what a signed checkpoint would hold. */
  readonly headHash: string;
}

const READ_MODEL = `
  with from_postings as (
    select account, currency, sum(case when side = 'debit' then amount else -amount end) as balance
    from read_postings where tenant_id = $1 group by 1, 2)
  select coalesce(b.account, p.account) as account, coalesce(b.currency, p.currency) as currency,
    coalesce(b.debits - b.credits, 0)::text as balance, coalesce(p.balance, 0)::text as postings
  from (select * from read_balances where tenant_id = $1) b full join from_postings p using (account, currency)`;

const check = (name: string, problems: readonly string[], fine: string): Check => ({
  name,
  ok: problems.length === 0,
  detail: problems.length === 0 ? fine : problems.slice(0, 20).join('; '),
});

/** Proves a tenant's journal: the chain of bytes, the sums, the order, and the tables derived from it. */
@Injectable()
export class VerifyJournalHandler {
  constructor(
    private readonly db: Database,
    @Inject(EVENT_STORE) private readonly store: TransactionalEventStore,
  ) {}

  async verify(tenantId: string): Promise<VerifyReport> {
    const chain = await this.store.verify();
    const tables = await this.tables(tenantId);
    const { state: found } = await loadState(
      this.store,
      journalStream(tenantId),
      emptyAudit(tables.revision),
      (audit, event) => examine(audit, journalEvent(event), event.revision),
    );
    const checks = [
      check(
        'hash-chain',
        chain.ok ? [] : [`broken at ${chain.firstBadPosition ?? 'a gap'}`],
        `${String(chain.events)} events`,
      ),
      check('revisions-without-gaps', found.gaps, `${String(found.entries)} entries`),
      check('every-entry-balanced', found.unbalanced, `${String(found.entries)} entries`),
      check('transaction-ids-unique', found.repeated, `${String(found.ids.size)} ids`),
      check('postings-sum-to-zero', sums(found.journal), 'zero in every currency'),
      check(
        'balances-equal-read-models',
        differences(found, tables.balances),
        `compared at revision ${String(tables.revision)} of ${String(found.entries - 1)}`,
      ),
    ];
    let lastPosition: string | null = null;
    for await (const event of this.store.readAll({ direction: 'backwards', limit: 1 }))
      lastPosition = event.position;
    return {
      ok: checks.every(({ ok }) => ok),
      checks,
      entries: found.entries,
      lastPosition,
      headHash: chain.headHash,
    };
  }

  /** The read models and how far they are, from one snapshot. */
  private async tables(
    tenantId: string,
  ): Promise<{ revision: bigint; balances: Map<string, readonly string[]> }> {
    return this.db.transaction(async ({ client }) => {
      await client.query('set transaction isolation level repeatable read');
      const { rows: last } = await client.query<{ revision: string }>(
        'select coalesce(max(revision), -1)::text as revision from read_transactions where tenant_id = $1',
        [tenantId],
      );
      const { rows } = await client.query<{
        account: string;
        currency: string;
        balance: string;
        postings: string;
      }>(READ_MODEL, [tenantId]);
      const balances = rows.map(
        (row) => [balanceKey(row.account, row.currency), [row.balance, row.postings]] as const,
      );
      return { revision: BigInt(last[0]?.revision ?? -1), balances: new Map(balances) };
    });
  }
}

const sums = (journal: Journal): string[] => {
  const totals = new Map<string, bigint>();
  for (const [key, balance] of journal.balances) {
    const currency = key.slice(0, 3);
    totals.set(currency, (totals.get(currency) ?? 0n) + balance);
  }
  return [...totals]
    .filter(([, total]) => total !== 0n)
    .map(([currency, total]) => `${currency}: ${String(total)} minor units too much`);
};

const differences = (found: Audit, tables: ReadonlyMap<string, readonly string[]>): string[] =>
  [...new Set([...found.projected.keys(), ...tables.keys()])].flatMap((key) => {
    const replayed = String(found.projected.get(key) ?? 0n);
    const stored = tables.get(key) ?? ['0', '0'];
    return stored.every((value) => value === replayed)
      ? []
      : [`${key}: replay ${replayed}, balance ${stored[0] ?? ''}, postings ${stored[1] ?? ''}`];
  });
