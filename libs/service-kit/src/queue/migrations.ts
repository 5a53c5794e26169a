import type { Migration } from '../persistence/migrations.js';

/**
 * The tables of a service that has jobs. `due_at` is when a worker may take a job: its time while it is queued, the end
 * of its worker's lease while it runs. `attempts` counts the runs and fences them: only the newest may end the job.
 * `attempts_before` are those of before people had it tried again.
 */
export const jobMigrations: readonly Migration[] = [
  {
    name: '20261126_000060_jobs',
    up: `
      create table job_batch(
        id uuid primary key, tenant_id uuid not null, kind text not null, correlation_id text not null, then_kind text,
        state text not null default 'filling' check (state in ('filling','running','completed')),
        total int not null default 0, succeeded int not null default 0, failed int not null default 0,
        created_at timestamptz not null default now(), completed_at timestamptz);
      create table job(
        id uuid primary key, tenant_id uuid not null, kind text not null,
        queue text not null check (queue in ('high','medium','low')), payload jsonb not null, correlation_id text not null,
        batch_id uuid references job_batch on delete set null,
        state text not null default 'queued' check (state in ('queued','running','succeeded','dead')),
        attempts int not null default 0, attempts_before int not null default 0,
        due_at timestamptz not null default now(), created_at timestamptz not null default now(),
        started_at timestamptz, ended_at timestamptz, last_error text)
        with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);
      create index job_due on job(queue, due_at) where state in ('queued','running');
      create index job_dead on job(queue) where state = 'dead';
      create index job_ended on job(ended_at) where state = 'succeeded';
      create index job_tenant on job(tenant_id, created_at desc, id desc);
      create index job_of_batch on job(batch_id) where batch_id is not null;
      create table job_attempt(
        job_id uuid not null references job on delete cascade, attempt int not null,
        outcome text not null check (outcome in ('succeeded','failed','lost')),
        started_at timestamptz not null, ended_at timestamptz not null, error text, primary key(job_id, attempt));
      create index job_attempt_ended on job_attempt(ended_at);`,
    down: 'drop table job_attempt; drop table job; drop table job_batch;',
  },
];
