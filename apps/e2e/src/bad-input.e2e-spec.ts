import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiUser, eventually, LoanWalk } from '@daftari/testing';
import { RunningPlatform } from './running-platform.js';

const SLOW = { withinMs: 60_000, everyMs: 200 };
const PHONE = '254733111000';
const MEGABYTE = 1_048_576;

interface Refusal {
  readonly status: number;
  readonly body: {
    readonly success: boolean;
    readonly data?: unknown;
    readonly errors?: readonly string[];
    readonly metadata: Readonly<Record<string, unknown>>;
  };
}

let platform: RunningPlatform;
let walk: LoanWalk;
let customer: ApiUser;
let stranger: ApiUser;
let loanId: string;
let paymentId: string;

/** One raw request, for what a well-behaved client would never send. */
const send = async (path: string, init: RequestInit): Promise<Refusal> => {
  const response = await fetch(`${platform.state.gateway}${path}`, init);
  return { status: response.status, body: (await response.json()) as Refusal['body'] };
};
const post = (path: string, body: string, headers: Record<string, string> = {}): Promise<Refusal> =>
  send(path, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
const secrets = (): Record<string, string> =>
  JSON.parse(readFileSync(join(platform.dataDir, 'secrets.json'), 'utf8')) as Record<
    string,
    string
  >;
const callback = (kind: string, body: string, headers?: Record<string, string>): Promise<Refusal> =>
  post(`/hooks/daraja/${secrets().hookToken ?? ''}/${kind}`, body, headers);

/** Everything that a refused request could have changed: the journal, the loans, the applications and the payments. */
const facts = async (): Promise<object> => ({
  verify: (await walk.auditor.ok('/v1/ledger/verify')).entries as number,
  balances: await walk.auditor.ok('/v1/ledger/accounts'),
  loan: await walk.staff.ok(`/v1/loans/${loanId}`),
  applications: await walk.staff.ok('/v1/applications?limit=100'),
  payments: await walk.staff.ok('/v1/payments?limit=100'),
  products: await walk.staff.ok('/v1/products?limit=100'),
});

beforeAll(async () => {
  platform = await RunningPlatform.start(14_400);
  walk = await LoanWalk.prepare(platform.state);
  customer = await walk.customer(PHONE);
  stranger = await walk.customer('254733112000');
  const loan = await walk.lend(customer, PHONE);
  loanId = String(loan.loanId);
  paymentId = await walk.payByPush(customer, loanId, '100.00', PHONE);
  await walk.settleBooks();
}, 240_000);

afterAll(async () => {
  await platform.stop();
}, 60_000);

describe('bad input gets a clear error and changes nothing', () => {
  let before: object;
  beforeAll(async () => {
    before = await facts();
  });
  afterAll(async () => {
    expect(await facts()).toEqual(before);
  });

  const application = () => ({
    productId: walk.productId,
    principal: { amount: '25000.00', currency: 'KES' },
    numberOfInstallments: 3,
    phone: PHONE,
  });
  const payment = () => ({
    loanId,
    amount: { amount: '100.00', currency: 'KES' },
    phone: PHONE,
  });
  const refusals: readonly [string, () => Promise<Refusal>, number, string, RegExp?][] = [
    [
      'an unknown field',
      () => customer.call('/v1/applications', { body: { ...application(), rate: '0' }, key: 'b1' }),
      422,
      'request/invalid',
      /^rate: property rate should not exist$/,
    ],
    [
      'an unknown field inside another',
      () =>
        customer.call('/v1/payments', {
          body: { ...payment(), amount: { amount: '100.00', currency: 'KES', minor: 1 } },
          key: 'b2',
        }),
      422,
      'request/invalid',
      /^amount.minor: property minor should not exist$/,
    ],
    [
      'an amount that is a number',
      () =>
        customer.call('/v1/payments', {
          body: { ...payment(), amount: { amount: 100, currency: 'KES' } },
          key: 'b3',
        }),
      422,
      'request/invalid',
    ],
    [
      'an amount with more decimals than its currency has',
      () =>
        customer.call('/v1/payments', {
          body: { ...payment(), amount: { amount: '100.001', currency: 'KES' } },
          key: 'b4',
        }),
      422,
      'request/invalid',
    ],
    [
      'a negative amount',
      () =>
        customer.call('/v1/payments', {
          body: { ...payment(), amount: { amount: '-100.00', currency: 'KES' } },
          key: 'b5',
        }),
      422,
      'request/invalid',
    ],
    [
      'an amount that no loan has',
      () =>
        customer.call('/v1/payments', {
          body: { ...payment(), amount: { amount: '100.00', currency: 'USD' } },
          key: 'b6',
        }),
      422,
      'request/invalid',
    ],
    ['an id that is none', () => walk.staff.call('/v1/loans/not-an-id'), 404, 'loan/not-found'],
    [
      'a query that is unknown',
      () => walk.staff.call('/v1/loans?order=random'),
      422,
      'request/invalid',
    ],
    [
      'a body that is no JSON',
      () => post('/api/v1/auth/login', '{"email": ', {}),
      400,
      'request/malformed',
    ],
    ['a body that is an array', () => post('/api/v1/auth/login', '[]'), 422, 'request/invalid'],
    [
      'a body of another kind',
      () => post('/api/v1/auth/login', 'email=a', { 'content-type': 'text/plain' }),
      415,
      'request/unsupported-media-type',
    ],
    [
      'a body that is too large',
      () => post('/api/v1/auth/login', JSON.stringify({ email: 'x'.repeat(MEGABYTE) })),
      413,
      'request/too-large',
    ],
    [
      'no token',
      () => post('/api/v1/payments', JSON.stringify(payment())),
      401,
      'auth/missing-token',
    ],
    [
      'a token that nobody signed',
      () =>
        post('/api/v1/payments', JSON.stringify(payment()), {
          authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJyb2xlcyI6WyJhZG1pbiJdfQ.',
        }),
      401,
      'auth/invalid-token',
    ],
    [
      'a wrong password',
      () =>
        post(
          '/api/v1/auth/login',
          JSON.stringify({
            email: 'staff@demo.daftari.test',
            password: 'wrong-secret-of-a-person',
          }),
        ),
      401,
      'auth/invalid-credentials',
    ],
    [
      'a refresh token that nobody gave',
      () => post('/api/v1/auth/refresh', JSON.stringify({ refreshToken: 'x'.repeat(43) })),
      401,
      'auth/invalid-refresh-token',
    ],
    [
      'money without an Idempotency-Key',
      () => customer.call('/v1/payments', { body: payment() }),
      400,
      'idempotency/key-missing',
    ],
    [
      "another customer's loan, paid",
      () => stranger.call('/v1/payments', { body: payment(), key: 'b7' }),
      404,
      'loan/not-found',
    ],
    [
      "another customer's loan, read",
      () => stranger.call(`/v1/loans/${loanId}`),
      404,
      'loan/not-found',
    ],
    [
      "another customer's payment",
      () => stranger.call(`/v1/payments/${paymentId}`),
      404,
      'payment/not-found',
    ],
    [
      'a loan that is not there',
      () => walk.staff.call('/v1/loans/0198c2f0-0000-7000-8000-000000000000'),
      404,
      'loan/not-found',
    ],
    [
      'what a customer may not do',
      () => customer.call(`/v1/loans/${loanId}/disburse`, { body: {}, key: 'b8' }),
      403,
      'auth/forbidden',
    ],
    [
      'an illegal transition',
      () => walk.staff.call(`/v1/loans/${loanId}/disburse`, { body: {}, key: 'b9' }),
      409,
      'loan/illegal-transition',
    ],
    ['a route that is not there', () => walk.staff.call('/v1/loan'), 404, 'route/not-found'],
    [
      'a path that climbs',
      () => send('/api/v1/loans/..%2f..%2finternal/users', {}),
      404,
      'route/not-found',
    ],
  ];

  it.each(refusals)('%s', async (...[, request, status, code, problem = /./]) => {
    const answer = await request();
    expect([answer.status, answer.body.metadata.code]).toEqual([status, code]);
    expect(answer.body.success).toBe(false);
    expect(answer.body.data).toBeUndefined();
    expect(answer.body.errors).toContainEqual(expect.stringMatching(problem));
    expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|select |at \w+ \(/);
  });

  it('a forged callback, an unknown kind, and one that is too large', async () => {
    const body = JSON.stringify({ Body: { stkCallback: { ResultCode: 0 } } });
    expect(await post('/hooks/daraja/guessed/c', body)).toMatchObject({
      status: 404,
      body: { success: false, metadata: { code: 'callback/not-found' } },
    });
    expect(await callback('nothing', body)).toMatchObject({ status: 404 });
    expect(await callback('c', JSON.stringify({ pad: 'x'.repeat(300_000) }))).toMatchObject({
      status: 413,
      body: { success: false, metadata: { code: 'request/too-large' } },
    });
  });
});

it('gives the first answer to a repeated key, and refuses the key with another body', async () => {
  const key = 'one-intent-1';
  const body = {
    loanId,
    amount: { amount: '150.00', currency: 'KES' },
    phone: PHONE,
  };
  const [one, two] = await Promise.all([
    customer.ok('/v1/payments', { body, key }),
    customer.ok('/v1/payments', { body, key }),
  ]);
  expect(two.paymentId).toBe(one.paymentId);
  const again = await customer.call('/v1/payments', { body, key });
  expect([again.body.data, again.headers.get('idempotent-replayed')]).toEqual([one, 'true']);
  const other = { ...body, amount: { amount: '151.00', currency: 'KES' } };
  const reused = await customer.call('/v1/payments', { body: other, key });
  expect([reused.status, reused.body.metadata.code]).toEqual([422, 'idempotency/key-reused']);
  await eventually(async () => {
    const { status } = await customer.ok(`/v1/payments/${String(one.paymentId)}`);
    return status === 'succeeded';
  }, SLOW);
  await walk.settleBooks();
  const moved = (await walk.movements()).filter(({ amount }) => amount === 150);
  expect(moved).toHaveLength(1);
});

describe('callbacks that nobody can use', () => {
  const review = async (kind: string): Promise<Record<string, unknown>[]> =>
    ((await walk.operator.ok('/v1/payments/review')) as Record<string, unknown>[]).filter(
      (item) => item.kind === kind,
    );
  const entries = async (): Promise<number> =>
    (await walk.auditor.ok('/v1/ledger/verify')).entries as number;

  it.each([
    ['no JSON at all', '<xml>not JSON</xml>', { 'content-type': 'text/xml' }],
    ['JSON cut off in the middle', '{"Body": {"stkCallback": {"Checkout', {}],
    ['JSON of another shape', '{"Body": "0"}', {}],
  ])('%s is kept, acknowledged and shown to people', async (_name, body, headers) => {
    const before = await entries();
    const known = (await review('unreadable-callback')).length;
    expect((await callback('c', body, headers as Record<string, string>)).status).toBe(200);
    await eventually(async () => (await review('unreadable-callback')).length === known + 1, SLOW);
    expect(await entries()).toBe(before);
  });

  it('a callback for nobody is kept, and changes nothing', async () => {
    const before = await entries();
    const body = JSON.stringify({
      Body: {
        stkCallback: {
          MerchantRequestID: '29115-34620561-1',
          CheckoutRequestID: 'ws_CO_191220191020363925',
          ResultCode: 0,
          ResultDesc: 'The service request is processed successfully.',
          CallbackMetadata: {
            Item: [
              { Name: 'Amount', Value: 1.0 },
              { Name: 'MpesaReceiptNumber', Value: 'NLJ7RT61SV' },
              { Name: 'TransactionDate', Value: 20191219102115 },
              { Name: 'PhoneNumber', Value: 254708374149 },
            ],
          },
        },
      },
    });
    const known = await walk.staff.ok('/v1/payments?limit=100');
    const nobody = '0198c2f0-0000-7000-8000-000000000000';
    expect(await callback(`s/${nobody}`, body)).toMatchObject({ status: 200 });
    // The worker takes callbacks in order: when this one is through, the one for nobody was looked at.
    await callback('c', 'not JSON either');
    await eventually(async () => (await review('unreadable-callback')).length === 4, SLOW);
    expect(await walk.staff.ok('/v1/payments?limit=100')).toEqual(known);
    expect(await entries()).toBe(before);
  });
});

it('writes no secret and nothing personal into any log', async () => {
  const folder = join(platform.dataDir, 'logs');
  const logs = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]);
  expect(logs.length).toBeGreaterThanOrEqual(8);
  const me = await customer.ok('/v1/auth/me');
  const { accessToken, refreshToken } = (
    await post(
      '/api/v1/auth/login',
      JSON.stringify({ email: 'staff@demo.daftari.test', password: platform.state.password }),
    )
  ).body.data as Record<string, string>;
  const never = {
    ...secrets(),
    accessToken,
    refreshToken,
    wrongPassword: 'wrong-secret-of-a-person',
    email: String(me.email),
    phone: PHONE,
    initiatorPassword: 'Safaricom123#',
    passkey: 'bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919',
  };
  const found = logs.flatMap(([name = '', text = '']) =>
    Object.entries(never)
      .filter(([, secret]) => secret !== undefined && text.includes(secret))
      .map(([what]) => `${what} in ${name}`),
  );
  expect(found).toEqual([]);
});
