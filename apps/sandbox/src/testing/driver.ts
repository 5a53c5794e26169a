import type { Clock, Money } from '@daftari/kernel';
import { DarajaClient, type DarajaConfig, ProviderHttp } from '@daftari/integrations';
import { sandboxConfig } from '../config.js';
import { Sandbox } from '../sandbox.js';
import { Merchant } from './merchant.js';

/** Credentials that the sandbox of the tests takes. */
export const CREDENTIALS = { consumerKey: 'ck_test', consumerSecret: 'cs_test' };
/** How late a late callback is. */
export const LATE_MS = 1_000;

/** A request as the simulator kept it. */
export interface Asked {
  readonly path: string;
  readonly ref: string;
  readonly body: Record<string, unknown>;
}
/** Money that the simulator moved. */
export interface Moved {
  readonly kind: string;
  readonly ref: string;
  readonly amount: number;
  readonly msisdn: string;
  readonly receipt: string;
}

/** Whole shillings. */
export const kes = (shillings: number): Money => ({
  minor: BigInt(shillings) * 100n,
  currency: 'KES',
});

/** A sandbox on loopback, a merchant beside it, and the production client between them. */
export class Driver {
  readonly merchant = new Merchant();
  now = Date.parse('2026-01-31T07:30:00Z');
  base = '';
  private certificatePem = '';
  private made = 0;
  private readonly clock: Clock = { now: () => new Date(this.now) };
  private readonly https: ProviderHttp[] = [];
  private readonly sandbox = new Sandbox(
    sandboxConfig({
      SANDBOX_HTTP_PORT: '0',
      SANDBOX_SMTP_PORT: '0',
      SANDBOX_CALLBACK_DELAY_MS: '60',
      SANDBOX_LATE_CALLBACK_MS: String(LATE_MS),
      SANDBOX_SLOW_ANSWER_MS: '900',
      SANDBOX_CONSUMER_KEY: CREDENTIALS.consumerKey,
      SANDBOX_CONSUMER_SECRET: CREDENTIALS.consumerSecret,
    }),
  );

  async start(): Promise<void> {
    await this.merchant.start();
    this.base = await this.sandbox.start();
    const url = `${this.base}/sandbox/daraja/certificate`;
    this.certificatePem = await (await fetch(url)).text();
  }

  async stop(): Promise<void> {
    await Promise.all(this.https.map((one) => one.close()));
    await this.sandbox.stop();
    this.merchant.stop();
  }

  /** A fresh production client, with its own token and breakers. */
  client(more: Partial<DarajaConfig> = {}): DarajaClient {
    const http = new ProviderHttp();
    this.https.push(http);
    const config: DarajaConfig = {
      baseUrl: this.base,
      ...CREDENTIALS,
      shortcode: '174379',
      passkey: 'pass key',
      b2cShortcode: '600000',
      initiatorName: 'apiop',
      initiatorPassword: 'password',
      certificatePem: this.certificatePem,
      callbackBaseUrl: `${this.merchant.url}/hooks/c`,
      timeoutMs: 500,
      ...more,
    };
    return new DarajaClient(config, http, this.clock);
  }

  /** A number of its own that ends in the selector. */
  phone(selector: string): string {
    return `2547${String(++this.made).padStart(5, '0')}${selector}`;
  }

  async control(path: string, body: object = {}): Promise<Record<string, unknown>> {
    const { body: answer } = await this.post('', path, body);
    return answer as Record<string, unknown>;
  }

  /** What the provider was asked at paths that end so, oldest first. */
  async askedAt(path: string): Promise<Asked[]> {
    const asked = (await (await fetch(`${this.base}/sandbox/requests`)).json()) as Asked[];
    return asked.filter((one) => one.path.endsWith(path));
  }

  async movedTo(msisdn: string): Promise<Moved[]> {
    const url = `${this.base}/sandbox/daraja/transactions`;
    return ((await (await fetch(url)).json()) as Moved[]).filter((one) => one.msisdn === msisdn);
  }

  /** The answer to a token call, without the production client. */
  async grant(): Promise<{ access_token: string; expires_in: unknown }> {
    const { consumerKey, consumerSecret } = CREDENTIALS;
    const basic = Buffer.from(`${consumerKey}:${consumerSecret}`).toString('base64');
    const url = `${this.base}/oauth/v1/generate?grant_type=client_credentials`;
    const answer = await fetch(url, { headers: { authorization: `Basic ${basic}` } });
    return (await answer.json()) as { access_token: string; expires_in: unknown };
  }

  /** A call with a bearer token, as the wire has it. */
  async post(
    token: string,
    path: string,
    body: object,
  ): Promise<{ status: number; body: unknown }> {
    const response = await fetch(this.base + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  }
}
