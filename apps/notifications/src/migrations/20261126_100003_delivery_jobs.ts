import type { Migration } from '@daftari/service-kit';

/**
 * Deliveries are sent by jobs of their id: when, how often and under whose lease is the job's. What waits becomes a job.
 * An instance of before this migration can no longer claim; it is stopped before, because what it still queues has no job.
 */
export const deliveryJobs: Migration = {
  name: '20261126_100003_delivery_jobs',
  up: `
    insert into job(id, tenant_id, kind, queue, payload, correlation_id, attempts, attempts_before, due_at, created_at, last_error)
      select id, tenant_id, 'deliver', case when template = 'email-verification' then 'high' else 'medium' end,
        jsonb_build_object('deliveryId', id, 'template', template, 'channel', channel), correlation_id, attempts, 0,
        greatest(next_at, lease_until), created_at, last_error
      from delivery where status = 'queued';
    alter table delivery drop column attempts, drop column next_at, drop column lease_until;
    create table announcement(
      id uuid primary key, tenant_id uuid not null, sender_id uuid not null, subject text not null, body text not null,
      channels text[] not null, created_at timestamptz not null default now());
    create index contact_of_tenant on contact(tenant_id, user_id);`,
  down: `
    drop index contact_of_tenant;
    drop table announcement;
    alter table delivery add column attempts int not null default 0, add column next_at timestamptz not null default now(),
      add column lease_until timestamptz;
    update delivery set attempts = job.attempts, next_at = job.due_at from job where job.id = delivery.id and delivery.status = 'queued';
    create index delivery_due on delivery(next_at) where status = 'queued';`,
};
