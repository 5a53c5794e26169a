import type { Migration } from '@daftari/service-kit';

/** Tenants, users, sessions and keys. */
export const identityTables: Migration = {
  name: '20260101_100001_identity',
  up: `
    create table tenant(
      id uuid primary key, slug text not null unique, name text not null, time_zone text not null, currency char(3) not null, offset_days int not null default 0);
    create table app_user(
      id uuid primary key, tenant_id uuid not null references tenant, email text not null, password_hash text not null, name text not null, phone text,
      roles text[] not null, email_verified boolean not null default false, profile jsonb not null default '{}', created_at timestamptz not null default now(),
      unique (tenant_id, email));
    create table session(
      id uuid primary key, user_id uuid not null references app_user, ip text not null, user_agent text not null,
      created_at timestamptz not null default now(), last_seen_at timestamptz not null default now(), revoked_at timestamptz);
    create table refresh_token(
      hash text primary key, session_id uuid not null references session, expires_at timestamptz not null, used_at timestamptz);
    create table email_verification(
      hash text primary key, user_id uuid not null references app_user, created_at timestamptz not null default now(), expires_at timestamptz not null, used_at timestamptz);
    create index email_verification_user on email_verification(user_id, created_at);
    create table signing_key(id text primary key, public_jwk jsonb not null, private_sealed text not null, created_at timestamptz not null default now());`,
  down: 'drop table signing_key, email_verification, refresh_token, session, app_user, tenant;',
};

/** Failed logins by account and address; the first three columns are rate-limiter-flexible's, in its order. */
export const loginFailures: Migration = {
  name: '20261126_120001_login_failures',
  up: `
    create table login_failure(
      key varchar(255) primary key, points int not null default 0, expire bigint,
      expires_at timestamptz generated always as (to_timestamp(expire / 1000.0)) stored);
    create index login_failure_expires_at on login_failure(expires_at);`,
  down: 'drop table login_failure;',
};
