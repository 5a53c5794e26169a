import type { Migration } from '@daftari/service-kit';

/** Tables of the ledger's read models. Amounts are minor units. */
export const migrations: readonly Migration[] = [
  {
    name: '20260102_000100_ledger_read_models',
    up: `
      create table read_transactions(
        tenant_id text not null, revision bigint not null, transaction_id uuid not null,
        loan_id uuid, payment_id uuid, correlation_id text, recorded_at timestamptz not null, entry jsonb not null,
        primary key (tenant_id, revision), unique (tenant_id, transaction_id));
      create index read_transactions_loan on read_transactions(tenant_id, loan_id);
      create index read_transactions_payment on read_transactions(tenant_id, payment_id);
      create table read_postings(
        tenant_id text not null, revision bigint not null, line smallint not null,
        account text not null, currency char(3) not null, side text not null check (side in ('debit', 'credit')),
        amount numeric(38,0) not null check (amount > 0), balance_after numeric(38,0) not null,
        effective_on date not null, recorded_at timestamptz not null, transaction_id uuid not null,
        loan_id uuid, payment_id uuid, reference text not null,
        primary key (tenant_id, revision, line));
      create index read_postings_account on read_postings(tenant_id, account, effective_on, revision);
      create table read_balances(
        tenant_id text not null, account text not null, currency char(3) not null,
        debits numeric(38,0) not null, credits numeric(38,0) not null,
        primary key (tenant_id, account, currency));
      create table read_audit(
        tenant_id text not null, revision bigint not null, message_id text not null, type text not null,
        topic text not null, subject text not null, action text, actor_id text, target text, result text,
        correlation_id text not null, at timestamptz not null, recorded_at timestamptz not null, record jsonb not null,
        primary key (tenant_id, revision));
      create index read_audit_correlation on read_audit(tenant_id, correlation_id);
      create index read_audit_subject on read_audit(tenant_id, subject);
      create index read_audit_target on read_audit(tenant_id, target);`,
    down: 'drop table read_transactions; drop table read_postings; drop table read_balances; drop table read_audit;',
  },
];
