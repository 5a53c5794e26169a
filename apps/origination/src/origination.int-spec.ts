import { createServer, type Server } from 'node:http';
import {
  disbursementCompleted,
  disbursementFailed,
  type MessageDefinition,
  paymentReversed,
  paymentSettled,
  postTransaction,
  tenantChanged,
  TOPIC,
} from '@daftari/contracts';
import { deterministicId, formatMinor, parseMoney } from '@daftari/kernel';
import { fromBusMessage, type IntegrationMessage, toBusMessage } from '@daftari/messaging';
import { createService, type RunningService } from '@daftari/service-kit';
import {
  eventStoreEnvironment,
  eventually,
  startPostgres,
  startTokenIssuer,
  type TestPostgres,
  type TokenIssuer,
} from '@daftari/testing';
import type { LoanView } from './loan/loan-view.js';
import { service as definition } from './service.js';
import { productFixture } from './testing/product-fixture.js';

const TENANT = deterministicId('tenant', 'one');
const OTHER_TENANT = deterministicId('tenant', 'two');
const user = (name: string): string => deterministicId('user', name);
const unverified = user('unverified');

let postgres: TestPostgres;
let issuer: TokenIssuer;
let identity: Server;
let service: RunningService;
const tokens: Record<string, string> = {};
const seen: IntegrationMessage[] = [];
let stopWatching: () => Promise<void>;

const startIdentity = async (): Promise<string> => {
  identity = createServer((request, response) => {
    const userId = request.url?.split('/').at(-1) ?? '';
    const known = request.headers['x-internal-key'] === 'k'.repeat(32);
    response.statusCode = known ? 200 : 401;
    response.setHeader('content-type', 'application/json');
    const profile = {
      monthlyIncome: { amount: '50000.00', currency: 'KES' },
      employment: 'employed',
    };
    const data = { userId, tenantId: TENANT, emailVerified: userId !== unverified, profile };
    response.end(JSON.stringify({ success: known, data }));
  });
  await new Promise<void>((resolve) => identity.listen(0, '127.0.0.1', resolve));
  const address = identity.address();
  return `http://127.0.0.1:${String(typeof address === 'object' && address ? address.port : 0)}`;
};

