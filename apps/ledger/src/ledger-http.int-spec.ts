import { randomBytes } from 'node:crypto';
import { messageFrom, createService, type RunningService } from '@daftari/service-kit';
import { tenantChanged } from '@daftari/contracts';
import { deterministicId } from '@daftari/kernel';
import { toBusMessage } from '@daftari/messaging';
import {
  eventStoreUnderTestName,
  type EventStoreUnderTest,
  eventually,
  startEventStoreUnderTest,
  startPostgres,
  startTokenIssuer,
  type TestPostgres,
  type TokenIssuer,
} from '@daftari/testing';
import { service } from './service.js';

const tenantId = deterministicId('tenant', 'http');
let server: TestPostgres;
let events: EventStoreUnderTest;
let issuer: TokenIssuer;
let ledger: RunningService;

beforeAll(async () => {
  server = await startPostgres();
  events = await startEventStoreUnderTest();
  issuer = await startTokenIssuer();
});
afterAll(async () => {
  await issuer.close();
  await events.stop();
  await server.stop();
});

const start = async (name: string, env: Record<string, string>): Promise<void> => {
  ledger = await createService(service, {
    NODE_ENV: 'test',
    PORT: '0',
    LOG_LEVEL: 'silent',
    JWKS_URL: issuer.jwksUrl,
    INTERNAL_KEY: 'k'.repeat(40),
    ...env,
    DATABASE_URL: await server.createDatabase(`ledger_${name}`),
    BUS_URL: await server.createDatabase(`bus_${name}`),
  });
  const producer = await ledger.resources.bus.producer();
  const tenant = { ...tenantChanged.example, tenantId, currency: 'KES' };
  const about = { id: 't1', key: tenantId, tenantId, correlationId: 'c', source: '/daftari/test' };
  await producer.send([
    toBusMessage(messageFrom(tenantChanged, { ...about, time: new Date(0), data: tenant })),
  ]);
};

interface Answer {
  readonly status: number;
  readonly body: {
    data: Record<string, unknown> & { length?: number };
    metadata: { code?: string };
  };
}
const call = async (role: string, path: string, body?: object): Promise<Answer> => {
  const token = await issuer.token({ userId: 'u1', tenantId, roles: [role] });
  const response = await fetch(`${ledger.url}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: {
      authorization: `Bearer ${token}`,
      ...(body ? { 'content-type': 'application/json', 'idempotency-key': 'k1' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
};
const capital = { amount: { amount: '500.00', currency: 'KES' }, reference: 'seed' };

describe.each([
  ['PostgreSQL', 'pg'],
  [eventStoreUnderTestName, 'eventstoredb'],
])('ledger over HTTP, events in %s', (_, store) => {
  beforeAll(() =>
    start(store, {
      EVENT_STORE: store,
      EVENTSTORE_URL: events.url,
      EVENTSTORE_NAMESPACE: `test_${randomBytes(8).toString('hex')}`,
    }),
  );
  afterAll(async () => {
    await ledger.close();
  });

  it('brings in capital once for one key, shows it, proves it, and audits the requests', async () => {
    const first = await eventually(async () => {
      const answer = await call('admin', '/v1/ledger/capital', capital);
      return answer.status === 201 ? answer : undefined;
    });
    expect(first.body.data).toMatchObject({ status: 'posted', kind: 'capital-injected' });
    expect((await call('admin', '/v1/ledger/capital', capital)).body.data).toEqual(first.body.data);
    await eventually(
      async () => (await call('auditor', '/v1/ledger/journal')).body.data.length === 1,
    );
    expect((await call('auditor', '/v1/ledger/accounts?asOf=2999-01-01')).body.data).toMatchObject([
      { account: 'asset:float', balance: '500.00' },
      { account: 'equity:capital', balance: '500.00' },
    ]);
    const statement = await call('auditor', '/v1/ledger/accounts/asset:float/statement');
    expect(statement.body.data).toMatchObject([{ balanceAfter: '500.00', reference: 'seed' }]);
    expect((await call('auditor', '/v1/ledger/verify')).body.data).toMatchObject({ ok: true });
    const audit = '/v1/audit/events?action=/v1/ledger/capital';
    await eventually(async () => ((await call('auditor', audit)).body.data.length ?? 0) > 0);
  });

  it('refuses other roles, wrong amounts and wrong dates', async () => {
    expect((await call('customer', '/v1/ledger/accounts')).status).toBe(403);
    const euros = { ...capital, amount: { amount: '1.00', currency: 'EUR' } };
    expect((await call('admin', '/v1/ledger/capital', euros)).status).toBe(422);
    expect((await call('auditor', '/v1/ledger/accounts?asOf=2026-02-31')).status).toBe(422);
    expect((await call('auditor', '/v1/ledger/trail')).status).toBe(422);
  });
});
