import { jest } from '@jest/globals';
import { TOPIC } from '@daftari/contracts';
import { deterministicId } from '@daftari/kernel';
import { eventually } from '@daftari/testing';
import type { Json } from '../testing/fake-daraja.js';
import { ACK, PaymentsDriver, TOKEN } from '../testing/payments-driver.js';

const driver = new PaymentsDriver();
const spoken: string[] = [];
beforeAll(async () => {
  await driver.start({ CALLBACK_RETRIES_MAX: '1' });
  const { logger } = driver.payments.resources;
  for (const level of ['debug', 'info', 'warn', 'error'] as const)
    jest.spyOn(logger, level).mockImplementation((...said: unknown[]) => {
      spoken.push(JSON.stringify(said, (_, value: unknown) => textOf(value)));
    });
});
afterAll(() => driver.stop());

/** What a logger would write of an error. */
const textOf = (value: unknown): unknown =>
  value instanceof Error ? { message: value.message, stack: value.stack } : value;
const events = async (): Promise<number> => {
  let count = 0;
  const { store } = driver.payments.resources;
  for await (const _ of store?.readAll({ limit: 100_000 }) ?? []) count++;
  return count;
};
const stored = (raw: string): Promise<Json[]> =>
  driver.rows('select id, kind, status, last_error, raw from webhook_inbox where raw = $1', [raw]);
const review = async (kind: string): Promise<Json[]> => {
  const { body } = await driver.call('operator', `/v1/payments/review?kind=${kind}`);
  return body.data as unknown as Json[];
};
const confirmation = (TransID: string, TransAmount: string, more: object = {}): Json => ({
  ...{ TransID, TransAmount, BillRefNumber: 'LN10000001', MSISDN: '254700000149' },
  ...more,
});
const settled = (receipt: string): Promise<boolean> =>
  eventually(
    async () =>
      (await driver.rows('select 1 from read_payments where receipt = $1', [receipt])).length === 1,
  );

describe('a callback that cannot be read', () => {
  it.each([
    ['cut off', '{"Body":{"stkCallback":{"MerchantRequestID":'],
    ['no JSON at all', '<html>Incapsula</html>'],
    ['empty', ''],
    ['a list', '[1,2,3]'],
    ['without the fields', '{"Result":{"ResultType":0}}'],
    [
      'with a code that is no code',
      '{"Body":{"stkCallback":{"CheckoutRequestID":{},"ResultCode":[]}}}',
    ],
    ['with a NUL', '{"Body":{"stkCallback":{"CheckoutRequestID":"a\\u0000b","ResultCode":'],
  ])('is acknowledged and stored as it came, and posts nothing: %s', async (_, raw) => {
    const before = await events();
    expect(await driver.hook('r', raw)).toEqual({ status: 200, body: ACK });
    expect(await stored(raw)).toEqual([
      expect.objectContaining({ status: 'failed', last_error: expect.any(String) as string }),
    ]);
    expect(await events()).toBe(before);
    const shown = await review('unreadable-callback');
    const [row] = await stored(raw);
    expect(shown.map(({ subject }) => (subject as Json).id)).toContain(
      `callback-${String(row?.id)}`,
    );
  });

  it('is read whatever it calls itself', async () => {
    const body = JSON.stringify(confirmation('TEXTPLAIN1', '10.00'));
    expect((await driver.hook('c', body, { type: 'text/plain' })).status).toBe(200);
    await settled('TEXTPLAIN1');
  });

  it('is stored with a NUL byte replaced, which no text column takes', async () => {
    expect((await driver.hook('s', '{"a":"\0"}')).status).toBe(200);
    expect(await stored('{"a":"\uFFFD"}')).toHaveLength(1);
  });

  it('is refused as a validation, and nothing is kept', async () => {
    const before = (await driver.rows('select 1 from webhook_inbox')).length;
    expect((await driver.hook('v', '{"TransID":')).body).toEqual({
      ResultCode: 'C2B00012',
      ResultDesc: 'Rejected',
    });
    expect(await driver.rows('select 1 from webhook_inbox')).toHaveLength(before);
  });
});

describe('an oversized callback', () => {
  it('gets a 413 in the envelope and is not stored', async () => {
    const before = (await driver.rows('select 1 from webhook_inbox')).length;
    const answer = await driver.hook(
      'c',
      confirmation('BIG1', '10.00', { pad: 'x'.repeat(300_000) }),
    );
    expect(answer).toMatchObject({
      status: 413,
      body: { metadata: { code: 'request/too-large' } },
    });
    expect(await driver.rows('select 1 from webhook_inbox')).toHaveLength(before);
  });
});

