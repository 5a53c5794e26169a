import type { Migration } from '@daftari/service-kit';

/** Loans that can be paid, callbacks as they came, work that is due, calls to providers, and the list of payments. */
export const paymentTables: Migration = {
  name: '20260101_100001_payments',
  up: `
    create table payable_loan(
      loan_id uuid primary key, tenant_id uuid not null, customer_id uuid not null, account_reference text not null, status text not null, sequence bigint not null,
      unique (tenant_id, account_reference));
    create table webhook_inbox(
      id bigint generated always as identity primary key, kind text not null, our_ref text, dedupe_key text not null unique, raw text not null, remote_ip text not null,
      received_at timestamptz not null default now(), status text not null default 'new' check (status in ('new','done','ignored','failed')),
      attempts int not null default 0, next_at timestamptz not null default now(), last_error text);
    create index webhook_inbox_due on webhook_inbox(next_at) where status = 'new';
    create table scheduled_task(
      id text primary key, kind text not null, aggregate_id uuid not null, due_at timestamptz not null, attempt int not null default 0, lease_until timestamptz);
    create index scheduled_task_due on scheduled_task(due_at);
    create table provider_call(
      id bigint generated always as identity primary key, at timestamptz not null default now(), provider text not null, operation text not null, our_ref text,
      status int, duration_ms int not null, request_body text, response_body text, error text);
    create index provider_call_ref on provider_call(our_ref);
    create table read_payments(
      payment_id uuid primary key, tenant_id uuid not null, loan_id uuid, customer_id uuid, method text not null, amount numeric(38,0) not null, currency char(3) not null,
      status text not null, receipt text, created_at timestamptz not null, updated_at timestamptz not null);
    create index read_payments_tenant on read_payments(tenant_id, created_at desc);`,
  down: 'drop table read_payments, provider_call, scheduled_task, webhook_inbox, payable_loan;',
};

/** What waits for people, and work that was put aside. */
export const reviewItems: Migration = {
  name: '20260601_100003_review',
  up: `
    create table review_item(
      id uuid primary key, tenant_id uuid not null, kind text not null,
      subject_type text not null check (subject_type in ('payment','disbursement','callback','task')), subject_id text not null,
      reason text not null, amount text, currency char(3), details jsonb not null default '{}', waits_for_loan uuid,
      status text not null default 'open' check (status in ('open','resolved')), opened_at timestamptz not null default now(),
      resolution text, resolved_by text, resolved_reason text, resolved_at timestamptz,
      check ((status = 'resolved') = (resolved_at is not null)));
    create index review_item_list on review_item(tenant_id, status, opened_at, id);
    create index review_item_subject on review_item(subject_id);
    create index review_item_waiting on review_item(waits_for_loan) where status = 'open' and waits_for_loan is not null;
    alter table scheduled_task add column stopped_at timestamptz, add column last_error text;`,
  down: `
    delete from scheduled_task where stopped_at is not null;
    alter table scheduled_task drop column stopped_at, drop column last_error;
    drop table review_item;`,
};

/** Which payment a receipt settled, the newest payout of a loan, and a version that a running task is recognised by. */
export const receiptsAndPayouts: Migration = {
  name: '20260101_100002_receipts_and_payouts',
  up: `
    create table used_receipt(receipt text primary key, payment_id uuid not null);
    alter table payable_loan add column disbursement_id uuid;
    alter table scheduled_task add column version bigint not null default 0;`,
  down: `
    alter table scheduled_task drop column version;
    alter table payable_loan drop column disbursement_id;
    drop table used_receipt;`,
};
