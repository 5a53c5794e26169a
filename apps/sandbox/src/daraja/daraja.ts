import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Book } from './book.js';
import { type Movement } from './book.js';
import { type Scenario, scenarioOf } from './faults.js';
import type { InitiatorKeys } from './keys.js';

type Body = Readonly<Record<string, unknown>>;
interface Urls {
  readonly confirmation: string;
  readonly validation: string;
}

const receipt = (): string => `S${randomBytes(5).toString('hex').toUpperCase().slice(0, 9)}`;
const text = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
const stamp = (): string =>
  new Date(Date.now() + 3 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14);
const TOKEN_SECONDS = 3_599;

/** Safaricom's Daraja API as its merchants see it: paths, field names, codes, misspellings and faults. */
export class Daraja {
  private readonly tokens = new Set<string>();
  private readonly stkPending = new Map<string, { readonly scenario: Scenario }>();
  private readonly merchants = new Map<string, Urls>();
  readonly requests: {
    readonly at: string;
    readonly path: string;
    readonly ref: string;
    readonly body: Body;
  }[] = [];

  constructor(
    private readonly book: Book,
    private readonly keys: InitiatorKeys,
    private readonly delayMs: number,
  ) {}

  mount(server: FastifyInstance): void {
    server.get('/oauth/v1/generate', (request, reply) => this.token(request, reply));
    const post = (
      path: string,
      handle: (body: Body, reply: FastifyReply) => Promise<unknown>,
    ): void => {
      server.post(path, async (request, reply) => {
        const bearer = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
        if (!this.tokens.has(bearer))
          return reply.status(404).send(error('404.001.03', 'Invalid Access Token'));
        const body = (request.body ?? {}) as Body;
        this.log(path, body);
        return handle(body, reply);
      });
    };
    post('/mpesa/stkpush/v1/processrequest', (body, reply) => this.stkPush(body, reply));
    post('/mpesa/stkpushquery/v1/query', (body, reply) => this.stkQuery(body, reply));
    post('/mpesa/b2c/v1/paymentrequest', (body, reply) => this.b2c(body, reply));
    post('/mpesa/b2c/v3/paymentrequest', (body, reply) => this.b2c(body, reply));
    post('/mpesa/transactionstatus/v1/query', (body, reply) => this.status(body, reply));
    post('/mpesa/c2b/v1/registerurl', (body, reply) => this.register(body, reply));
    post('/mpesa/c2b/v2/registerurl', (body, reply) => this.register(body, reply));
    server.get('/sandbox/daraja/certificate', async (_request, reply) =>
      reply.type('application/x-pem-file').send(this.keys.publicPem),
    );
    server.get('/sandbox/daraja/transactions', async () => this.book.all());
    server.post('/sandbox/daraja/c2b', async (request) =>
      this.customerPays((request.body ?? {}) as Body),
    );
    server.get('/sandbox/requests', async () => this.requests);
  }

  private log(path: string, body: Body): void {
    const { Password: _password, SecurityCredential: _credential, ...shown } = body;
    this.requests.push({
      at: new Date().toISOString(),
      path,
      ref:
        text(body.OriginatorConversationID) ||
        text(body.CheckoutRequestID) ||
        text(body.AccountReference),
      body: shown,
    });
    if (this.requests.length > 20_000) this.requests.shift();
  }

  private async token(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const [key = '', secret = ''] = Buffer.from(
      (request.headers.authorization ?? '').replace(/^Basic /, ''),
      'base64',
    )
      .toString()
      .split(':');
    if (key === '' || secret === '') return reply.status(400).send('');
    const token = randomBytes(14).toString('hex');
    this.tokens.add(token);
    setTimeout(() => this.tokens.delete(token), TOKEN_SECONDS * 1_000).unref();
    return { access_token: token, expires_in: String(TOKEN_SECONDS) };
  }

