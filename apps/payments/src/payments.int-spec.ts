import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import {
  disbursementRequested,
  loanStatusChanged,
  tenantChanged,
  transactionPosted,
} from '@daftari/contracts';
import type { MessageDefinition } from '@daftari/contracts';
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
import { service } from './service.js';

const tenantId = deterministicId('tenant', 'payments');
const customerId = deterministicId('user', 'customer');
const loanId = deterministicId('loan', 'active');
const TOKEN = 'token-of-the-callbacks';
type Json = Readonly<Record<string, unknown>>;

/** Daraja in little: what it was asked, and what it answers. */
class FakeDaraja {
  readonly asked: { path: string; body: Json }[] = [];
  answer: (path: string, body: Json) => Promise<{ status: number; body: unknown }> = async () => ({
    status: 500,
    body: {},
  });
  url = '';
  private server: Server | undefined;

  async start(): Promise<void> {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const path = (request.url ?? '').split('?')[0] ?? '';
        const text = Buffer.concat(chunks).toString();
        const body = (text === '' ? {} : JSON.parse(text)) as Json;
        const given = path.startsWith('/oauth')
          ? Promise.resolve({
              status: 200,
              body: { access_token: 'secret-access', expires_in: '3599' },
            })
          : path.endsWith('registerurl')
            ? Promise.resolve({
                status: 200,
                body: { OriginatorCoversationID: 'x', ResponseCode: '0' },
              })
            : this.ask(path, body);
        void given.then(({ status, body: sent }) => {
          response
            .writeHead(status, { 'content-type': 'application/json' })
            .end(JSON.stringify(sent));
        });
      });
    });
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    const address = this.server.address();
    this.url = `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`;
  }

  private ask(path: string, body: Json): Promise<{ status: number; body: unknown }> {
    this.asked.push({ path, body });
    return this.answer(path, body);
  }

  to(part: string): Json[] {
    return this.asked.filter(({ path }) => path.includes(part)).map(({ body }) => body);
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }
}

const daraja = new FakeDaraja();
let server: TestPostgres;
let issuer: TokenIssuer;
let payments: RunningService;

const publish = async (
  definition: MessageDefinition,
  data: Json,
  id = String(Math.random()),
  sequence?: string,
): Promise<void> => {
  const producer = await payments.resources.bus.producer();
  const about = {
    id,
    key: String(data.loanId ?? tenantId),
    tenantId,
    correlationId: 'c',
    source: '/daftari/test',
    time: new Date(0),
  };
  const message = {
    ...messageFrom(definition, { ...about, data }),
    ...(sequence === undefined ? {} : { sequence }),
  };
  await producer.send([toBusMessage(message)]);
};

beforeAll(async () => {
  await daraja.start();
  server = await startPostgres();
  issuer = await startTokenIssuer();
  const { publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  payments = await createService(service, {
    NODE_ENV: 'test',
    PORT: '0',
    LOG_LEVEL: 'silent',
    JWKS_URL: issuer.jwksUrl,
    INTERNAL_KEY: 'k'.repeat(40),
    DATABASE_URL: await server.createDatabase('payments'),
    BUS_URL: await server.createDatabase('bus'),
    DARAJA_BASE_URL: daraja.url,
    DARAJA_CONSUMER_KEY: 'ck',
    DARAJA_CONSUMER_SECRET: 'cs',
    DARAJA_SHORTCODE: '174379',
    DARAJA_PASSKEY: 'pk',
    DARAJA_B2C_SHORTCODE: '600000',
    DARAJA_INITIATOR_NAME: 'op',
    DARAJA_INITIATOR_PASSWORD: 'pw',
    DARAJA_CERTIFICATE: publicKey,
    DARAJA_CALLBACK_BASE_URL: `http://127.0.0.1:1/hooks/daraja/${TOKEN}`,
    DARAJA_HOOK_TOKEN: TOKEN,
    DARAJA_TENANT_ID: tenantId,
    PROVIDER_TIMEOUT_MS: '3000',
    POLL_FIRST_MS: '200',
    POLL_MAX_MS: '1000',
    TASK_POLL_MS: '20',
  });
  await publish(tenantChanged, { ...tenantChanged.example, tenantId });
  await publish(loanStatusChanged, {
    loanId,
    customerId,
    accountReference: 'LN10000001',
    status: 'active',
    on: '2026-01-31',
    reason: null,
  });
  await eventually(
    async () => (await payments.pool.query('select 1 from payable_loan')).rowCount === 1,
  );
  await eventually(
    async () => (await payments.pool.query('select 1 from tenant_calendar')).rowCount === 1,
  );
});
afterAll(async () => {
  await payments.close();
  daraja.stop();
  await issuer.close();
  await server.stop();
});
beforeEach(() => {
  daraja.asked.length = 0;
});

interface Answer {
  readonly status: number;
  readonly body: { data: Json; metadata: { code?: string } };
}
const call = async (
  role: string,
  path: string,
  body?: Json,
  userId = customerId,
): Promise<Answer> => {
  const token = await issuer.token({ userId, tenantId, roles: [role] });
  const response = await fetch(payments.url + path, {
    method: body ? 'POST' : 'GET',
    headers: {
      authorization: `Bearer ${token}`,
      ...(body
        ? { 'content-type': 'application/json', 'idempotency-key': String(Math.random()) }
        : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
};
const hook = async (
  path: string,
  body: unknown,
  token = TOKEN,
): Promise<{ status: number; body: Json }> => {
  const response = await fetch(`${payments.url}/hooks/daraja/${token}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Json };
};
const ACK = { ResultCode: 0, ResultDesc: 'Accepted' };
const eventsOf = async (stream: string): Promise<string[]> =>
  (
    await payments.pool.query<{ type: string }>(
      'select e.type from es.event e join es.stream s using (stream_id) where s.name = $1 order by e.revision',
      [stream],
    )
  ).rows.map(({ type }) => type);
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
      const found = await payments.pool.query(
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
          await payments.pool.query(
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
    const { rows } = await payments.pool.query("select status from webhook_inbox where kind = 'r'");
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

  it('does not send again what may have left before a crash', async () => {
    const loan = deterministicId('loan', 'crashed');
    daraja.answer = async () => ({
      status: 200,
      body: { ResponseCode: '0', ConversationID: 'AG_c' },
    });
    const { id, statusOf } = await reserve(loan, 'LN10000004', '9', async (disbursementId) => {
      // The state after a crash: the submission stands in the log, its answer does not.
      const { store } = payments.resources;
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
      await payments.pool.query(
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
