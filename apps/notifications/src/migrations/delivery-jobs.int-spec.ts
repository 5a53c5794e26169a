import { deterministicId } from '@daftari/kernel';
import { jobMigrations, Migrator } from '@daftari/service-kit';
import { startPostgres } from '@daftari/testing';
import { Pool } from 'pg';
import { notificationTables } from './20260101_100001_notifications.js';
import { contactRoles } from './20260601_100002_roles.js';
import { deliveryJobs } from './20261126_100003_delivery_jobs.js';

const before = [notificationTables, contactRoles];
const after = [...before, ...jobMigrations, deliveryJobs];

describe('deliveries of before there were jobs', () => {
  it('that wait become jobs with the tries and the time that they had, and go back so', async () => {
    const postgres = await startPostgres();
    const pool = new Pool({ connectionString: await postgres.createDatabase('n') });
    try {
      await new Migrator(pool, before).up();
      const insert = (name: string, template: string, status: string) =>
        pool.query(
          `insert into delivery(id, tenant_id, user_id, cause_message_id, correlation_id, template, channel, recipient, subject, body_text, body_html, status, attempts, next_at, last_error)
           values ($1, $1, $1, 'm', 'c', $2, 'email', 'a@example.test', 's', 't', 'h', $3, 4, '2026-11-26T10:00:00Z', 'no answer')`,
          [deterministicId(name), template, status],
        );
      await insert('link', 'email-verification', 'queued');
      await insert('loan', 'loan-disbursed', 'queued');
      await insert('sent', 'loan-disbursed', 'accepted');
      await new Migrator(pool, after).up();
      const { rows } = await pool.query(
        'select id, kind, queue, state, attempts, due_at, last_error from job order by queue',
      );
      const job = { kind: 'deliver', state: 'queued', attempts: 4, last_error: 'no answer' };
      const due_at = new Date('2026-11-26T10:00:00Z');
      expect(rows).toEqual([
        { id: deterministicId('link'), queue: 'high', due_at, ...job },
        { id: deterministicId('loan'), queue: 'medium', due_at, ...job },
      ]);
      await new Migrator(pool, after).down();
      const back = await pool.query(
        `select attempts, next_at from delivery where status = 'queued' order by id`,
      );
      expect(back.rows).toEqual([1, 2].map(() => ({ attempts: 4, next_at: due_at })));
    } finally {
      await pool.end();
      await postgres.stop();
    }
  });
});
