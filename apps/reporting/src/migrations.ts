import type { Migration } from '@daftari/service-kit';

/** Tables of the reports. Amounts are minor units. */
export const migrations: readonly Migration[] = [
  {
    name: '20260102_000200_reporting_read_models',
    up: `
      create table read_loans(
        loan_id uuid primary key, tenant_id text not null, customer_id uuid, account_reference text,
        status text not null default 'approved', status_sequence bigint not null default -1,
        currency char(3), principal numeric(38,0), disbursed_on date, schedule_sequence bigint not null default -1);
      create index read_loans_tenant on read_loans(tenant_id);
      create table read_installments(
        loan_id uuid not null references read_loans, number int not null, due_on date not null,
        principal numeric(38,0) not null, interest numeric(38,0) not null, fees numeric(38,0) not null, penalties numeric(38,0) not null,
        paid_principal numeric(38,0) not null, paid_interest numeric(38,0) not null, paid_fees numeric(38,0) not null, paid_penalties numeric(38,0) not null,
        primary key (loan_id, number));
      create table read_collections(
        payment_id uuid primary key, tenant_id text not null, loan_id uuid not null, message_id text not null,
        effective_on date not null, currency char(3) not null, amount numeric(38,0) not null,
        principal numeric(38,0) not null, interest numeric(38,0) not null, fees numeric(38,0) not null,
        penalties numeric(38,0) not null, overpayment numeric(38,0) not null);
      create index read_collections_day on read_collections(tenant_id, effective_on);
      create table read_ledger_totals(
        tenant_id text not null, account text not null, currency char(3) not null,
        debits numeric(38,0) not null, credits numeric(38,0) not null, primary key (tenant_id, account, currency));
      create table read_payment_times(
        payment_id uuid primary key, tenant_id text not null, settled_at timestamptz, posted_at timestamptz);
      create table read_mail_times(
        cause_message_id text not null, tenant_id text not null, accepted_at timestamptz not null,
        primary key (tenant_id, cause_message_id));
      create table read_application_decisions(
        application_id uuid primary key, tenant_id text not null, decision text not null default 'pending');
      create table read_disbursements(
        disbursement_id uuid primary key, tenant_id text not null, loan_id uuid not null, outcome text not null,
        sequence bigint not null);`,
    down: `drop table read_installments; drop table read_loans; drop table read_collections; drop table read_ledger_totals;
      drop table read_payment_times; drop table read_mail_times; drop table read_application_decisions; drop table read_disbursements;`,
  },
  {
    name: '20260601_000201_reversed_collections',
    up: 'alter table read_collections add column reversed boolean not null default false;',
    down: 'delete from read_collections where reversed; alter table read_collections drop column reversed;',
  },
];