describe('a callback for nobody', () => {
  const stk = (checkout: string): Json => ({
    Body: { stkCallback: { CheckoutRequestID: checkout, ResultCode: 0, ResultDesc: 'ok' } },
  });

  it('is acknowledged, tried again, and then shown to people, who can try it once more or put it aside', async () => {
    const nobody = deterministicId('payment', 'nobody');
    const before = await events();
    expect(await driver.hook(`s/${nobody}`, stk('ws_nobody'))).toEqual({ status: 200, body: ACK });
    const item = await eventually(async () => (await review('unmatched-callback'))[0]);
    expect(item).toMatchObject({
      reason: 'no payment with this reference',
      actions: ['retry', 'dismiss'],
      status: 'open',
    });
    expect(await events()).toBe(before);

    const id = String(item.id);
    const retried = await driver.call('operator', `/v1/payments/review/${id}/retry`, {
      reason: 'it may be known by now',
    });
    expect(retried.body.data).toMatchObject({ status: 'resolved' });
    const again = await eventually(async () => (await review('unmatched-callback'))[0]);
    expect(again.id).toBe(id);
    const path = `/v1/payments/review/${id}/dismiss`;
    for (const reason of ['not ours', 'not ours either'])
      expect((await driver.call('operator', path, { reason })).body.data).toMatchObject({
        status: 'resolved',
        resolution: { resolution: 'dismiss', reason: 'not ours', by: driver.customerId },
      });
    expect(await review('unmatched-callback')).toEqual([]);
  });

  it('is nobody to a reference that was never ours', async () => {
    expect((await driver.hook('s/not-a-payment', stk('ws_other'))).status).toBe(200);
    await eventually(async () => (await review('unmatched-callback')).length === 1);
  });
});

describe('a callback with fields that nobody documented', () => {
  it('counts as if it had none', async () => {
    const odd = { Channel: 'APP', Extra: { Level: [1, { deep: true }] }, __proto__x: 1 };
    await driver.hook('c', confirmation('UNKNOWN1', '20.00', odd));
    await settled('UNKNOWN1');
    expect(
      await driver.rows("select amount::text from read_payments where receipt = 'UNKNOWN1'"),
    ).toEqual([{ amount: '2000' }]);
  });
});

describe('a repeat', () => {
  it('with the same content leaves nothing behind, whatever the order of its fields', async () => {
    await driver.hook('c', confirmation('REPEAT1', '30.00'));
    await settled('REPEAT1');
    const turned = Object.fromEntries(Object.entries(confirmation('REPEAT1', '30.00')).reverse());
    expect((await driver.hook('c', turned)).body).toEqual(ACK);
    expect(
      await driver.rows("select 1 from webhook_inbox where dedupe_key like '%REPEAT1%'"),
    ).toHaveLength(1);
  });

  it('with other content is acknowledged and kept for people; what was posted first stays', async () => {
    const other = JSON.stringify(confirmation('REPEAT1', '3000.00'));
    const before = await events();
    for (let i = 0; i < 2; i++) expect((await driver.hook('c', other)).body).toEqual(ACK);
    expect(await stored(other)).toEqual([expect.objectContaining({ status: 'failed' })]);
    const [item] = await review('contradictory-callback');
    expect(item).toMatchObject({
      reason: expect.stringMatching(/^says something else than callback \d+/) as string,
      actions: ['dismiss'],
    });
    expect(await review('contradictory-callback')).toHaveLength(1);
    expect(await events()).toBe(before);
    const posted = (await driver.sentTo(TOPIC.ledgerCommandsV1)).filter(
      ({ data }) => data.reference === 'REPEAT1',
    );
    expect(posted.map(({ data }) => data.amounts)).toEqual([{ amount: '30.00' }]);
  });
});

describe('what is said of all this', () => {
  it('names neither the token nor a phone number', async () => {
    await eventually(() => spoken.some((line) => line.includes('hooks/daraja')));
    expect(spoken.filter((line) => line.includes(TOKEN))).toEqual([]);
    expect(spoken.filter((line) => line.includes('254700000149'))).toEqual([]);
    const items = await driver.rows('select details from review_item');
    expect(items.length).toBeGreaterThan(5);
    expect(JSON.stringify(items)).not.toContain('254700000149');
    expect(JSON.stringify(items)).not.toContain(TOKEN);
  });
});