  private async stkPush(body: Body, reply: FastifyReply): Promise<unknown> {
    const amount = Number(body.Amount);
    const msisdn = text(body.PhoneNumber);
    if (!/^254\d{9}$/.test(msisdn))
      return reply.status(400).send(error('400.002.02', 'Bad Request - Invalid PhoneNumber'));
    if (!Number.isInteger(amount) || amount < 1)
      return reply.status(400).send(error('400.002.02', 'Bad Request - Invalid Amount'));
    if (
      !Buffer.from(text(body.Password), 'base64').toString().endsWith(text(body.Timestamp)) ||
      text(body.Timestamp) === ''
    )
      return reply.status(500).send(error('500.001.1001', 'Wrong credentials'));
    const scenario = scenarioOf(msisdn);
    if (scenario.answer === 'throttled')
      return reply.status(500).send(error('500.003.02', 'Error Occurred: Spike Arrest Violation'));
    const checkout = `ws_CO_${stamp()}${randomBytes(6).toString('hex')}`;
    const merchant = `${randomBytes(4).toString('hex')}-${String(Date.now() % 100_000)}-1`;
    this.stkPending.set(checkout, { scenario });
    const execute = (): Movement => {
      const ok = scenario.resultCode === '0';
      const moved = scenario.otherAmount ? Math.max(1, amount - 1) : amount;
      const movement: Movement = {
        kind: 'stk',
        ref: checkout,
        conversationId: merchant,
        amount: moved,
        msisdn,
        accountReference: text(body.AccountReference),
        at: new Date().toISOString(),
        resultCode: scenario.resultCode,
        resultDesc: scenario.resultDesc,
        receipt: ok ? receipt() : '',
      };
      this.book.add(movement);
      this.stkPending.delete(checkout);
      return movement;
    };
    const callBack = (movement: Movement): Promise<void> =>
      this.deliver(text(body.CallBackURL), stkCallback(movement, scenario));
    if (scenario.callback === 'before-answer') await callBack(execute());
    else
      this.later(async () => {
        const movement = execute();
        if (scenario.callback === 'never') return;
        await callBack(movement);
        if (scenario.callback === 'twice') await callBack(movement);
      });
    if (scenario.answer === 'cut-after-executing')
      return reply.status(504).type('text/html').send('<html>Gateway Time-out</html>');
    return {
      MerchantRequestID: merchant,
      CheckoutRequestID: checkout,
      ResponseCode: '0',
      ResponseDescription: 'Success. Request accepted for processing',
      CustomerMessage: 'Success. Request accepted for processing',
    };
  }

  private async stkQuery(body: Body, reply: FastifyReply): Promise<unknown> {
    const checkout = text(body.CheckoutRequestID);
    const movement = this.book.find('stk', checkout);
    if (!movement || scenarioOf(movement.msisdn).queryStuck)
      return reply.status(500).send(error('500.001.1001', 'The transaction is being processed'));
    return {
      ResponseCode: '0',
      ResponseDescription: 'The service request has been accepted successsfully',
      MerchantRequestID: movement.conversationId,
      CheckoutRequestID: checkout,
      ResultCode: movement.resultCode,
      ResultDesc: movement.resultDesc,
    };
  }

  private async b2c(body: Body, reply: FastifyReply): Promise<unknown> {
    const ref = text(body.OriginatorConversationID) || randomBytes(8).toString('hex');
    const amount = Number(body.Amount);
    const msisdn = text(body.PartyB);
    if (!/^254\d{9}$/.test(msisdn) || !Number.isInteger(amount) || amount < 1)
      return reply.status(400).send(error('400.002.02', 'Bad Request - Invalid PartyB or Amount'));
    if (this.keys.open(text(body.SecurityCredential)) === undefined)
      return reply
        .status(400)
        .send(error('400.002.02', 'Bad Request - Invalid SecurityCredential'));
    const scenario = scenarioOf(msisdn);
    if (this.book.find('b2c', ref) || scenario.answer === 'duplicate') {
      if (!this.book.find('b2c', ref)) this.payOut(ref, amount, msisdn, scenario);
      return reply.status(500).send(error('500.002.1001', 'Duplicate OriginatorConversationID.'));
    }
    if (scenario.answer === 'throttled')
      return reply.status(500).send(error('500.003.02', 'Error Occurred: Spike Arrest Violation'));
    const movement = this.payOut(ref, amount, msisdn, scenario);
    const result = (type: number): Promise<void> =>
      this.deliver(text(body.ResultURL), b2cResult(movement, scenario, type));
    if (scenario.callback === 'before-answer') await result(0);
    else
      this.later(async () => {
        if (scenario.callback === 'never') return;
        if (scenario.callback === 'timeout-then-result')
          await this.deliver(text(body.QueueTimeOutURL), {
            Result: { ResultType: 1, OriginatorConversationID: ref },
          });
        if (scenario.callback === 'intermediate-first') await result(1);
        await result(0);
        if (scenario.callback === 'twice') await result(0);
      });
    if (scenario.answer === 'cut-after-executing')
      return reply.status(504).type('text/html').send('<html>Gateway Time-out</html>');
    return {
      ConversationID: movement.conversationId,
      OriginatorConversationID: ref,
      ResponseCode: '0',
      ResponseDescription: 'Accept the service request successfully.',
    };
  }

