import { generateKeyPairSync } from 'node:crypto';
import { loanStatusChanged, type MessageDefinition, tenantChanged } from '@daftari/contracts';
import { StreamNotFound } from '@daftari/event-store';
import { deterministicId } from '@daftari/kernel';
import { toBusMessage } from '@daftari/messaging';
import { createService, messageFrom, type RunningService } from '@daftari/service-kit';
import {
  eventStoreEnvironment,
  eventually,
  startPostgres,
  startTokenIssuer,
  type TestPostgres,
  type TokenIssuer,
} from '@daftari/testing';
import { Pool } from 'pg';
import { service } from '../service.js';
import { FakeDaraja, type Json } from './fake-daraja.js';

/** Token in the path of callbacks. */
export const TOKEN = 'token-of-the-callbacks';
/** What every callback is answered with. */
export const ACK = { ResultCode: 0, ResultDesc: 'Accepted' };

/** An answer of the service. */
export interface Answer {
  readonly status: number;
  readonly body: { data: Json; metadata: { code?: string; nextCursor?: string | null } };
}

const bodyOf = async (response: Response): Promise<Answer['body']> =>
  (await response.json()) as Answer['body'];

/** The running service with a database, a bus and a provider of its own, and one active loan. */
export class PaymentsDriver {
  readonly tenantId = deterministicId('tenant', 'payments');
  readonly customerId = deterministicId('user', 'customer');
  readonly loanId = deterministicId('loan', 'active');
  readonly daraja = new FakeDaraja();
  private server: TestPostgres | undefined;
  private issuer: TokenIssuer | undefined;
  private running: RunningService | undefined;
  private bus: Pool | undefined;
  private sent = 0;

  get payments(): RunningService {
    if (!this.running) throw new Error('start the driver first');
    return this.running;
  }

  async start(env: Record<string, string> = {}): Promise<void> {
    await this.daraja.start();
    this.server = await startPostgres();
    this.issuer = await startTokenIssuer();
    const { publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const busUrl = await this.server.createDatabase('bus');
    this.bus = new Pool({ connectionString: busUrl, max: 1 });
    this.bus.on('error', () => undefined);
    this.running = await createService(service, {
      NODE_ENV: 'test',
      PORT: '0',
      LOG_LEVEL: 'silent',
      JWKS_URL: this.issuer.jwksUrl,
      INTERNAL_KEY: 'k'.repeat(40),
      DATABASE_URL: await this.server.createDatabase('payments'),
      BUS_URL: busUrl,
      DARAJA_BASE_URL: this.daraja.url,
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
      DARAJA_TENANT_ID: this.tenantId,
      PROVIDER_TIMEOUT_MS: '3000',
      POLL_FIRST_MS: '200',
      POLL_MAX_MS: '1000',
      TASK_POLL_MS: '20',
      ...eventStoreEnvironment(),
      ...env,
    });
    await this.publish(tenantChanged, { ...tenantChanged.example, tenantId: this.tenantId });
    await this.loan(this.loanId, 'LN10000001', 'active', '1');
    await eventually(async () => (await this.rows('select 1 from tenant_calendar')).length === 1);
  }

  async stop(): Promise<void> {
    await this.running?.close();
    await this.bus?.end();
    this.daraja.stop();
    await this.issuer?.close();
    await this.server?.stop();
  }

  /** Puts a message on the bus. */
  async publish(
    definition: MessageDefinition,
    data: Json,
    id = `message-${String(++this.sent)}`,
    sequence?: string,
  ): Promise<void> {
    const producer = await this.payments.resources.bus.producer();
    const about = {
      id,
      key: String(data.loanId ?? this.tenantId),
      tenantId: this.tenantId,
      correlationId: 'c',
      source: '/daftari/test',
      time: new Date(0),
    };
    const message = {
      ...messageFrom(definition, { ...about, data }),
      ...(sequence === undefined ? {} : { sequence }),
    };
    await producer.send([toBusMessage(message)]);
  }

  /** Lets a loan be in a status, and waits until payments knows. */
  async loan(loanId: string, reference: string, status: string, sequence: string): Promise<void> {
    const { customerId } = this;
    const data = { loanId, customerId, accountReference: reference, status, on: '2026-01-31' };
    await this.publish(loanStatusChanged, { ...data, reason: null }, undefined, sequence);
    await eventually(
      async () =>
        (
          await this.rows('select 1 from payable_loan where loan_id = $1 and status = $2', [
            loanId,
            status,
          ])
        ).length === 1,
    );
  }

  async rows(sql: string, values: readonly unknown[] = []): Promise<Json[]> {
    return (await this.payments.pool.query<Json>(sql, [...values])).rows;
  }

  /** A request of somebody with a role; `key` is the Idempotency-Key of a write. */
  async call(
    role: string,
    path: string,
    body?: Json,
    { userId = this.customerId, key = `key-${String(++this.sent)}` } = {},
  ): Promise<Answer> {
    const { tenantId } = this;
    const token = (await this.issuer?.token({ userId, tenantId, roles: [role] })) ?? '';
    const response = await fetch(this.payments.url + path, {
      method: body ? 'POST' : 'GET',
      headers: {
        authorization: `Bearer ${token}`,
        ...(body ? { 'content-type': 'application/json', 'idempotency-key': key } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, body: await bodyOf(response) };
  }

  /** A callback of the provider; a text is sent as it is. */
  async hook(
    path: string,
    body: unknown,
    { token = TOKEN, type = 'application/json' } = {},
  ): Promise<{ status: number; body: Json }> {
    const response = await fetch(`${this.payments.url}/hooks/daraja/${token}/${path}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Json };
  }

  async eventsOf(stream: string): Promise<string[]> {
    const types: string[] = [];
    const { store } = this.payments.resources;
    try {
      for await (const { type } of store?.readStream(stream) ?? []) types.push(type);
    } catch (error) {
      if (!(error instanceof StreamNotFound)) throw error;
    }
    return types;
  }

  /** What left for a topic, in order: the types' last parts with their data. */
  async sentTo(topic: string): Promise<{ type: string; data: Json }[]> {
    const found = await this.bus?.query<{ value: Buffer; headers: Record<string, string> }>(
      'select value, headers from bus.message where topic = $1 order by ts, partition, "offset"',
      [topic],
    );
    return (found?.rows ?? []).map(({ value, headers }) => ({
      type: (headers['ce_type'] ?? '').split('.').at(-2) ?? '',
      data: JSON.parse(value.toString()) as Json,
    }));
  }
}
