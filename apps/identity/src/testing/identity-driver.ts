import { emailVerificationRequested } from '@daftari/contracts';
import { CLOCK, type Clock } from '@daftari/kernel';
import { createService, type RunningService } from '@daftari/service-kit';
import { eventually, freePort, startPostgres, type TestPostgres } from '@daftari/testing';
import { Pool } from 'pg';
import { service } from '../service.js';

/** An answer of identity. */
export interface Answer {
  readonly status: number;
  readonly code: unknown;
  // The shape depends on the route; tests read what they expect.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: any;
}

/** What a request says of itself. */
export interface Sent {
  readonly body?: unknown;
  readonly token?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Which of the two instances; 0 unless said. */
  readonly at?: 0 | 1;
}

/** Password of everybody in the tests. */
export const PASSWORD = 'correct horse battery staple';

/** Two instances of the real service over one database, and a bus to read what they say. */
export class IdentityDriver {
  private constructor(
    readonly postgres: TestPostgres,
    readonly env: Readonly<Record<string, string>>,
    readonly instances: readonly [RunningService, RunningService],
    private readonly bus: Pool,
  ) {}

  static async start(): Promise<IdentityDriver> {
    const postgres = await startPostgres();
    const port = await freePort();
    const env = {
      NODE_ENV: 'test',
      LOG_LEVEL: 'silent',
      INTERNAL_KEY: 'i'.repeat(40),
      JWKS_URL: `http://127.0.0.1:${String(port)}/v1/auth/jwks`,
      KEY_ENCRYPTION_KEY: '5a'.repeat(32),
      DATABASE_URL: await postgres.createDatabase('identity'),
      BUS_URL: await postgres.createDatabase('bus'),
      SEED_DEMO: 'true',
      SEED_PASSWORD: PASSWORD,
      TEST_MODE: 'true',
    };
    const first = await createService(service, { ...env, PORT: String(port) });
    const second = await createService(service, env);
    const bus = new Pool({ connectionString: env.BUS_URL, max: 1 });
    return new IdentityDriver(postgres, env, [first, second], bus);
  }

  async stop(): Promise<void> {
    await this.bus.end();
    await Promise.all(this.instances.map((instance) => instance.close()));
    await this.postgres.stop();
  }

  /** The clock of the first instance; tests stand in for its `now`. */
  get clock(): Clock {
    return this.instances[0].app.get<Clock>(CLOCK);
  }

  get db(): Pool {
    return this.instances[0].pool;
  }

  async call(path: string, { body, token, method, headers, at = 0 }: Sent = {}): Promise<Answer> {
    const response = await fetch(`${this.instances[at].url}${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        'x-client-ip': '203.0.113.7',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as { data?: unknown; metadata: { code?: unknown } };
    return { status: response.status, code: answer.metadata.code, data: answer.data };
  }

  login(email: string, more: { password?: string; tenant?: string } & Omit<Sent, 'body'> = {}) {
    const { password = PASSWORD, tenant = 'demo', ...sent } = more;
    return this.call('/v1/auth/login', { body: { email, password, tenant }, ...sent });
  }

  /** Registers somebody new; gives id and token. */
  async register(name: string): Promise<{ userId: string; email: string; token: string }> {
    const email = `${name}@example.test`;
    const body = { email, password: PASSWORD, name, phone: '254700000099' };
    await this.call('/v1/auth/register', { body });
    const { rows } = await this.db.query<{ id: string }>(
      'select id from app_user where email = $1',
      [email],
    );
    const { accessToken } = (await this.login(email)).data as { accessToken: string };
    return { userId: rows[0]?.id ?? '', email, token: accessToken };
  }

  /** The tokens of the links that were mailed to somebody, oldest first; waits until there are `count`. */
  links(email: string, count = 1): Promise<string[]> {
    return eventually(async () => {
      const { rows } = await this.bus.query<{ value: Buffer }>(
        `select value from bus.message where topic = $1 and value is not null order by ts, "offset"`,
        [emailVerificationRequested.topic],
      );
      const found = rows
        .map(({ value }) => JSON.parse(value.toString()) as { email?: string; verifyUrl?: string })
        .filter((data) => data.email === email && data.verifyUrl !== undefined)
        .map(({ verifyUrl }) => new URL(verifyUrl ?? '').searchParams.get('token') ?? '');
      return found.length >= count && found;
    });
  }

  /** How many messages of a type about a key were published; waits until the outbox is empty. */
  async published(type: string, key: string): Promise<number> {
    await eventually(async () => (await this.db.query('select 1 from outbox')).rowCount === 0);
    const { rows } = await this.bus.query<{ n: number }>(
      `select count(*)::int as n from bus.message where key = $1 and headers::text like '%' || $2 || '%'`,
      [key, type],
    );
    return rows[0]?.n ?? 0;
  }
}