  private payOut(ref: string, amount: number, msisdn: string, scenario: Scenario): Movement {
    const movement: Movement = {
      kind: 'b2c',
      ref,
      conversationId: `AG_${stamp().slice(0, 8)}_${randomBytes(10).toString('hex')}`,
      amount,
      msisdn,
      accountReference: '',
      at: new Date().toISOString(),
      resultCode: scenario.resultCode,
      resultDesc: scenario.resultDesc,
      receipt: scenario.resultCode === '0' ? receipt() : '',
    };
    this.book.add(movement);
    return movement;
  }

  private async status(body: Body, reply: FastifyReply): Promise<unknown> {
    const ref = text(body.OriginatorConversationID) || text(body.OriginalConversationID);
    if (ref === '')
      return reply
        .status(400)
        .send(error('400.002.02', 'Bad Request - Invalid OriginatorConversationID'));
    const conversationId = `AG_${stamp().slice(0, 8)}_${randomBytes(10).toString('hex')}`;
    const movement = this.book.find('b2c', ref);
    this.later(() =>
      this.deliver(text(body.ResultURL), statusResult(ref, conversationId, movement)),
    );
    return {
      OriginatorConversationID: randomBytes(8).toString('hex'),
      ConversationID: conversationId,
      ResponseCode: '0',
      ResponseDescription: 'Accept the service request successfully.',
    };
  }

  private async register(body: Body, reply: FastifyReply): Promise<unknown> {
    const urls = { confirmation: text(body.ConfirmationURL), validation: text(body.ValidationURL) };
    if (/mpesa|m-pesa|safaricom|exec?|cmd|sql|query/i.test(new URL(urls.confirmation).pathname))
      return reply.status(400).send(error('400.003.02', 'Bad Request - Invalid ConfirmationURL'));
    this.merchants.set(text(body.ShortCode), urls);
    return {
      OriginatorCoversationID: randomBytes(8).toString('hex'),
      ResponseCode: '0',
      ResponseDescription: 'Success',
    };
  }

  /** A customer pays the paybill by hand: validation, then the confirmation, `times` times. */
  private async customerPays(body: Body): Promise<unknown> {
    const msisdn = text(body.msisdn) || '254700000000';
    const ref = text(body.transId) || receipt();
    const urls = [...this.merchants.values()].at(-1);
    if (!urls) return { accepted: false, reason: 'no merchant has registered its URLs yet' };
    const call = {
      TransactionType: 'Pay Bill',
      TransID: ref,
      TransTime: stamp(),
      TransAmount: Number(body.amount).toFixed(2),
      BusinessShortCode: [...this.merchants.keys()].at(-1),
      BillRefNumber: text(body.billRefNumber),
      InvoiceNumber: '',
      OrgAccountBalance: '',
      ThirdPartyTransID: '',
      MSISDN: `${msisdn.slice(0, 5)}****${msisdn.slice(-3)}`,
      FirstName: 'JOHN',
      MiddleName: '',
      LastName: '',
    };
    if (body.skipValidation !== true) {
      const verdict = await this.ask(urls.validation, call);
      if (text(verdict?.ResultCode) !== '0' && verdict !== undefined)
        return { accepted: false, transId: ref, verdict };
    }
    this.book.add({
      kind: 'c2b',
      ref,
      conversationId: ref,
      amount: Number(body.amount),
      msisdn,
      accountReference: text(body.billRefNumber),
      at: new Date().toISOString(),
      resultCode: '0',
      resultDesc: 'Success',
      receipt: ref,
    });
    for (let i = 0; i < Math.min(Number(body.times ?? 1), 10); i++)
      await this.deliver(urls.confirmation, { ...call, OrgAccountBalance: '49197.00' });
    return { accepted: true, transId: ref };
  }

