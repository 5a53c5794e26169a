import { constants, publicEncrypt } from 'node:crypto';
import type { Clock, Money } from '@daftari/kernel';
import type { Outcome } from '../outcome.js';
import type { ProviderAnswer, ProviderHttp } from '../provider-http.js';
import { outcomeOfError, outcomeOfResult } from './codes.js';

/** Credentials and addresses of one M-Pesa merchant. */
export interface DarajaConfig {
  readonly baseUrl: string;
  readonly consumerKey: string;
  readonly consumerSecret: string;
  readonly shortcode: string;
  readonly passkey: string;
  readonly b2cShortcode: string;
  readonly initiatorName: string;
  readonly initiatorPassword: string;
  /** Public key or certificate that the initiator's password is encrypted with. */
  readonly certificatePem: string;
  /** Callbacks go to `<callbackBaseUrl>/s` and so on; Safaricom forbids words like "mpesa" in the path. */
  readonly callbackBaseUrl: string;
  readonly timeoutMs?: number;
}

type Json = Readonly<Record<string, unknown>>;
const str = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
const parsed = (text: string): Json | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Json)
      : undefined;
  } catch {
    return undefined;
  }
};

/** `YYYYMMDDHHmmss` in Nairobi, which is UTC+3 without daylight saving. */
export const darajaTimestamp = (now: Date): string =>
  new Date(now.getTime() + 3 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14);
/** base64(shortcode + passkey + timestamp). */
export const darajaPassword = (shortcode: string, passkey: string, timestamp: string): string =>
  Buffer.from(shortcode + passkey + timestamp).toString('base64');
/** base64("key:secret") as Daraja's token call wants it. */
export const darajaBasic = (key: string, secret: string): string =>
  `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`;

/** Safaricom's M-Pesa API. Every method gives an Outcome and never throws for the provider's trouble (providers' own documents: developer.safaricom.co.ke). */
export class DarajaClient {
  private token: { value: string; until: number } | undefined;
  private fetching: Promise<string | Outcome> | undefined;

  constructor(
    private readonly config: DarajaConfig,
    private readonly http: ProviderHttp,
    private readonly clock: Clock,
  ) {}

  /** Asks the customer's phone to pay. Whole shillings only. */
  async stkPush(order: {
    ourRef: string;
    amount: Money;
    phone: string;
    accountReference: string;
    description: string;
  }): Promise<Outcome> {
    const amount = wholeShillings(order.amount);
    if (typeof amount !== 'number') return amount;
    const timestamp = darajaTimestamp(this.clock.now());
    const body = {
      BusinessShortCode: this.config.shortcode,
      Password: darajaPassword(this.config.shortcode, this.config.passkey, timestamp),
      Timestamp: timestamp,
      TransactionType: 'CustomerPayBillOnline',
      Amount: amount,
      PartyA: Number(order.phone),
      PartyB: this.config.shortcode,
      PhoneNumber: Number(order.phone),
      // The reference in the path names the payment even when our side never saw the provider's answer.
      CallBackURL: `${this.config.callbackBaseUrl}/s/${order.ourRef}`,
      AccountReference: order.accountReference.slice(0, 12),
      TransactionDesc: order.description.slice(0, 13),
    };
    const answer = await this.post(
      'stk-push',
      '/mpesa/stkpush/v1/processrequest',
      body,
      order.ourRef,
    );
    if (!('json' in answer)) return answer;
    const { json } = answer;
    if (str(json.ResponseCode) !== '0')
      return {
        kind: 'declined',
        code: str(json.ResponseCode),
        reason: str(json.ResponseDescription),
      };
    const expiresAt = new Date(this.clock.now().getTime() + 75_000).toISOString();
    return {
      kind: 'needsCustomer',
      providerRef: str(json.CheckoutRequestID),
      secondaryRef: str(json.MerchantRequestID),
      expiresAt,
    };
  }

  /** What became of a push. It gives neither receipt nor amount; "still processing" is an HTTP 500. */
  async stkQuery(order: { checkoutRequestId: string; ourRef?: string }): Promise<Outcome> {
    const timestamp = darajaTimestamp(this.clock.now());
    const body = {
      BusinessShortCode: this.config.shortcode,
      Password: darajaPassword(this.config.shortcode, this.config.passkey, timestamp),
      Timestamp: timestamp,
      CheckoutRequestID: order.checkoutRequestId,
    };
    const answer = await this.post('stk-query', '/mpesa/stkpushquery/v1/query', body, order.ourRef);
    if (!('json' in answer))
      return answer.kind === 'unknown' && answer.reason.includes('500.001.1001')
        ? { kind: 'pending', providerRef: order.checkoutRequestId }
        : answer;
    return outcomeOfResult(
      'stk',
      str(answer.json.ResultCode),
      str(answer.json.ResultDesc),
      order.checkoutRequestId,
    );
  }

  /** Pays out to a phone. `ourRef` is the OriginatorConversationID: sending it again cannot pay twice. */
  async b2c(order: {
    ourRef: string;
    amount: Money;
    phone: string;
    remarks: string;
  }): Promise<Outcome> {
    const amount = wholeShillings(order.amount);
    if (typeof amount !== 'number') return amount;
    const body = {
      OriginatorConversationID: order.ourRef,
      InitiatorName: this.config.initiatorName,
      SecurityCredential: this.securityCredential(),
      CommandID: 'BusinessPayment',
      Amount: amount,
      PartyA: this.config.b2cShortcode,
      PartyB: Number(order.phone),
      Remarks: order.remarks.slice(0, 100),
      QueueTimeOutURL: `${this.config.callbackBaseUrl}/t`,
      ResultURL: `${this.config.callbackBaseUrl}/r`,
      Occassion: '',
    };
    const answer = await this.post('b2c', '/mpesa/b2c/v3/paymentrequest', body, order.ourRef);
    if (!('json' in answer)) return answer;
    if (str(answer.json.ResponseCode) !== '0')
      return { kind: 'unknown', reason: str(answer.json.ResponseDescription) };
    return { kind: 'accepted', providerRef: str(answer.json.ConversationID) };
  }

