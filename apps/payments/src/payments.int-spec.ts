import { disbursementRequested, transactionPosted } from '@daftari/contracts';
import { deterministicId } from '@daftari/kernel';
import { eventually } from '@daftari/testing';
import type { DisbursementCommand } from './disbursement/domain/disbursement.js';
import { Streams } from './streams.js';
import type { Json } from './testing/fake-daraja.js';
import { ACK, type Answer, PaymentsDriver, TOKEN } from './testing/payments-driver.js';

const driver = new PaymentsDriver();
const { daraja, tenantId, customerId, loanId } = driver;
beforeAll(() => driver.start());
afterAll(() => driver.stop());
beforeEach(() => {
  daraja.asked.length = 0;
});

const call = (role: string, path: string, body?: Json, userId = customerId): Promise<Answer> =>
  driver.call(role, path, body, { userId });
const hook = (path: string, body: unknown, token = TOKEN) => driver.hook(path, body, { token });
const eventsOf = (stream: string): Promise<string[]> => driver.eventsOf(stream);
const publish: PaymentsDriver['publish'] = (...message) => driver.publish(...message);
const stk = (checkout: string, receipt: string, amount = 100): Json => ({
  Body: {
    stkCallback: {
      MerchantRequestID: 'm',
      CheckoutRequestID: checkout,
      ResultCode: 0,
      ResultDesc: 'ok',
      CallbackMetadata: {
        Item: [
          { Name: 'Amount', Value: amount },
          { Name: 'MpesaReceiptNumber', Value: receipt },
        ],
      },
    },
  },
});
const prompt = (checkout: string) => ({
  status: 200,
  body: { ResponseCode: '0', CheckoutRequestID: checkout, MerchantRequestID: 'm' },
});
const paid = { status: 200, body: { ResponseCode: '0', ResultCode: '0', ResultDesc: 'ok' } };
const pay = (amount = '100.00') =>
  call('customer', '/v1/payments', {
    loanId,
    amount: { amount, currency: 'KES' },
    phone: '254700000000',
  });
const settledOf = (id: string) =>
  eventually(async () => {
    const { data } = (await call('customer', `/v1/payments/${id}`)).body;
    return data.status === 'succeeded' ? data : undefined;
  });

describe('collections', () => {
  it('settles once when the callback arrives twice at the same time, and keeps a trail without secrets', async () => {
    daraja.answer = async (path) => (path.includes('stkpushquery') ? paid : prompt('ws_twice'));
    const started = await pay();
    expect(started).toMatchObject({ status: 202, body: { data: { status: 'initiated' } } });
    const id = String(started.body.data.paymentId);
    await eventually(async () => (await eventsOf(`payment-${id}`)).includes('CustomerPrompted'));
    const body = stk('ws_twice', 'RTWICE');
    const answers = await Promise.all([hook(`s/${id}`, body), hook(`s/${id}`, body)]);
    expect(answers).toEqual([
      { status: 200, body: ACK },
      { status: 200, body: ACK },
    ]);
    expect(await settledOf(id)).toMatchObject({ receipt: 'RTWICE', amount: { amount: '100.00' } });
    expect(
      (await eventsOf(`payment-${id}`)).filter((type) => type === 'PaymentSucceeded'),
    ).toHaveLength(1);
    expect(
      (await call('customer', `/v1/payments/${id}`, undefined, deterministicId('user', 'other')))
        .status,
    ).toBe(404);
    const trail = await call('staff', `/v1/payments/${id}/trail`);
    expect(Object.keys(trail.body.data)).toEqual([
      'events',
      'messages',
      'providerCalls',
      'callbacks',
    ]);
    const { providerCalls } = trail.body.data;
    for (const secret of [TOKEN, 'secret-access', '254700000000'])
      expect(JSON.stringify(providerCalls)).not.toContain(secret);
  });

  it('settles what was really paid when the callback is there before the answer', async () => {
    daraja.answer = async (path, body) => {
      if (path.includes('stkpushquery')) return paid;
      await hook(
        String(body.CallBackURL).split(`${TOKEN}/`)[1] ?? '',
        stk('ws_early', 'REARLY', 99),
      );
      await new Promise((resolve) => setTimeout(resolve, 300));
      return prompt('ws_early');
    };
    const id = String((await pay()).body.data.paymentId);
    expect(await settledOf(id)).toMatchObject({ receipt: 'REARLY', amount: { amount: '99.00' } });
    expect(daraja.to('processrequest')).toHaveLength(1);
  });

  it('fails on the word of the query, not of the callback', async () => {
    daraja.answer = async (path) =>
      path.includes('stkpushquery')
        ? { status: 200, body: { ResultCode: '1032', ResultDesc: 'cancelled' } }
        : prompt('ws_no');
    const id = String((await pay()).body.data.paymentId);
    await eventually(
      async () => (await call('customer', `/v1/payments/${id}`)).body.data.status === 'failed',
    );
  });

  it('refuses cents, nonsense, and the loans of others', async () => {
    expect((await pay('100.50')).status).toBe(422);
    expect((await pay('0.00')).status).toBe(422);
    expect(
      (
        await call('customer', '/v1/payments', {
          loanId,
          amount: { amount: '1.00', currency: 'KES' },
          phone: '0700',
        })
      ).status,
    ).toBe(422);
    const other = await call(
      'customer',
      '/v1/payments',
      { loanId, amount: { amount: '1.00', currency: 'KES' }, phone: '254700000000' },
      deterministicId('user', 'other'),
    );
    expect(other.status).toBe(404);
  });
});

