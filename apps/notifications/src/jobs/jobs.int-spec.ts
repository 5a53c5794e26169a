import { jest } from '@jest/globals';
import { tenantChanged, TOPIC, userChanged } from '@daftari/contracts';
import { deterministicId } from '@daftari/kernel';
import { toBusMessage } from '@daftari/messaging';
import { createService, messageFrom, type RunningService } from '@daftari/service-kit';
import {
  eventually,
  startPostgres,
  startTokenIssuer,
  type TestPostgres,
  type TokenIssuer,
} from '@daftari/testing';
import { Pool } from 'pg';
import { service } from '../service.js';
import { MailServer } from '../testing/mail-server.js';

type Json = Readonly<Record<string, unknown>>;
interface Answer {
  readonly status: number;
  readonly replayed: boolean;
  // The shape depends on the route.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: any;
  readonly metadata: Json;
}

jest.setTimeout(240_000);
const SLOW = { withinMs: 200_000 };
const CUSTOMERS = 110; // More than are queued at a time.
const lender = deterministicId('tenant', 'lender');
const other = deterministicId('tenant', 'other');
const staff = deterministicId('user', 'staff');
const NOBODY = deterministicId('nobody');

const mail = new MailServer();
let postgres: TestPostgres;
let issuer: TokenIssuer;
let running: RunningService;
let bus: Pool;

