import type { Migration } from './migrations.js';

/** Tables that every service has: idempotency keys of its API and the calendars of the tenants. */
export const kitMigrations: readonly Migration[] = [
  {
    name: '20260101_000001_service_kit',
    up: `
      create table idempotency(
        key text primary key, fingerprint text not null, lease_until timestamptz not null,
        status int, body jsonb, error jsonb, created_at timestamptz not null default now());
      create index idempotency_created_at on idempotency(created_at);
      create table tenant_calendar(
        tenant_id uuid primary key, name text not null, time_zone text not null, currency char(3) not null,
        offset_days int not null, sequence bigint not null default 0);`,
    down: 'drop table idempotency; drop table tenant_calendar;',
  },
];