  private later(work: () => Promise<void>): void {
    setTimeout(() => void work(), this.delayMs).unref();
  }

  /** Real callbacks are not repeated when nobody answers; neither are these. */
  private async deliver(url: string, body: unknown): Promise<void> {
    await this.ask(url, body);
  }

  private async ask(url: string, body: unknown): Promise<Body | undefined> {
    return fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(8_000),
    })
      .then(
        async (response) => (await response.json()) as Body,
        () => undefined,
      )
      .catch(() => undefined);
  }
}

const error = (errorCode: string, errorMessage: string): Body => ({
  requestId: randomBytes(6).toString('hex'),
  errorCode,
  errorMessage,
});

const stkCallback = (movement: Movement, scenario: Scenario): unknown => {
  const code = scenario.callbackCode ?? movement.resultCode;
  const items = [
    { Name: 'Amount', Value: movement.amount },
    { Name: 'MpesaReceiptNumber', Value: movement.receipt },
    { Name: 'Balance' },
    { Name: 'TransactionDate', Value: Number(stamp()) },
    { Name: 'PhoneNumber', Value: Number(movement.msisdn) },
  ];
  return {
    Body: {
      stkCallback: {
        MerchantRequestID: movement.conversationId,
        CheckoutRequestID: movement.ref,
        ResultCode: Number(code),
        ResultDesc: movement.resultDesc,
        ...(code === '0' ? { CallbackMetadata: { Item: items } } : {}),
      },
    },
  };
};

const b2cResult = (movement: Movement, scenario: Scenario, type: number): unknown => {
  const parameters = {
    ResultParameter: [
      { Key: 'TransactionAmount', Value: movement.amount },
      { Key: 'TransactionReceipt', Value: movement.receipt },
      { Key: 'B2CRecipientIsRegisteredCustomer', Value: 'Y' },
      { Key: 'ReceiverPartyPublicName', Value: `${movement.msisdn} - John Doe` },
      { Key: 'TransactionCompletedDateTime', Value: '31.01.2026 10:30:00' },
    ],
  };
  const code = scenario.codeAsString ? movement.resultCode : Number(movement.resultCode);
  const withParameters = movement.resultCode === '0' && !scenario.withoutParameters;
  return {
    Result: {
      ResultType: type,
      ResultCode: code,
      ResultDesc: movement.resultDesc,
      OriginatorConversationID: movement.ref,
      ConversationID: movement.conversationId,
      TransactionID: movement.receipt || 'SAF0000000',
      ...(withParameters ? { ResultParameters: parameters } : {}),
      ReferenceData: { ReferenceItem: { Key: 'QueueTimeoutURL' } },
    },
  };
};

const statusResult = (
  ref: string,
  conversationId: string,
  movement: Movement | undefined,
): unknown => {
  const status = movement ? (movement.resultCode === '0' ? 'Completed' : 'Declined') : 'Initiated';
  const list = [
    { Key: 'DebitPartyName', Value: '600000 - Lender' },
    { Key: 'OriginatorConversationID', Value: ref },
    { Key: 'TransactionStatus', Value: status },
    { Key: 'TransactionReason' },
    { Key: 'Amount', Value: String(movement?.amount ?? '') },
    { Key: 'ReceiptNo', Value: movement?.receipt ?? '' },
  ];
  return {
    Result: {
      ResultType: 0,
      ResultCode: movement ? '0' : '2001',
      ResultDesc: 'ok',
      OriginatorConversationID: randomBytes(8).toString('hex'),
      ConversationID: conversationId,
      TransactionID: movement?.receipt ?? '',
      ResultParameters: { ResultParameter: list },
    },
  };
};
