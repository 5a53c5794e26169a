import type { Migration } from '@daftari/service-kit';

/** Contacts, fed by identity, and what is to be told to whom. */
export const notificationTables: Migration = {
  name: '20260101_100001_notifications',
  up: `
    create table contact(
      user_id uuid primary key, tenant_id uuid not null, email text not null, phone text, name text not null,
      updated_at timestamptz not null default now());
    create table delivery(
      id uuid primary key, tenant_id uuid not null, user_id uuid not null, cause_message_id text not null,
      correlation_id text not null, template text not null, channel text not null check (channel in ('email','sms','in-app')),
      recipient text not null, subject text not null, body_text text not null, body_html text not null,
      status text not null default 'queued' check (status in ('queued','accepted','failed')),
      attempts int not null default 0, next_at timestamptz not null default now(), lease_until timestamptz,
      last_error text, created_at timestamptz not null default now(), accepted_at timestamptz);
    create index delivery_due on delivery(next_at) where status = 'queued';
    create index delivery_user on delivery(tenant_id, user_id, created_at desc);`,
  down: 'drop table delivery; drop table contact;',
};
