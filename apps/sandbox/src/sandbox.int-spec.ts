import {
  type CallbackFact,
  type DarajaClient,
  type Outcome,
  parseStkCallback,
} from '@daftari/integrations';
import { eventually } from '@daftari/testing';
import { Driver, kes, LATE_MS } from './testing/driver.js';
import { GOLDEN, shapeOf } from './testing/golden.js';

const driver = new Driver();
beforeAll(() => driver.start());
afterAll(() => driver.stop());
beforeEach(() => {
  driver.merchant.received.length = 0;
  driver.merchant.answer = async () => ({ ResultCode: 0, ResultDesc: 'Accepted' });
});

describe('access tokens', () => {
  const grants = async (): Promise<number> => (await driver.askedAt('/oauth/v1/generate')).length;
  const push = (client: DarajaClient): Promise<Outcome> =>
    client.stkPush({
      ourRef: 'ref',
      amount: kes(1),
      phone: driver.phone('000'),
      accountReference: 'LN1',
      description: 'Loan',
    });

  it('are written as the documents print them: a token and its seconds as text', async () => {
    const body = await driver.grant();
    expect(shapeOf(body)).toEqual(shapeOf(GOLDEN.token));
    expect(body).toMatchObject({ expires_in: '3599' });
  });

  it('are fetched once for calls at the same time, kept, and fetched again a minute before they end', async () => {
    const client = driver.client();
    const before = await grants();
    await Promise.all(Array.from({ length: 5 }, () => push(client)));
    await push(client);
    expect((await grants()) - before).toBe(1);
    driver.now += (3_599 - 61) * 1_000;
    await push(client);
    expect((await grants()) - before).toBe(1);
    driver.now += 1_000;
    await push(client);
    expect((await grants()) - before).toBe(2);
  });

  it('are dropped and fetched once more when the provider forgot them', async () => {
    const client = driver.client();
    await push(client);
    await driver.control('/sandbox/daraja/revoke-tokens');
    const before = await grants();
    expect((await push(client)).kind).toBe('needsCustomer');
    expect((await grants()) - before).toBe(1);
  });

  it('are refused for a wrong secret: a problem of the configuration, and no prompt goes out', async () => {
    const before = (await driver.askedAt('processrequest')).length;
    expect(await push(driver.client({ consumerSecret: 'wrong' }))).toMatchObject({
      kind: 'rejected',
      code: '400',
      config: true,
    });
    expect(await driver.askedAt('processrequest')).toHaveLength(before);
  });
});

/** Pushes to a number and gives the outcome with all callbacks, once `callbacks` of them are there. */
const pushTo = async (selector: string, callbacks: number) => {
  const msisdn = driver.phone(selector);
  const ourRef = `ref-${msisdn}`;
  const client = driver.client();
  const started = performance.now();
  const outcome = await client.stkPush({
    ourRef,
    amount: kes(150),
    phone: msisdn,
    accountReference: 'LN10000001',
    description: 'Loan payment',
  });
  const answeredAt = performance.now();
  const path = `/hooks/c/s/${ourRef}`;
  const seen = await eventually(() =>
    driver.merchant.at(path).length >= callbacks ? driver.merchant.at(path) : undefined,
  );
  return { client, msisdn, outcome, seen, started, answeredAt };
};
const queryOf = (client: DarajaClient, fact: CallbackFact): Promise<Outcome> =>
  client.stkQuery({ checkoutRequestId: fact.providerRef ?? '' });

/** Until another order, asked for later, has been called back: what was to come before it would be there. */
const probesLater = async (): Promise<void> => {
  const { seen, msisdn } = await pushTo('000', 1);
  expect(seen).toHaveLength(1);
  driver.merchant.received.splice(
    0,
    driver.merchant.received.length,
    ...driver.merchant.received.filter(({ path }) => !path.includes(msisdn)),
  );
};