describe('callbacks', () => {
  it('takes a paybill payment once, and one nobody can match into suspense', async () => {
    const confirmation = (receipt: string, ref: string) => ({
      TransID: receipt,
      TransAmount: '50.00',
      BillRefNumber: ref,
    });
    expect((await hook('v', confirmation('C2B1', 'LN10000001'))).body).toMatchObject({
      ResultCode: '0',
    });
    expect((await hook('v', confirmation('C2B1', 'NOBODY'))).body).toMatchObject({
      ResultCode: 'C2B00012',
    });
    for (const [receipt, ref] of [
      ['C2B1', 'LN10000001'],
      ['C2B1', 'LN10000001'],
      ['C2B2', 'NOBODY'],
    ] as const)
      expect((await hook('c', confirmation(receipt, ref))).body).toEqual(ACK);
    const rows = await eventually(async () => {
      const found = await driver.payments.pool.query(
        "select loan_id, receipt from read_payments where method = 'mpesa-c2b' and status = 'succeeded' order by receipt",
      );
      return found.rowCount === 2 ? found.rows : undefined;
    });
    expect(rows).toEqual([
      { loan_id: loanId, receipt: 'C2B1' },
      { loan_id: null, receipt: 'C2B2' },
    ]);
  });

  it('does not take a prompted payment a second time when it is confirmed as a paybill payment too', async () => {
    await hook('c', { TransID: 'RTWICE', TransAmount: '100.00', BillRefNumber: 'LN10000001' });
    await eventually(
      async () =>
        (
          await driver.payments.pool.query(
            "select 1 from webhook_inbox where dedupe_key like '%RTWICE|c' and status = 'done'",
          )
        ).rowCount === 1,
    );
    expect(await eventsOf(`payment-${deterministicId('c2b', tenantId, 'RTWICE')}`)).toEqual([]);
  });

  it('answers 404 to a wrong token, and keeps what it cannot read without acting on it', async () => {
    expect(await hook('s', {}, 'wrong-token-wrong-token')).toMatchObject({
      status: 404,
      body: { success: false },
    });
    expect(await hook('r', { Result: {} })).toEqual({ status: 200, body: ACK });
    const { rows } = await driver.payments.pool.query(
      "select status from webhook_inbox where kind = 'r'",
    );
    expect(rows).toEqual([{ status: 'failed' }]);
  });
});

const postedOf = (kind: string, id: string, loan: string): Json => ({
  ...transactionPosted.example,
  ...{ kind, transactionId: deterministicId(kind, id), loanId: loan, paymentId: id },
});
/** Asks for a payout and lets the ledger reserve its money, unless `instead` is to happen. */
const reserve = async (
  loan: string,
  accountReference: string,
  sequence: string,
  instead?: (id: string) => Promise<void>,
): Promise<{ id: string; statusOf: () => Promise<Json> }> => {
  const asked = { ...disbursementRequested.example, loanId: loan, customerId, accountReference };
  await publish(disbursementRequested, asked, `ask-${sequence}`, sequence);
  const statusOf = async (): Promise<Json> =>
    (await call('staff', `/v1/disbursements/${loan}`)).body.data ?? {};
  const found = await eventually(async () => {
    const seen = await statusOf();
    return seen.status === 'reserving' ? seen : undefined;
  });
  const id = String(found.disbursementId);
  await (instead
    ? instead(id)
    : publish(transactionPosted, postedOf('disbursement-reserved', id, loan)));
  return { id, statusOf };
};