  /** Asks what became of a payout; the result arrives at `/q`. */
  async transactionStatus(order: { ourRef: string; providerRef?: string }): Promise<Outcome> {
    const body = {
      Initiator: this.config.initiatorName,
      SecurityCredential: this.securityCredential(),
      CommandID: 'TransactionStatusQuery',
      OriginatorConversationID: order.ourRef,
      OriginalConversationID: order.ourRef,
      PartyA: this.config.b2cShortcode,
      IdentifierType: '4',
      ResultURL: `${this.config.callbackBaseUrl}/q`,
      QueueTimeOutURL: `${this.config.callbackBaseUrl}/u`,
      Remarks: 'status',
      Occasion: '',
    };
    const answer = await this.post(
      'transaction-status',
      '/mpesa/transactionstatus/v1/query',
      body,
      order.ourRef,
    );
    return 'json' in answer
      ? { kind: 'accepted', providerRef: str(answer.json.ConversationID) }
      : answer;
  }

  /** Tells Daraja where paybill payments are announced. */
  async registerC2b(): Promise<Outcome> {
    const body = {
      ShortCode: this.config.shortcode,
      ResponseType: 'Completed',
      ConfirmationURL: `${this.config.callbackBaseUrl}/c`,
      ValidationURL: `${this.config.callbackBaseUrl}/v`,
    };
    const answer = await this.post('c2b-register', '/mpesa/c2b/v1/registerurl', body);
    return 'json' in answer
      ? {
          kind: 'accepted',
          providerRef:
            str(answer.json.OriginatorCoversationID) || str(answer.json.OriginatorConversationID),
        }
      : answer;
  }

  private securityCredential(): string {
    const key = { key: this.config.certificatePem, padding: constants.RSA_PKCS1_PADDING };
    return publicEncrypt(key, Buffer.from(this.config.initiatorPassword)).toString('base64');
  }

  private async post(
    operation: string,
    path: string,
    body: Json,
    ourRef?: string,
  ): Promise<{ json: Json } | Outcome> {
    for (let attempt = 1; ; attempt++) {
      const token = await this.accessToken();
      if (typeof token !== 'string') return token;
      const logged = {
        ...body,
        ...('Password' in body ? { Password: '[redacted]' } : {}),
        ...('SecurityCredential' in body ? { SecurityCredential: '[redacted]' } : {}),
      };
      const answer = await this.http.send({
        provider: 'daraja',
        operation,
        method: 'POST',
        url: this.config.baseUrl + path,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        logBody: JSON.stringify(logged),
        timeoutMs: this.config.timeoutMs ?? 30_000,
        ...(ourRef === undefined ? {} : { ourRef }),
      });
      if (attempt === 1 && isStaleToken(answer)) {
        this.token = undefined;
        continue;
      }
      return read(answer);
    }
  }

  /** One token per hour, fetched once however many calls wait for it. */
  private async accessToken(): Promise<string | Outcome> {
    if (this.token && this.token.until > this.clock.now().getTime()) return this.token.value;
    this.fetching ??= this.fetchToken().finally(() => {
      this.fetching = undefined;
    });
    return this.fetching;
  }

  private async fetchToken(): Promise<string | Outcome> {
    const headers = {
      authorization: darajaBasic(this.config.consumerKey, this.config.consumerSecret),
    };
    const answer = await this.http.send({
      provider: 'daraja',
      operation: 'token',
      method: 'GET',
      url: `${this.config.baseUrl}/oauth/v1/generate?grant_type=client_credentials`,
      headers,
      timeoutMs: 10_000,
    });
    if (answer.kind !== 'answer') return { kind: 'notSent', reason: `no token: ${answer.reason}` };
    const json = parsed(answer.text);
    const value = str(json?.access_token);
    if (answer.status !== 200 || value === '')
      return answer.status >= 500
        ? { kind: 'notSent', reason: 'no token' }
        : {
            kind: 'rejected',
            code: String(answer.status),
            reason: 'consumer key or secret is wrong',
            config: true,
          };
    this.token = {
      value,
      until: this.clock.now().getTime() + (Number(str(json?.expires_in)) - 60) * 1_000,
    };
    return value;
  }
}

const isStaleToken = (answer: ProviderAnswer): boolean =>
  answer.kind === 'answer' && (answer.status === 401 || answer.text.includes('404.001.03'));

const read = (answer: ProviderAnswer): { json: Json } | Outcome => {
  if (answer.kind !== 'answer') return answer;
  const json = parsed(answer.text);
  if (answer.status >= 200 && answer.status < 300)
    return json ? { json } : { kind: 'unknown', reason: 'the answer is not JSON' };
  if (!json)
    return { kind: 'unknown', reason: `HTTP ${String(answer.status)} without a Daraja body` };
  return outcomeOfError(answer.status, str(json.errorCode), str(json.errorMessage));
};

const wholeShillings = (amount: Money): number | Outcome =>
  amount.currency === 'KES' && amount.minor > 0n && amount.minor % 100n === 0n
    ? Number(amount.minor / 100n)
    : {
        kind: 'rejected',
        code: 'amount',
        reason: 'M-Pesa moves whole Kenyan shillings only',
        config: false,
      };