const call = async (
  [role, tenantId]: readonly [string, string],
  path: string,
  body?: unknown,
  key: string = encodeURIComponent(path + JSON.stringify(body)).slice(0, 255),
): Promise<Answer> => {
  const userId = role === 'staff' ? staff : deterministicId('user', role, tenantId);
  const token = await issuer.token({ userId, tenantId, roles: [role] });
  const response = await fetch(`${running.url}/v1${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json', 'idempotency-key': key }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const { data, metadata } = (await response.json()) as Pick<Answer, 'data' | 'metadata'>;
  const replayed = response.headers.get('idempotent-replayed') === 'true';
  return { status: response.status, replayed, data, metadata };
};
const OPERATOR = ['operator', lender] as const;
const STAFF = ['staff', lender] as const;
const rows = async (sql: string, values: readonly unknown[] = []): Promise<Json[]> =>
  (await running.pool.query<Json>(sql, [...values])).rows;
/** What became of a delivery, as the bus was told. */
const recorded = async (deliveryId: string): Promise<string[]> => {
  const { rows: found } = await bus.query<{ value: Buffer }>(
    'select value from bus.message where topic = $1 order by ts',
    [TOPIC.deliveryV1],
  );
  return found
    .map(({ value }) => JSON.parse(value.toString()) as { deliveryId: string; status: string })
    .filter((data) => data.deliveryId === deliveryId)
    .map(({ status }) => status);
};
const completed = (id: string): Promise<Json> =>
  eventually(async () => {
    const { data } = await call(STAFF, `/job-batches/${id}`);
    return data.state === 'completed' && (data as Json);
  }, SLOW);

beforeAll(async () => {
  await mail.start();
  postgres = await startPostgres();
  issuer = await startTokenIssuer();
  const busUrl = await postgres.createDatabase('bus');
  running = await createService(service, {
    NODE_ENV: 'test',
    PORT: '0',
    LOG_LEVEL: 'silent',
    JWKS_URL: issuer.jwksUrl,
    INTERNAL_KEY: 'k'.repeat(40),
    DATABASE_URL: await postgres.createDatabase('notifications'),
    BUS_URL: busUrl,
    SMTP_PORT: String(mail.port),
    DELIVERY_POLL_MS: '20',
    DELIVERY_ATTEMPTS_MAX: '1',
  });
  bus = new Pool({ connectionString: busUrl, max: 1 });
  bus.on('error', () => undefined);
  const producer = await running.resources.bus.producer();
  const about = { source: '/daftari/test', time: new Date(0), correlationId: 'c' };
  const user = (tenantId: string, name: string, roles: string[]) => {
    const userId = deterministicId('user', name);
    return messageFrom(userChanged, {
      ...{ ...about, id: `user-${userId}`, key: userId, tenantId },
      data: {
        userId,
        email: `${name}@example.test`,
        phone: null,
        name,
        roles,
        emailVerified: true,
      },
    });
  };
  const tenant = (tenantId: string) =>
    messageFrom(tenantChanged, {
      ...{ ...about, id: `tenant-${tenantId}`, key: tenantId, tenantId },
      data: { ...tenantChanged.example, tenantId },
    });
  await producer.send(
    [
      ...[tenant(lender), tenant(other)],
      ...Array.from({ length: CUSTOMERS }, (_, i) => user(lender, `c${String(i)}`, ['customer'])),
      ...[user(lender, 'officer', ['staff']), user(other, 'foreign', ['customer'])],
    ].map((message) => toBusMessage(message)),
  );
  await eventually(
    async () => (await rows('select 1 from contact')).length === CUSTOMERS + 2,
    SLOW,
  );
});
afterAll(async () => {
  await running.close();
  await bus.end();
  await mail.kill();
  await issuer.close();
  await postgres.stop();
});

describe('an announcement', () => {
  const body = {
    subject: 'Closed on Monday',
    text: 'Pay by M-Pesa.',
    channels: ['email', 'in-app'],
  };

  it('goes to every customer of the tenant once, in the background, with one result for its sender', async () => {
    const sent = await call(STAFF, '/announcements', body, 'monday');
    expect([sent.status, sent.data.kind, sent.data.completedAt]).toEqual([
      202,
      'announcement',
      null,
    ]);
    const again = await call(STAFF, '/announcements', body, 'monday');
    expect([again.status, again.replayed, again.data.id]).toEqual([202, true, sent.data.id]);

    const batch = await completed(String(sent.data.id));
    expect(batch).toMatchObject({ total: 2 * CUSTOMERS, succeeded: 2 * CUSTOMERS, failed: 0 });
    const mailed = mail.mails.filter(({ subject }) => subject === body.subject);
    expect(mailed.map(({ to }) => to).sort()).toEqual(
      Array.from({ length: CUSTOMERS }, (_, i) => `c${String(i)}@example.test`).sort(),
    );
    expect(mail.to('c7@example.test')[0]?.text).toContain('Dear c7,\n\nPay by M-Pesa.');
    const queues = await rows('select distinct queue from job where batch_id = $1', [sent.data.id]);
    expect(queues).toEqual([{ queue: 'low' }]);

    const own = await eventually(async () => {
      const { data } = await call(STAFF, '/notifications?limit=100');
      const mine = (data as Json[]).filter(({ template }) => template === 'announcement-sent');
      return mine.length > 0 && mine;
    }, SLOW);
    expect(own).toMatchObject([
      { channel: 'in-app', body: '220 of 220 messages were sent.', status: 'accepted' },
    ]);
    expect(await rows(`select 1 from job where kind = 'announced'`)).toHaveLength(1);
  });

  it('to nobody is completed all the same', async () => {
    const sent = await call(['staff', deterministicId('tenant', 'empty')], '/announcements', body);
    const found = await eventually(async () => {
      const { data } = await call(
        ['staff', deterministicId('tenant', 'empty')],
        `/job-batches/${String(sent.data.id)}`,
      );
      return data.state === 'completed' && (data as Json);
    }, SLOW);
    expect(found).toMatchObject({ total: 0, succeeded: 0, failed: 0 });
  });

  it('and its batch are nobody else’s', async () => {
    const [batch] = await rows('select id from job_batch where tenant_id = $1', [lender]);
    const path = `/job-batches/${String(batch?.id)}`;
    expect((await call(['staff', other], path)).metadata.code).toBe('job-batch/not-found');
    expect((await call(['customer', lender], path)).status).toBe(403);
    expect((await call(['customer', lender], '/announcements', body)).status).toBe(403);
    expect((await call(STAFF, `/job-batches/${NOBODY}`)).status).toBe(404);
  });
});

describe('a delivery that is given up', () => {
  it('is a dead job that operators find, with its runs, and have tried again; each end is told once', async () => {
    await mail.kill();
    const sent = await call(STAFF, '/announcements', {
      ...{ subject: 'While it is down', text: 'Nobody hears.', channels: ['email'] },
    });
    const batch = await completed(String(sent.data.id));
    expect(batch).toMatchObject({ total: CUSTOMERS, succeeded: 0, failed: CUSTOMERS });

    const listed = await call(OPERATOR, '/jobs?state=dead&queue=low&limit=100');
    expect(listed.data).toHaveLength(100);
    const rest = await call(
      OPERATOR,
      `/jobs?state=dead&queue=low&limit=100&cursor=${String(listed.metadata.nextCursor)}`,
    );
    expect([rest.data.length, rest.metadata.nextCursor]).toEqual([CUSTOMERS - 100, null]);
    const { id } = rest.data[0] as { id: string };
    const dead = await call(OPERATOR, `/jobs/${id}`);
    expect(dead.data).toMatchObject({ state: 'dead', attempts: 1, batchId: sent.data.id });
    expect(dead.data.history).toMatchObject([{ attempt: 1, outcome: 'failed' }]);
    expect(dead.data.lastError).toBe(dead.data.history[0].error);
    expect(JSON.stringify(dead.data.payload)).not.toContain('example.test');
    await eventually(async () => (await recorded(id)).length === 1, SLOW);
    expect(await recorded(id)).toEqual(['failed']);

    const { data: figures } = await call(OPERATOR, '/jobs/statistics');
    const low = (figures as Json[]).find(({ queue }) => queue === 'low');
    expect(low).toMatchObject({ dead: CUSTOMERS, queued: 0, lastDay: { failures: CUSTOMERS } });
    const metrics = await (await fetch(`${running.url}/metrics`)).text();
    expect(metrics).toContain(`background_work_items{queue="low",state="stopped"} ${CUSTOMERS}`);
    expect(metrics).toContain(`jobs_failed_total{queue="low",kind="deliver"} ${CUSTOMERS}`);
    expect(metrics).toContain('jobs_failed_total{queue="high",kind="deliver"} 0');
    expect(metrics).toMatch(
      /job_duration_seconds_count\{queue="low",kind="deliver",outcome="succeeded"\} 220/,
    );

    await mail.start();
    expect((await call(OPERATOR, `/jobs/${id}/retry`, {})).status).toBe(200);
    await eventually(async () => (await recorded(id)).length === 2, SLOW);
    expect(await recorded(id)).toEqual(['failed', 'accepted']);
    expect(await rows('select status, last_error from delivery where id = $1', [id])).toEqual([
      { status: 'accepted', last_error: null },
    ]);
    const refused = await call(OPERATOR, `/jobs/${id}/retry`, {}, 'again');
    expect([refused.status, refused.metadata.code]).toEqual([409, 'job/not-dead']);
    expect((await call(STAFF, `/job-batches/${String(sent.data.id)}`)).data).toMatchObject({
      ...{ state: 'completed', succeeded: 1, failed: CUSTOMERS - 1 },
    });
  });

  it('is not there for anybody else', async () => {
    const [job] = await rows(`select id from job where state = 'dead' limit 1`);
    const id = String(job?.id);
    const foreign = ['operator', other] as const;
    expect((await call(foreign, '/jobs')).data).toEqual([]);
    expect((await call(foreign, `/jobs/${id}`)).metadata.code).toBe('job/not-found');
    expect((await call(foreign, `/jobs/${id}/retry`, {})).metadata.code).toBe('job/not-found');
    for (const path of ['/jobs', '/jobs/statistics', `/jobs/${id}`])
      expect((await call(STAFF, path)).status).toBe(403);
  });
});
