import {
  type CallbackFact,
  type DarajaClient,
  type DarajaConfig,
  parseB2cResult,
  parseC2bConfirmation,
  parseC2bValidation,
  parseQueueTimeout,
  parseStatusResult,
} from '@daftari/integrations';
import { eventually } from '@daftari/testing';
import { Driver, kes } from '../testing/driver.js';
import { GOLDEN, shapeOf } from '../testing/golden.js';
import type { Received } from '../testing/merchant.js';

const driver = new Driver();
beforeAll(() => driver.start());
afterAll(() => driver.stop());
beforeEach(() => {
  driver.merchant.received.length = 0;
  driver.merchant.answer = async () => ({ ResultCode: 0, ResultDesc: 'Accepted' });
});

const payTo = async (selector: string, callbacks: number, more: Partial<DarajaConfig> = {}) => {
  const msisdn = driver.phone(selector);
  const ourRef = `payout-${msisdn}`;
  const client = driver.client(more);
  const order = { ourRef, amount: kes(25_000), phone: msisdn, remarks: 'Loan 1' };
  const outcome = await client.b2c(order);
  const mine = (): readonly Received[] =>
    driver.merchant.received.filter(({ raw }) => raw.includes(ourRef));
  const seen = await eventually(() => (mine().length >= callbacks ? mine() : undefined));
  return { client, order, msisdn, outcome, seen };
};
const statusOf = async (client: DarajaClient, ourRef: string): Promise<CallbackFact> => {
  const before = driver.merchant.at('/hooks/c/q').length;
  expect(await client.transactionStatus({ ourRef })).toMatchObject({ kind: 'accepted' });
  const answer = await eventually(() => driver.merchant.at('/hooks/c/q')[before]);
  return parseStatusResult(answer.body);
};

describe('payouts (B2C)', () => {
  it('speak the wire format of the documents: request, answer, result', async () => {
    const { order, seen, msisdn, outcome } = await payTo('000', 1);
    const asked = (await driver.askedAt('/b2c/v3/paymentrequest')).find(
      ({ ref }) => ref === order.ourRef,
    );
    expect(shapeOf(asked?.body)).toEqual(shapeOf(GOLDEN.b2cRequest));
    expect(outcome).toMatchObject({
      kind: 'accepted',
      providerRef: expect.stringMatching(/^AG_\d{8}_[0-9a-f]{20}$/) as string,
    });
    expect(seen[0]?.path).toBe('/hooks/c/r');
    expect(shapeOf(seen[0]?.body)).toEqual(shapeOf(GOLDEN.b2cPaid));
    const [moved] = await driver.movedTo(msisdn);
    expect(parseB2cResult(seen[0]?.body)).toMatchObject({
      ourRef: order.ourRef,
      final: true,
      outcome: { kind: 'succeeded' },
      amount: kes(25_000),
      receipt: moved?.receipt,
    });
    expect(seen[0]?.raw).toMatch(
      /"TransactionCompletedDateTime","Value":"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d"/,
    );
  });

  it('001: a float that is too low is declined, without parameters but with a TransactionID', async () => {
    const { seen } = await payTo('001', 1);
    expect(shapeOf(seen[0]?.body)).toEqual(shapeOf(GOLDEN.b2cRefused));
    expect(parseB2cResult(seen[0]?.body).outcome).toMatchObject({ kind: 'declined', code: '1' });
  });

  it('201: a wrong initiator is a problem of the configuration', async () => {
    const { seen } = await payTo('201', 1);
    expect(parseB2cResult(seen[0]?.body).outcome).toMatchObject({ kind: 'rejected', config: true });
  });

  it('905: the answer is cut, the payout was executed; the status query proves it', async () => {
    const { client, order, outcome, msisdn } = await payTo('905', 0);
    expect(outcome.kind).toBe('unknown');
    const [moved] = await driver.movedTo(msisdn);
    expect(await statusOf(client, order.ourRef)).toMatchObject({
      ourRef: order.ourRef,
      outcome: { kind: 'succeeded' },
      amount: kes(25_000),
      receipt: moved?.receipt,
    });
  });

  it('906 and 920: nothing was executed; the status query knows no such order', async () => {
    for (const [selector, kind] of [
      ['906', 'throttled'],
      ['920', 'unknown'],
    ] as const) {
      const { client, order, outcome, msisdn } = await payTo(selector, 0);
      expect(outcome.kind).toBe(kind);
      expect(await driver.movedTo(msisdn)).toEqual([]);
      expect(await statusOf(client, order.ourRef)).toMatchObject({
        ourRef: order.ourRef,
        final: false,
        outcome: { kind: 'unknown' },
      });
    }
  });

  it('910: the queue times out first, and the result says that it was paid', async () => {
    const { order, seen } = await payTo('910', 2);
    expect(seen.map(({ path }) => path)).toEqual(['/hooks/c/t', '/hooks/c/r']);
    expect(parseQueueTimeout(seen[0]?.body)).toMatchObject({ ourRef: order.ourRef, final: false });
    expect(parseB2cResult(seen[1]?.body).outcome.kind).toBe('succeeded');
  });

  it('911 and a repeat: a known id is refused as a duplicate and pays once', async () => {
    const duplicate = await payTo('911', 0);
    expect(duplicate.outcome).toMatchObject({
      kind: 'unknown',
      reason: expect.stringContaining('500.002.1001') as string,
    });
    expect(await driver.movedTo(duplicate.msisdn)).toHaveLength(1);
    const { client, order, msisdn } = await payTo('000', 1);
    expect((await client.b2c(order)).kind).toBe('unknown');
    expect(await driver.movedTo(msisdn)).toHaveLength(1);
  });

  it.each([
    ['912', [false, true]],
    ['924', [true, false]],
    ['902', [true, true]],
  ])('%s: several results, of which only ResultType 0 is final', async (selector, final) => {
    const { seen, msisdn } = await payTo(selector, 2);
    expect(seen.map(({ body }) => parseB2cResult(body).final)).toEqual(final);
    expect(await driver.movedTo(msisdn)).toHaveLength(1);
  });

  it('913 and 914: a code as text and missing parameters are read all the same', async () => {
    const asText = await payTo('913', 1);
    expect(asText.seen[0]?.raw).toContain('"ResultCode":"0"');
    const bare = await payTo('914', 1);
    expect(bare.seen[0]?.raw).not.toContain('ResultParameters');
    for (const { seen } of [asText, bare])
      expect(parseB2cResult(seen[0]?.body)).toMatchObject({
        outcome: { kind: 'succeeded' },
        receipt: expect.stringMatching(/^S/) as string,
      });
  });

  it.each(['921', '922'])(
    '%s: the answer is slow or truncated: unknown, and the result arrives',
    async (selector) => {
      const { outcome, seen } = await payTo(selector, 1);
      expect(outcome.kind).toBe('unknown');
      expect(parseB2cResult(seen[0]?.body).outcome.kind).toBe('succeeded');
    },
  );

  it('refuse an initiator password that was not encrypted with the certificate', async () => {
    const body = { ...GOLDEN.b2cRequest, SecurityCredential: 'plain' };
    const answer = await driver.post(
      (await driver.grant()).access_token,
      '/mpesa/b2c/v3/paymentrequest',
      body,
    );
    expect(answer).toMatchObject({
      status: 400,
      body: { errorMessage: 'Bad Request - Invalid SecurityCredential' },
    });
  });
});

