import type { FastifyInstance, FastifyReply } from 'fastify';
import { B2c } from './b2c.js';
import type { Book } from './book.js';
import { C2b } from './c2b.js';
import { CallbackSender } from './callbacks.js';
import type { InitiatorKeys } from './keys.js';
import { AccessTokens, type OauthOptions } from './oauth.js';
import { StkPush } from './stk-push.js';
import { type Answer, type Body, refusal, text } from './wire.js';

/** How the simulator behaves; times in milliseconds. */
export interface DarajaOptions extends OauthOptions {
  readonly callbackDelayMs: number;
  readonly lateCallbackMs: number;
  readonly slowAnswerMs: number;
}

interface Asked {
  readonly at: string;
  readonly path: string;
  readonly ref: string;
  readonly body: Body;
}

const MOST_REQUESTS = 20_000;

const send = (reply: FastifyReply, { status, body, contentType }: Answer): FastifyReply =>
  reply
    .status(status)
    .type(contentType ?? 'application/json; charset=utf-8')
    .send(body);

/** Safaricom's Daraja API as its merchants see it: paths, field names, codes, misspellings and faults. */
export class Daraja {
  private readonly asked: Asked[] = [];
  private readonly tokens: AccessTokens;
  private readonly callbacks: CallbackSender;
  private readonly stk: StkPush;
  private readonly b2c: B2c;
  private readonly c2b: C2b;

  constructor(
    private readonly book: Book,
    private readonly keys: InitiatorKeys,
    options: DarajaOptions,
  ) {
    const { callbackDelayMs: normalMs, lateCallbackMs: lateMs, slowAnswerMs } = options;
    this.tokens = new AccessTokens(options);
    this.callbacks = new CallbackSender({ normalMs, lateMs });
    this.stk = new StkPush(book, this.callbacks, slowAnswerMs);
    this.b2c = new B2c(book, keys, this.callbacks, slowAnswerMs);
    this.c2b = new C2b(book, this.callbacks);
  }

  mount(server: FastifyInstance): void {
    server.get('/oauth/v1/generate', (request, reply) => {
      const { grant_type: grant } = request.query as { grant_type?: unknown };
      this.log('/oauth/v1/generate', {});
      return send(reply, this.tokens.issue(request.headers.authorization ?? '', text(grant)));
    });
    const post = (path: string, handle: (body: Body) => Promise<Answer>): void => {
      server.post(path, async (request, reply) => {
        if (!this.tokens.accepts(request.headers.authorization ?? ''))
          return send(reply, refusal(404, '404.001.03', 'Invalid Access Token'));
        const body = (request.body ?? {}) as Body;
        this.log(path, body);
        return send(reply, await handle(body));
      });
    };
    post('/mpesa/stkpush/v1/processrequest', (body) => this.stk.push(body));
    post('/mpesa/stkpushquery/v1/query', (body) => this.stk.query(body));
    post('/mpesa/b2c/v1/paymentrequest', (body) => this.b2c.pay(body));
    post('/mpesa/b2c/v3/paymentrequest', (body) => this.b2c.pay(body));
    post('/mpesa/transactionstatus/v1/query', (body) => this.b2c.status(body));
    post('/mpesa/c2b/v1/registerurl', (body) => this.c2b.register(body));
    post('/mpesa/c2b/v2/registerurl', (body) => this.c2b.register(body));
    this.mountControls(server);
  }

  stop(): void {
    this.callbacks.stop();
  }

  /** Outside the provider's surface: what a test looks at and sets. */
  private mountControls(server: FastifyInstance): void {
    server.get('/sandbox/daraja/certificate', async (_request, reply) =>
      reply.type('application/x-pem-file').send(this.keys.publicPem),
    );
    server.get('/sandbox/daraja/transactions', async () => this.book.all());
    server.post('/sandbox/daraja/c2b', async (request) =>
      this.c2b.customerPays((request.body ?? {}) as Body),
    );
    server.post('/sandbox/daraja/revoke-tokens', async () => ({
      revoked: this.tokens.revokeAll(),
    }));
    server.get('/sandbox/requests', async () => this.asked);
  }

  private log(path: string, body: Body): void {
    const { Password: _password, SecurityCredential: _credential, ...shown } = body;
    const ref =
      text(body.OriginatorConversationID) ||
      text(body.CheckoutRequestID) ||
      text(body.AccountReference);
    this.asked.push({ at: new Date().toISOString(), path, ref, body: shown });
    if (this.asked.length > MOST_REQUESTS) this.asked.shift();
  }
}