describe('payouts', () => {
  it('asks what became of a payout whose answer was lost, and never sends a second one', async () => {
    const loan = deterministicId('loan', 'payout');
    daraja.answer = async (path, body) => {
      if (path.includes('b2c')) return { status: 504, body: '<html>' };
      const ref = String(body.OriginatorConversationID);
      const item = (Key: string, Value: string): Json => ({ Key, Value });
      const Result = {
        ResultType: 0,
        ResultCode: '0',
        ResultDesc: 'ok',
        OriginatorConversationID: 'q',
        ConversationID: 'AG_q',
        TransactionID: 'RPAYOUT',
        ResultParameters: {
          ResultParameter: [
            item('OriginatorConversationID', ref),
            item('TransactionStatus', 'Completed'),
            item('ReceiptNo', 'RPAYOUT'),
            item('Amount', '25000'),
          ],
        },
      };
      setTimeout(() => void Promise.all([hook('q', { Result }), hook('q', { Result })]), 50);
      return { status: 200, body: { ResponseCode: '0', ConversationID: 'AG_q' } };
    };
    const asked = {
      ...disbursementRequested.example,
      loanId: loan,
      customerId,
      accountReference: 'LN10000002',
    };
    await publish(disbursementRequested, asked, 'ask', '7');
    await publish(disbursementRequested, asked, 'ask', '7');
    const statusOf = async (): Promise<Json> =>
      (await call('staff', `/v1/disbursements/${loan}`)).body.data ?? {};
    const found = await eventually(async () => {
      const seen = await statusOf();
      return seen.status === 'reserving' ? seen : undefined;
    });
    const id = String(found.disbursementId);
    const posted = (kind: string): Json => ({
      ...transactionPosted.example,
      kind,
      transactionId: deterministicId(kind, id),
      loanId: loan,
      paymentId: id,
    });
    await publish(transactionPosted, posted('disbursement-reserved'));
    await eventually(async () => (await statusOf()).status === 'settled');
    await publish(transactionPosted, posted('disbursement-paid'));
    await eventually(async () => (await statusOf()).status === 'completed');
    expect(daraja.to('/b2c/')).toHaveLength(1);
    const types = await eventsOf(`disbursement-${id}`);
    expect(types.filter((type) => type === 'PayoutSettled')).toHaveLength(1);
    expect(types).toContain('PayoutUnknown');
    expect(await statusOf()).toMatchObject({ receipt: 'RPAYOUT' });
  });

  it('releases the reservation after a definitive decline, and only then calls it failed', async () => {
    const loan = deterministicId('loan', 'declined');
    daraja.answer = async (path, body) => {
      const ref = String(body.OriginatorConversationID);
      const Result = {
        ...{ ResultType: 0, ResultCode: 1, ResultDesc: 'no balance', ConversationID: 'AG_d' },
        ...{ OriginatorConversationID: ref, TransactionID: 'SAF0000000' },
      };
      if (path.includes('b2c')) await hook('r', { Result });
      return { status: 200, body: { ResponseCode: '0', ConversationID: 'AG_d' } };
    };
    const { id, statusOf } = await reserve(loan, 'LN10000003', '8');
    await eventually(async () => (await statusOf()).status === 'releasing');
    await publish(transactionPosted, postedOf('disbursement-released', id, loan));
    await eventually(async () => (await statusOf()).status === 'failed');
    expect(await statusOf()).toMatchObject({ reason: 'no balance', receipt: null });
    expect(daraja.to('/b2c/')).toHaveLength(1);
  });

  it('loses neither of two facts that arrive at the same moment', async () => {
    const streams = driver.payments.app.get(Streams);
    const meta = { tenantId, actorId: 'system', correlationId: 'c', causationId: 'c' };
    for (let i = 0; i < 15; i++) {
      const disbursementId = deterministicId('disbursement', 'race', String(i));
      const order = {
        ...{ disbursementId, loanId, customerId, phone: '254700000001' },
        ...{ amount: { amount: '1.00', currency: 'KES' }, effectiveOn: '2026-01-31' },
      };
      const change = (command: DisbursementCommand) =>
        streams.changeDisbursement(disbursementId, command, meta);
      await change({ type: 'Start', data: order });
      await change({ type: 'ConfirmReservation' });
      await change({ type: 'StartSubmit' });
      // Both have decided at one revision before either has appended.
      await Promise.all([
        change({ type: 'RecordAccepted', data: { providerRef: 'AG_1' } }),
        change({ type: 'Decline', data: { code: '1', reason: 'no balance' } }),
      ]);
      expect(await eventsOf(`disbursement-${disbursementId}`)).toContain('PayoutDeclined');
    }
  });

  it('does not send again what may have left before a crash', async () => {
    const loan = deterministicId('loan', 'crashed');
    daraja.answer = async () => ({
      status: 200,
      body: { ResponseCode: '0', ConversationID: 'AG_c' },
    });
    const { id, statusOf } = await reserve(loan, 'LN10000004', '9', async (disbursementId) => {
      // The state after a crash: the submission stands in the log, its answer does not.
      const { store } = driver.payments.resources;
      const stream = `disbursement-${disbursementId}`;
      const metadata = { tenantId, actorId: 'system', correlationId: 'c', causationId: 'c' };
      const event = (type: string) => ({
        id: deterministicId(type, loan),
        type,
        data: {},
        metadata,
      });
      await store?.append(stream, [event('FundsReserved'), event('PayoutSubmitStarted')], {
        expected: 0n,
      });
      await driver.payments.pool.query(
        "insert into scheduled_task(id, kind, aggregate_id, due_at) values ($1, 'submit-payout', $2, now())",
        [`submit-payout:${disbursementId}`, disbursementId],
      );
    });
    await eventually(async () => (await statusOf()).status === 'unknown');
    await eventually(async () => daraja.to('transactionstatus').length > 0);
    expect(daraja.to('/b2c/')).toHaveLength(0);
    expect(daraja.to('transactionstatus')[0]).toMatchObject({ OriginatorConversationID: id });
  });
});