describe('paybill (C2B)', () => {
  const pay = (more: object = {}) =>
    driver.control('/sandbox/daraja/c2b', {
      amount: 50,
      billRefNumber: ' ln10000001',
      msisdn: '254700000149',
      ...more,
    });
  beforeEach(async () => {
    expect(await driver.client().registerC2b()).toMatchObject({ kind: 'accepted' });
  });

  it('is registered under the misspelt key, and refuses addresses that Safaricom forbids', async () => {
    const body = {
      ShortCode: '600638',
      ResponseType: 'Completed',
      ConfirmationURL: `${driver.merchant.url}/c`,
      ValidationURL: `${driver.merchant.url}/v`,
    };
    const token = (await driver.grant()).access_token;
    const register = (more: object) =>
      driver.post(token, '/mpesa/c2b/v1/registerurl', { ...body, ...more });
    expect(shapeOf((await register({})).body)).toEqual(shapeOf(GOLDEN.c2bRegistered));
    for (const wrong of [
      { ConfirmationURL: `${driver.merchant.url}/mpesa/c` },
      { ValidationURL: `${driver.merchant.url}/query` },
      { ConfirmationURL: 'nowhere' },
      { ResponseType: 'completed' },
    ])
      expect((await register(wrong)).status).toBe(400);
  });

  it('asks for validation, then confirms, with the fields and types of the documents', async () => {
    const { accepted, transId } = await pay();
    expect(accepted).toBe(true);
    const [validation] = driver.merchant.at('/hooks/c/v');
    const [confirmation] = driver.merchant.at('/hooks/c/c');
    expect(shapeOf(validation?.body)).toEqual(shapeOf(GOLDEN.c2bConfirmation));
    expect(shapeOf(confirmation?.body)).toEqual(shapeOf(GOLDEN.c2bConfirmation));
    expect(validation?.body).toMatchObject({ OrgAccountBalance: '', MSISDN: '25470****149' });
    expect(parseC2bValidation(validation?.body)).toMatchObject({ final: false });
    expect(parseC2bConfirmation(confirmation?.body)).toMatchObject({
      final: true,
      receipt: transId,
      amount: kes(50),
      accountReference: 'LN10000001',
    });
  });

  it('takes no money when the merchant rejects', async () => {
    driver.merchant.answer = async () => ({ ResultCode: 'C2B00012', ResultDesc: 'Rejected' });
    expect(await pay({ transId: 'REJECTED1' })).toMatchObject({ accepted: false });
    expect(driver.merchant.at('/hooks/c/c')).toHaveLength(0);
  });

  it('confirms as often as is asked for, with one TransID, and hides the payer as it does', async () => {
    await pay({ times: 3, payer: 'hashed', skipValidation: true });
    const keys = driver.merchant
      .at('/hooks/c/c')
      .map(({ body }) => parseC2bConfirmation(body).dedupeKey);
    expect([keys.length, new Set(keys).size]).toEqual([3, 1]);
    expect(driver.merchant.received[0]?.raw).toMatch(/"MSISDN":"[0-9a-f]{64}"/);
  });
});