describe('STK push', () => {
  it('speaks the wire format of the documents: request, answer, callback, query', async () => {
    const { client, seen, msisdn } = await pushTo('000', 1);
    const asked = (await driver.askedAt('processrequest')).find(
      ({ body }) => String(body.PhoneNumber) === msisdn,
    );
    expect(shapeOf(asked?.body)).toEqual(shapeOf(GOLDEN.stkRequest));
    expect(asked?.body).toMatchObject({
      Timestamp: new Date(driver.now + 3 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14),
      TransactionType: 'CustomerPayBillOnline',
      Amount: 150,
      AccountReference: 'LN10000001',
    });
    expect(shapeOf(seen[0]?.body)).toEqual(shapeOf(GOLDEN.stkPaid));
    const fact = parseStkCallback(seen[0]?.body);
    expect(fact).toMatchObject({
      final: true,
      amount: kes(150),
      receipt: expect.stringMatching(/^S[0-9A-F]{9}$/) as string,
    });
    const token = (await driver.grant()).access_token;
    const raw = await driver.post(token, '/mpesa/stkpush/v1/processrequest', {
      ...GOLDEN.stkRequest,
      Password: Buffer.from(`174379key${GOLDEN.stkRequest.Timestamp}`).toString('base64'),
      CallBackURL: `${driver.merchant.url}/raw`,
    });
    expect(shapeOf(raw.body)).toEqual(shapeOf(GOLDEN.stkAccepted));
    expect(raw.body).toMatchObject({
      CheckoutRequestID: expect.stringMatching(/^ws_CO_\d{14}[0-9a-f]{12}$/) as string,
    });
    expect(await queryOf(client, fact)).toMatchObject({ kind: 'succeeded' });
  });

  it('answers a query as HTTP 500 while the customer has not, and with text codes afterwards', async () => {
    const token = (await driver.grant()).access_token;
    const Password = Buffer.from('174379key20260131103000').toString('base64');
    const about = { BusinessShortCode: '174379', Password, Timestamp: '20260131103000' };
    const path = '/mpesa/stkpushquery/v1/query';
    const open = await driver.post(token, path, { ...about, CheckoutRequestID: 'ws_CO_unknown' });
    expect([open.status, shapeOf(open.body)]).toEqual([500, shapeOf(GOLDEN.error)]);
    expect(open.body).toMatchObject({ errorCode: '500.001.1001' });
    const { seen } = await pushTo('000', 1);
    const { providerRef } = parseStkCallback(seen[0]?.body);
    const done = await driver.post(token, path, { ...about, CheckoutRequestID: providerRef });
    expect([done.status, shapeOf(done.body)]).toEqual([200, shapeOf(GOLDEN.stkQueried)]);
  });

  it.each([
    ['001', '1'],
    ['019', '1019'],
    ['032', '1032'],
    ['037', '1037'],
    ['101', '1001'],
    ['201', '2001'],
  ])(
    'a number ending in %s declines with %s, in the callback and in the query',
    async (selector, code) => {
      const { client, outcome, seen, msisdn } = await pushTo(selector, 1);
      expect(outcome.kind).toBe('needsCustomer');
      expect(shapeOf(seen[0]?.body)).toEqual(shapeOf(GOLDEN.stkCancelled));
      const fact = parseStkCallback(seen[0]?.body);
      expect(fact.outcome).toMatchObject({ kind: 'declined', code });
      expect(await queryOf(client, fact)).toMatchObject({ kind: 'declined', code });
      expect((await driver.movedTo(msisdn)).map(({ receipt }) => receipt)).toEqual(['']);
    },
  );

  it('900: no callback comes; only the query tells that it was paid', async () => {
    const { client, outcome, msisdn } = await pushTo('900', 0);
    expect(outcome.kind).toBe('needsCustomer');
    const checkoutRequestId = outcome.kind === 'needsCustomer' ? outcome.providerRef : '';
    await eventually(async () => (await driver.movedTo(msisdn)).length === 1);
    expect(await client.stkQuery({ checkoutRequestId })).toMatchObject({ kind: 'succeeded' });
    expect(driver.merchant.received).toEqual([]);
  });

  it('901: the callback is there before the answer', async () => {
    const { seen, answeredAt } = await pushTo('901', 1);
    expect(seen[0]?.at).toBeLessThan(answeredAt);
    expect(parseStkCallback(seen[0]?.body).outcome.kind).toBe('succeeded');
  });

  it('902: the same callback comes twice, and both have one dedupe key', async () => {
    const { seen, msisdn } = await pushTo('902', 2);
    const keys = seen.map(({ body }) => parseStkCallback(body).dedupeKey);
    expect(new Set(keys).size).toBe(1);
    expect(seen[0]?.raw).toBe(seen[1]?.raw);
    expect(await driver.movedTo(msisdn)).toHaveLength(1);
  });

  it('903: the callback is late; until then the query says that it is being processed', async () => {
    const { client, outcome, seen, started } = await pushTo('903', 0);
    const checkoutRequestId = outcome.kind === 'needsCustomer' ? outcome.providerRef : '';
    expect(await client.stkQuery({ checkoutRequestId })).toMatchObject({ kind: 'pending' });
    expect(seen).toHaveLength(0);
    const late = await eventually(() => driver.merchant.received[0]);
    expect(late.at - started).toBeGreaterThan(LATE_MS - 20);
    expect(parseStkCallback(late.body).outcome.kind).toBe('succeeded');
  });

  it('904: another amount was paid than was asked for', async () => {
    const { seen } = await pushTo('904', 1);
    expect(parseStkCallback(seen[0]?.body).amount).toEqual(kes(149));
  });

  it('905: the answer is cut although the money moved, and nobody calls back', async () => {
    const { outcome, msisdn } = await pushTo('905', 0);
    expect(outcome.kind).toBe('unknown');
    await eventually(async () => (await driver.movedTo(msisdn)).length === 1);
    expect(driver.merchant.received).toEqual([]);
  });

  it.each([
    ['906', { kind: 'throttled' }],
    ['920', { kind: 'unknown' }],
    ['926', { kind: 'unknown', reason: /^HTTP 403/ }],
  ])('%s: the gateway refuses and nothing is carried out', async (selector, expected) => {
    const { outcome, msisdn } = await pushTo(selector, 0);
    expect(outcome).toMatchObject(
      'reason' in expected
        ? { ...expected, reason: expect.stringMatching(expected.reason) as string }
        : expected,
    );
    await probesLater();
    expect([await driver.movedTo(msisdn), driver.merchant.received]).toEqual([[], []]);
  });

  it('907: the query says for ever that it is being processed', async () => {
    const { client, outcome, msisdn } = await pushTo('907', 0);
    const checkoutRequestId = outcome.kind === 'needsCustomer' ? outcome.providerRef : '';
    await eventually(async () => (await driver.movedTo(msisdn)).length === 1);
    expect(await client.stkQuery({ checkoutRequestId })).toMatchObject({ kind: 'pending' });
  });

  it('908: the callback says that it timed out, the query that it succeeded', async () => {
    const { client, seen } = await pushTo('908', 1);
    const fact = parseStkCallback(seen[0]?.body);
    expect(fact.outcome).toMatchObject({ kind: 'declined', code: '1037' });
    expect(await queryOf(client, fact)).toMatchObject({ kind: 'succeeded' });
  });

  it.each(['921', '922'])(
    '%s: slow or truncated, the answer is unknown and the callback names the order',
    async (selector) => {
      const { client, outcome, seen } = await pushTo(selector, 1);
      expect(outcome.kind).toBe('unknown');
      const fact = parseStkCallback(seen[0]?.body);
      expect(await queryOf(client, fact)).toMatchObject({ kind: 'succeeded' });
    },
  );

  it('923: the callback cannot be read', async () => {
    const { seen } = await pushTo('923', 1);
    expect(seen[0]?.body).toBeUndefined();
    expect(() => parseStkCallback(seen[0]?.body)).toThrow(/not an object/);
  });

  it('924: an older "timed out" arrives after the success; the query keeps the success', async () => {
    const { client, seen } = await pushTo('924', 2);
    const facts = seen.map(({ body }) => parseStkCallback(body));
    expect(facts.map(({ outcome }) => outcome.kind)).toEqual(['succeeded', 'declined']);
    expect(new Set(facts.map(({ dedupeKey }) => dedupeKey)).size).toBe(2);
    for (const fact of facts) expect((await queryOf(client, fact)).kind).toBe('succeeded');
  });

  it('925: fields that nobody documented change nothing', async () => {
    const { seen } = await pushTo('925', 1);
    expect(seen[0]?.raw).toContain('"Channel":"APP"');
    expect(parseStkCallback(seen[0]?.body)).toMatchObject({ outcome: { kind: 'succeeded' } });
  });

  it.each([
    ['PhoneNumber', '0712345678'],
    ['Amount', 0],
    ['Amount', 10.5],
    ['AccountReference', 'LN-10000001-TOO-LONG'],
    ['TransactionDesc', 'longer than thirteen'],
    ['Timestamp', '2026'],
    ['CallBackURL', 'nowhere'],
  ])('refuses %s %p as the gateway does', async (field, value) => {
    const body = { ...GOLDEN.stkRequest, CallBackURL: `${driver.merchant.url}/x`, [field]: value };
    const answer = await driver.post(
      (await driver.grant()).access_token,
      '/mpesa/stkpush/v1/processrequest',
      body,
    );
    expect([answer.status, answer.body]).toEqual([
      400,
      {
        requestId: expect.any(String) as string,
        errorCode: '400.002.02',
        errorMessage: `Bad Request - Invalid ${field}`,
      },
    ]);
  });
});