interface Answer<T> {
  readonly status: number;
  readonly data: T;
  readonly code: unknown;
  readonly errors: readonly string[];
  readonly nextCursor: unknown;
}
const call = async <T = Record<string, unknown>>(
  who: string,
  path: string,
  body?: object,
  key?: string,
): Promise<Answer<T>> => {
  const response = await fetch(`${service.url}/v1/${path}`, {
    method: body ? 'POST' : 'GET',
    headers: {
      authorization: `Bearer ${tokens[who] ?? ''}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const json = (await response.json()) as {
    data: T;
    errors?: string[];
    metadata: Record<string, unknown>;
  };
  const { code, nextCursor } = json.metadata;
  return { status: response.status, data: json.data, code, errors: json.errors ?? [], nextCursor };
};

const publish = async (
  type: MessageDefinition,
  key: string,
  data: object,
  id: string,
): Promise<void> => {
  const message: IntegrationMessage = {
    id: deterministicId('message', id),
    type: type.type,
    topic: type.topic,
    key,
    source: '/test',
    time: '2026-01-31T08:00:00.000Z',
    tenantId: type.type === tenantChanged.type ? key : TENANT,
    correlationId: deterministicId('correlation', id),
    data,
  };
  const producer = await service.resources.bus.producer();
  await producer.send([toBusMessage(message)]);
  await producer.close();
};

const productBody = (): object => {
  const { productId, tenantId, version, publishedAt, ...body } = productFixture();
  expect([productId, tenantId, version, publishedAt]).not.toContain(undefined);
  return body;
};
const application = (productId: string, changes: object = {}): object => ({
  productId,
  principal: { amount: '25000.00', currency: 'KES' },
  numberOfInstallments: 3,
  phone: '254700000001',
  ...changes,
});
let productId = '';
/** Takes a new application to an approved loan. */
const approvedLoan = async (
  name: string,
  product = productId,
): Promise<{ applicationId: string; loanId: string }> => {
  const sent = await call<{ applicationId: string }>(
    'customer',
    'applications',
    application(product),
    name,
  );
  const { applicationId } = sent.data;
  await call('reviewer', `applications/${applicationId}/review`, {});
  const { data } = await call<{ loanId: string }>(
    'approver',
    `applications/${applicationId}/approve`,
    {},
  );
  return { applicationId, loanId: data.loanId };
};
const loanOf = async (loanId: string): Promise<LoanView> =>
  (await call<LoanView>('customer', `loans/${loanId}`)).data;
const becomes = (loanId: string, status: string): Promise<LoanView> =>
  eventually(
    async () => {
      const loan = await loanOf(loanId);
      return loan.status === status && loan;
    },
    { what: `${loanId} ${status}` },
  );
const completedData = (loanId: string, receipt: string): object => ({
  disbursementId: deterministicId('disbursement', loanId),
  loanId,
  customerId: user('customer'),
  amount: { amount: '25000.00', currency: 'KES' },
  receipt,
  effectiveOn: '2026-01-31',
});
const payment = (loanId: string, name: string, amount: string): object => ({
  paymentId: deterministicId('payment', name),
  loanId,
  customerId: user('customer'),
  method: 'mpesa-stk',
  amount: { amount, currency: 'KES' },
  receipt: `S-${name}`,
  effectiveOn: '2026-02-28',
});
const posted = (paymentName: string, kind = 'repayment-allocated'): IntegrationMessage[] => {
  const transactionId = deterministicId(kind, deterministicId('payment', paymentName));
  return seen.filter(
    (m) =>
      m.type === postTransaction.type &&
      (m.data as { transactionId: string }).transactionId === transactionId,
  );
};

beforeAll(async () => {
  postgres = await startPostgres();
  issuer = await startTokenIssuer();
  service = await createService(definition, {
    DATABASE_URL: await postgres.createDatabase('origination'),
    BUS_URL: await postgres.createDatabase('bus'),
    INTERNAL_KEY: 'k'.repeat(32),
    JWKS_URL: issuer.jwksUrl,
    IDENTITY_URL: await startIdentity(),
    LOG_LEVEL: 'silent',
    PORT: '0',
    ...eventStoreEnvironment(),
  });
  const people = {
    customer: ['customer', TENANT],
    neighbour: ['customer', TENANT],
    unverified: ['customer', TENANT],
    reviewer: ['staff', TENANT],
    approver: ['staff', TENANT],
    stranger: ['staff', OTHER_TENANT],
  } as const;
  for (const [name, [role, tenantId]] of Object.entries(people))
    tokens[name] = await issuer.token({ userId: user(name), tenantId, roles: [role] });
  const watcher = await service.resources.bus.consume({
    group: 'test.watch',
    topics: [TOPIC.loanV1, TOPIC.applicationV1, TOPIC.ledgerCommandsV1],
    handler: async (message) => {
      seen.push(fromBusMessage(message));
    },
    onFatal: (error) => {
      throw error;
    },
  });
  stopWatching = () => watcher.stop();
  for (const tenantId of [TENANT, OTHER_TENANT])
    await publish(
      tenantChanged,
      tenantId,
      {
        tenantId,
        name: 'Lender',
        timeZone: 'Africa/Nairobi',
        currency: 'KES',
        businessDateOffsetDays: 0,
      },
      tenantId,
    );
  await eventually(async () => {
    const { rowCount } = await service.pool.query('select 1 from tenant_calendar');
    return rowCount === 2;
  });
  const product = await call<{ productId: string }>(
    'approver',
    'products',
    productBody(),
    'product',
  );
  productId = product.data.productId;
});

afterAll(async () => {
  await stopWatching();
  await service.close();
  await new Promise((resolve) => identity.close(resolve));
  await issuer.close();
  await postgres.stop();
});

describe('products', () => {
  it('are published once per key and can be read by everybody of the tenant', async () => {
    const again = await call<{ productId: string }>(
      'approver',
      'products',
      productBody(),
      'product',
    );
    expect([again.status, again.data.productId]).toEqual([201, productId]);
    const listed = await eventually(async () => {
      const { data } = await call<{ productId: string }[]>('customer', 'products');
      return data.length > 0 && data;
    });
    expect(listed.map((p) => p.productId)).toEqual([productId]);
    expect((await call('customer', `products/${productId}`)).data).toMatchObject({ version: 1 });
  });

  it('are refused with every broken rule', async () => {
    const body = { ...productBody(), minPrincipal: '0.00', minInstallments: 20 };
    const { status, code, errors } = await call('approver', 'products', body, 'bad');
    expect([status, code, errors.length]).toEqual([422, 'product/invalid', 2]);
  });

  it('of another tenant do not exist', async () => {
    expect((await call('stranger', `products/${productId}`)).status).toBe(404);
    expect((await call('stranger', 'products')).data).toEqual([]);
  });
});

describe('applications', () => {
  it('list every failed rule at once', async () => {
    const bad = application('x', { principal: { amount: '1.001', currency: 'KES' }, phone: '1' });
    const { status, code, errors } = await call('customer', 'applications', bad, 'bad');
    expect([status, code]).toEqual([422, 'application/invalid']);
    expect(errors.map((e) => e.split(':')[0])).toEqual(['productId', 'principal.amount', 'phone']);
  });

  it('need a verified e-mail address and an Idempotency-Key', async () => {
    const body = application(productId);
    const unverifiedAnswer = await call('unverified', 'applications', body, 'u1');
    expect([unverifiedAnswer.status, unverifiedAnswer.code]).toEqual([
      403,
      'application/email-not-verified',
    ]);
    expect((await call('customer', 'applications', body)).code).toBe('idempotency/key-missing');
  });

  it('go from review to approval by another person; every other step is refused', async () => {
    const body = application(productId);
    const sent = await call<{ applicationId: string }>('customer', 'applications', body, 'a1');
    expect([sent.status, sent.data]).toMatchObject([201, { status: 'pending', grade: 'A' }]);
    expect(sent.data).not.toHaveProperty('score');
    const replayed = await call<{ applicationId: string }>('customer', 'applications', body, 'a1');
    expect(replayed.data.applicationId).toBe(sent.data.applicationId);
    const path = `applications/${sent.data.applicationId}`;
    const codes = [];
    for (const [who, step] of [
      ['approver', 'approve'],
      ['reviewer', 'review'],
      ['reviewer', 'review'],
      ['reviewer', 'approve'],
      ['approver', 'approve'],
      ['approver', 'approve'],
      ['customer', 'review'],
      ['stranger', 'review'],
    ] as const) {
      const { status, code } = await call(who, `${path}/${step}`, {});
      codes.push(`${String(status)} ${String(code ?? 'ok')}`);
    }
    expect(codes).toEqual([
      '409 application/illegal-transition',
      '200 ok',
      '409 application/illegal-transition',
      '403 application/same-person',
      '200 ok',
      '409 application/illegal-transition',
      '403 auth/forbidden',
      '404 application/not-found',
    ]);
    const { data } = await call('approver', path);
    expect(data).toMatchObject({
      status: 'approved',
      score: { card: { id: 'basic', version: 1 } },
    });
  });

  it('are rejected with reason and next steps', async () => {
    const sent = await call<{ applicationId: string }>(
      'customer',
      'applications',
      application(productId),
      'a2',
    );
    const path = `applications/${sent.data.applicationId}`;
    expect((await call('approver', `${path}/reject`, { reason: 'Income' })).status).toBe(422);
    const decision = { reason: 'Income', nextSteps: 'Apply again in 30 days' };
    expect((await call('approver', `${path}/reject`, decision)).data).toMatchObject({
      status: 'rejected',
      ...decision,
    });
  });

  it('of others do not exist', async () => {
    const { applicationId, loanId } = await approvedLoan('a3');
    for (const who of ['neighbour', 'stranger'])
      for (const path of [
        `applications/${applicationId}`,
        `loans/${loanId}`,
        `loans/${loanId}/schedule`,
        `loans/${loanId}/next-due`,
        `loans/${loanId}/summary`,
      ])
        expect([who, path, (await call(who, path)).status]).toEqual([who, path, 404]);
    expect((await call('neighbour', 'applications')).data).toEqual([]);
    expect((await call('neighbour', 'loans')).data).toEqual([]);
    expect((await call('stranger', `loans/${loanId}/disburse`, {}, 'x')).status).toBe(404);
    expect((await call('customer', 'loans/not-an-id')).status).toBe(404);
  });
});

describe('a loan', () => {
  it('is paid out, repaid in parts, and completed, whatever is delivered twice', async () => {
    const { loanId } = await approvedLoan('l1');
    const asked = await call('approver', `loans/${loanId}/disburse`, {}, 'd1');
    expect([asked.status, asked.data]).toMatchObject([202, { disbursementPending: true }]);
    expect((await call('approver', `loans/${loanId}/disburse`, {}, 'd1')).status).toBe(202);
    const second = await call('approver', `loans/${loanId}/disburse`, {}, 'd2');
    expect([second.status, second.code]).toEqual([409, 'loan/disbursement-pending']);

    await publish(disbursementCompleted, loanId, completedData(loanId, 'R1'), 'paid-out');
    const active = await becomes(loanId, 'active');
    expect(active.schedule).toHaveLength(3);
    const principal = active.schedule.reduce(
      (sum, row) => sum + parseMoney({ amount: row.principal, currency: 'KES' }).minor,
      0n,
    );
    expect(formatMinor(principal, 'KES')).toBe('25000.00');

    for (const id of ['p1', 'p1', 'p1-from-a-replay'])
      await publish(paymentSettled, loanId, payment(loanId, 'p1', '8000.00'), id);
    await publish(paymentSettled, loanId, payment(loanId, 'p2', '30000.00'), 'p2');
    const done = await becomes(loanId, 'completed');
    expect(done.repayments.map((r) => r.receipt)).toEqual(['S-p1', 'S-p2']);
    expect(done.outstanding.total).toBe('0.00');
    expect(done.schedule.map((row) => row.status)).toEqual(['paid', 'paid', 'paid']);
    const over = parseMoney({ amount: active.outstanding.total, currency: 'KES' }).minor;
    expect(done.credit).toBe(formatMinor(3_800_000n - over, 'KES'));

    await publish(paymentSettled, loanId, payment(loanId, 'p3', '1.00'), 'p3');
    await eventually(() => posted('p3').length > 0);
    expect(posted('p3')[0]?.data).toMatchObject({ amounts: { overpayment: '1.00' } });
    expect(new Set(posted('p1').map((m) => m.id)).size).toBe(1);
    const statuses = seen
      .filter((m) => m.key === loanId && m.type.includes('loan-status-changed'))
      .map((m) => (m.data as { status: string }).status);
    expect(statuses).toEqual(['approved', 'disbursed', 'active', 'completed']);
    const listed = await eventually(async () => {
      const { data } = await call<{ loanId: string }[]>('customer', 'loans?status=completed');
      return data.length > 0 && data;
    });
    expect(listed.map((l) => l.loanId)).toEqual([loanId]);

    const word = { providerReference: 'RV1', reason: 'by mistake', effectiveOn: '2026-03-05' };
    const { paymentId, customerId, amount } = payment(loanId, 'p2', '30000.00') as Record<
      string,
      unknown
    >;
    const taken = { paymentId, customerId, amount, loanId, receipt: 'S-p2', ...word };
    for (const id of ['p2-back', 'p2-back', 'p2-back-from-a-replay'])
      await publish(paymentReversed, loanId, taken, id);
    const open = await becomes(loanId, 'active');
    expect(open.reversals).toMatchObject([{ receipt: 'S-p2', reason: 'by mistake' }]);
    expect(open.repayments.map((r) => r.receipt)).toEqual(['S-p1', 'S-p3']);
    await eventually(() => posted('p2', 'repayment-deallocated').length > 0);
    const [there] = posted('p2');
    const [back] = posted('p2', 'repayment-deallocated');
    expect((back?.data as { amounts: object }).amounts).toEqual(
      (there?.data as { amounts: object }).amounts,
    );
    expect(new Set(posted('p2', 'repayment-deallocated').map((m) => m.id)).size).toBe(1);
  });

  it('goes back to approved when its payout failed, and can be paid out again', async () => {
    const { loanId } = await approvedLoan('l2');
    await call('approver', `loans/${loanId}/disburse`, {}, 'd3');
    const { disbursementId, customerId } = completedData(loanId, '') as Record<string, string>;
    const failure = { disbursementId, loanId, customerId, reason: 'not registered' };
    await publish(disbursementFailed, loanId, failure, 'failed');
    const back = await eventually(async () => {
      const loan = await loanOf(loanId);
      return !loan.disbursementPending && loan;
    });
    expect([back.status, back.disbursementFailure]).toEqual(['approved', 'not registered']);
    expect((await call('approver', `loans/${loanId}/disburse`, {}, 'd4')).status).toBe(202);
    await publish(disbursementCompleted, loanId, completedData(loanId, 'R2'), 'paid-out-2');
    const { arrears } = await becomes(loanId, 'active');
    expect(arrears.daysPastDue).toBeGreaterThan(0);
    const given = await call('approver', `loans/${loanId}/default`, { reason: 'no contact' });
    expect([given.status, given.data]).toMatchObject([200, { status: 'defaulted' }]);
  });

  it('is listed page by page, each once', async () => {
    const ids: string[] = [];
    let cursor: unknown = undefined;
    do {
      const after = typeof cursor === 'string' ? `&cursor=${cursor}` : '';
      const { data, nextCursor } = await call<{ loanId: string }[]>(
        'approver',
        `loans?limit=1${after}`,
      );
      ids.push(...data.map((l) => l.loanId));
      cursor = nextCursor;
    } while (typeof cursor === 'string');
    expect(ids.length).toBeGreaterThan(2);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('of a named product has the schedule of it', async () => {
    const body = productBody() as { terms: object };
    const named = (product: object) => ({
      ...body,
      terms: { ...body.terms, convention: 'product', product },
    });
    const refused = await call('approver', 'products', named({ kind: 'balloon' }), 'balloon');
    expect([refused.status, refused.code]).toEqual([422, 'product/invalid']);
    const unknown = await call('approver', 'products', named({ kind: 'rising' }), 'rising');
    expect(unknown.status).toBe(422);

    const published = await call<{ productId: string }>(
      'approver',
      'products',
      named({ kind: 'interest_only' }),
      'interest-only',
    );
    expect(published.status).toBe(201);
    await eventually(async () => {
      const { data } = await call<{ productId: string }[]>('customer', 'products');
      return data.length === 2;
    });
    const { loanId } = await approvedLoan('l3', published.data.productId);
    expect((await call('approver', `loans/${loanId}/disburse`, {}, 'd5')).status).toBe(202);
    await publish(disbursementCompleted, loanId, completedData(loanId, 'R3'), 'paid-out-3');
    const { schedule } = await becomes(loanId, 'active');
    expect(schedule.map((row) => [row.principal, row.interest])).toEqual([
      ['0.00', '466.67'],
      ['0.00', '533.33'],
      ['25000.00', '500.00'],
    ]);
  });
});
