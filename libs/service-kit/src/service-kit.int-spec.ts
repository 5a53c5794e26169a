import { jest } from '@jest/globals';
import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { ApiExcludeEndpoint, ApiProperty } from '@nestjs/swagger';
import { IsInt, Min } from 'class-validator';
import { auditRecorded, tenantChanged, TOPIC } from '@daftari/contracts';
import {
  ConcurrencyConflict,
  deterministicId,
  ERROR_CODES,
  NotFound,
  Rejected,
  Unavailable,
} from '@daftari/kernel';
import { type IntegrationMessage, toBusMessage } from '@daftari/messaging';
import {
  eventually,
  startPostgres,
  startTokenIssuer,
  type TestPostgres,
  type TokenIssuer,
} from '@daftari/testing';
import {
  BaseConfig,
  createService,
  Database,
  Idempotent,
  Meta,
  messageFrom,
  type RequestMeta,
  Requires,
  type RunningService,
  type ServiceDefinition,
  Tenants,
} from './index.js';
import { purgerOf } from './resources.js';

class AddRequest {
  @ApiProperty({ example: 3 })
  @IsInt()
  @Min(1)
  amount: number;
}

const TENANT = deterministicId('tenant', 'test');
const seen: string[] = [];
/** Amounts that the counter answers with an error. */
const FAILURES: Readonly<Record<number, () => Error>> = {
  13: () => new Rejected('loan/wrong-amount', 'Not thirteen', 422),
  404: () => new NotFound('loan'),
  409: () => new ConcurrencyConflict('somebody else counted'),
  429: () => new Rejected('auth/too-many-attempts', 'Wait', 429),
  500: () => new Error('select secret from "counter" at /srv/daftari/counter.js:1'),
  503: () => new Unavailable('the abacus does not answer', 1_500),
};

@Controller('v1/counter')
class CounterController {
  constructor(
    private readonly db: Database,
    private readonly tenants: Tenants,
  ) {}

  @Post()
  @Requires('loans:read')
  @Idempotent()
  async add(
    @Body() body: AddRequest,
    @Meta() meta: RequestMeta,
  ): Promise<{ total: number; by: string }> {
    const failure = FAILURES[body.amount];
    if (failure) throw failure();
    const { rows } = await this.db.pool.query<{ total: number }>(
      'update counter set total = total + $1 returning total',
      [body.amount],
    );
    return { total: rows[0]?.total ?? 0, by: meta.userId };
  }

  @Get('today')
  @Requires('loans:read')
  async today(@Meta() meta: RequestMeta): Promise<{ date: string }> {
    return { date: await this.tenants.today(meta.tenantId) };
  }

  @Post('spend')
  @Requires('payments:create-own', 'payments:operate')
  spend(): { spent: true } {
    return { spent: true };
  }

  @EventPattern(TOPIC.userV1)
  async onUser(@Payload() message: IntegrationMessage): Promise<void> {
    seen.push(message.id);
  }
}

@Module({ controllers: [CounterController] })
class CounterModule {}

const definition: ServiceDefinition = {
  name: 'counter',
  config: BaseConfig,
  module: CounterModule,
  migrations: [
    {
      name: '20260101_200001_counter',
      up: 'create table counter(total int not null); insert into counter values (0);',
      down: 'drop table counter;',
    },
  ],
  produces: [TOPIC.auditV1],
  openapi: { title: 'Counter', description: 'For tests' },
};

let postgres: TestPostgres;
let issuer: TokenIssuer;
let service: RunningService;
let staff: string;

beforeAll(async () => {
  postgres = await startPostgres();
  issuer = await startTokenIssuer();
  const env = {
    DATABASE_URL: await postgres.createDatabase('counter'),
    BUS_URL: await postgres.createDatabase('bus'),
    INTERNAL_KEY: 'k'.repeat(32),
    JWKS_URL: issuer.jwksUrl,
    LOG_LEVEL: 'silent',
    BODY_LIMIT_BYTES: '2048',
  };
  service = await createService(definition, env);
  staff = await issuer.token({
    userId: deterministicId('user', 'staff'),
    tenantId: TENANT,
    roles: ['staff'],
  });
});

afterAll(async () => {
  await service.close();
  await issuer.close();
  await postgres.stop();
});

interface Answer {
  status: number;
  headers: Headers;
  body: {
    success: boolean;
    data?: Record<string, unknown>;
    message?: string;
    errors?: string[];
    metadata: Record<string, unknown>;
  };
}
const call = async (
  path: string,
  options: {
    method?: string;
    token?: string;
    key?: string;
    body?: unknown;
    raw?: string;
    type?: string;
    accept?: string;
  } = {},
): Promise<Answer> => {
  const response = await fetch(`${service.url}${path}`, {
    method:
      options.method ?? (options.body === undefined && options.raw === undefined ? 'GET' : 'POST'),
    headers: {
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(options.accept === undefined ? {} : { accept: options.accept }),
      ...(options.key === undefined ? {} : { 'idempotency-key': options.key }),
      ...(options.body === undefined && options.raw === undefined
        ? {}
        : { 'content-type': options.type ?? 'application/json' }),
    },
    ...(options.raw === undefined
      ? options.body === undefined
        ? {}
        : { body: JSON.stringify(options.body) }
      : { body: options.raw }),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Answer['body'],
  };
};
const total = async (): Promise<number> =>
  (await service.pool.query<{ total: number }>('select total from counter')).rows[0]?.total ?? -1;

const relayOf = (fields: unknown): unknown => (fields as { relay?: unknown }).relay;

describe('a service', () => {
  it.each([
    [401, 'auth/missing-token', {}],
    [401, 'auth/invalid-token', { token: 'not-a-token' }],
    [400, 'idempotency/key-missing', { body: { amount: 1 } }],
    [422, 'request/invalid', { key: 'a1', body: { amount: 'x', extra: 1 } }],
    [422, 'loan/wrong-amount', { key: 'a2', body: { amount: 13 } }],
    [404, 'loan/not-found', { key: 'a6', body: { amount: 404 } }],
    [409, 'concurrency/conflict', { key: 'a7', body: { amount: 409 } }],
    [429, 'auth/too-many-attempts', { key: 'a8', body: { amount: 429 } }],
    [500, 'server/error', { key: 'a9', body: { amount: 500 } }],
    [503, 'service/unavailable', { key: 'a10', body: { amount: 503 } }],
    [400, 'idempotency/key-malformed', { key: 'k'.repeat(256), body: { amount: 1 } }],
    [400, 'request/malformed', { key: 'a3', raw: '{"amount":' }],
    [
      413,
      'request/too-large',
      { key: 'a4', raw: JSON.stringify({ amount: 1, pad: 'x'.repeat(4_000) }) },
    ],
    [415, 'request/unsupported-media-type', { key: 'a5', raw: '<a/>', type: 'application/xml' }],
  ] as const)(
    'answers %i %s in the envelope and changes nothing',
    async (status, code, options) => {
      const before = await total();
      const token = status === 401 ? {} : { token: staff };
      const { body, status: got } = await call('/v1/counter', {
        method: 'POST',
        ...token,
        ...options,
      });
      expect([got, body.success, body.metadata.code]).toEqual([status, false, code]);
      expect(body.errors?.length).toBeGreaterThan(0);
      expect(ERROR_CODES[code].status).toBe(status);
      expect(JSON.stringify(body)).not.toMatch(/select|\.js|stack/);
      expect(await total()).toBe(before);
    },
  );

  it('says when to come back', async () => {
    const { headers } = await call('/v1/counter', {
      token: staff,
      key: 'later',
      body: { amount: 503 },
    });
    expect(headers.get('retry-after')).toBe('2');
  });

  it('answers with a problem document when the client asks for one', async () => {
    const accept = 'application/problem+json, application/json;q=0.5';
    const answer = await call('/v1/counter', {
      token: staff,
      key: 'problem',
      accept,
      body: { amount: 0 },
    });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({
      type: '/api/errors#request/invalid',
      title: 'Validation failed',
      status: 422,
      instance: '/v1/counter',
      code: 'request/invalid',
      fields: [{ field: 'amount', code: 'field/min' }],
    });
    const fine = await call('/v1/counter', {
      token: staff,
      key: 'fine',
      accept,
      body: { amount: 1 },
    });
    expect(fine.body.success).toBe(true);
  });

  it('moves money only for users whose e-mail address is verified', async () => {
    const as = async (role: string, emailVerified: boolean): Promise<unknown[]> => {
      const userId = deterministicId('user', role);
      const token = await issuer.token({ userId, tenantId: TENANT, roles: [role], emailVerified });
      const { status, body } = await call('/v1/counter/spend', { method: 'POST', token });
      return [status, body.metadata.code];
    };
    expect(await as('customer', true)).toEqual([201, undefined]);
    expect(await as('operator', true)).toEqual([201, undefined]);
    for (const role of ['customer', 'operator'])
      expect(await as(role, false)).toEqual([403, 'auth/email-not-verified']);
    expect(await as('vendor', false)).toEqual([403, 'auth/forbidden']);
    const userId = deterministicId('user', 'reader');
    const token = await issuer.token({
      ...{ userId, tenantId: TENANT, roles: ['staff'], emailVerified: false },
    });
    expect((await call('/v1/counter', { token, key: 'r', body: { amount: 1 } })).status).toBe(201);
  });

  it('does not start with a route that says nothing of who may call it', async () => {
    @Controller('v1/open')
    class OpenController {
      @Get()
      everything(): string {
        return 'everything';
      }
    }
    @Module({ controllers: [OpenController] })
    class OpenModule {}
    const { DATABASE_URL, BUS_URL, INTERNAL_KEY, JWKS_URL } = service.resources.config;
    const env = { DATABASE_URL, BUS_URL, INTERNAL_KEY, JWKS_URL, LOG_LEVEL: 'silent' };
    await expect(createService({ ...definition, module: OpenModule }, env)).rejects.toThrow(
      'OpenController.everything declares no access',
    );
  });

  it('does not start with a route that its document does not show', async () => {
    @Controller('v1/hidden')
    class HiddenController {
      @Get()
      @Requires('loans:read')
      @ApiExcludeEndpoint()
      everything(): string {
        return 'everything';
      }
    }
    @Module({ controllers: [HiddenController] })
    class HiddenModule {}
    const { DATABASE_URL, BUS_URL, INTERNAL_KEY, JWKS_URL } = service.resources.config;
    const env = { DATABASE_URL, BUS_URL, INTERNAL_KEY, JWKS_URL, LOG_LEVEL: 'silent' };
    await expect(createService({ ...definition, module: HiddenModule }, env)).rejects.toThrow(
      'GET /v1/hidden is not documented',
    );
  });

  it('lists every wrong field', async () => {
    const { body } = await call('/v1/counter', {
      token: staff,
      key: 'b1',
      body: { amount: 0, extra: 1 },
    });
    expect(body.message).toBe('Validation failed');
    expect(body.errors?.join()).toMatch(/amount[\s\S]*extra|extra[\s\S]*amount/);
  });

  it('refuses a role without the permission, and knows no other route', async () => {
    const customer = await issuer.token({
      userId: deterministicId('user', 'c'),
      tenantId: TENANT,
      roles: ['vendor'],
    });
    const forbidden = await call('/v1/counter/today', { token: customer });
    expect([forbidden.status, forbidden.body.metadata.code]).toEqual([403, 'auth/forbidden']);
    const unknown = await call('/v1/nothing', { token: staff });
    expect([unknown.status, unknown.body.metadata.code]).toEqual([404, 'route/not-found']);
  });

  it('has an effect once per key: replays the first answer, refuses another body', async () => {
    const before = await total();
    const first = await call('/v1/counter', { token: staff, key: 'c1', body: { amount: 2 } });
    const second = await call('/v1/counter', { token: staff, key: 'c1', body: { amount: 2 } });
    const other = await call('/v1/counter', { token: staff, key: 'c1', body: { amount: 3 } });
    expect(second.body.data).toEqual(first.body.data);
    expect([first.status, second.status, second.headers.get('idempotent-replayed')]).toEqual([
      201,
      201,
      'true',
    ]);
    expect([other.status, other.body.metadata.code]).toEqual([422, 'idempotency/key-reused']);
    expect(await total()).toBe(before + 2);
  });

  it('lets one of many parallel requests with one key through', async () => {
    for (let round = 1; round <= 25; round++) {
      const before = await total();
      const answers = await Promise.all(
        Array.from({ length: 8 }, () =>
          call('/v1/counter', { token: staff, key: `p${String(round)}`, body: { amount: 5 } }),
        ),
      );
      expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
      expect(await total()).toBe(before + 5);
    }
  });

  it('keeps the claim of a request that takes long, and frees that of a process that died', async () => {
    const heldUntil = async (): Promise<number | undefined> => {
      const { rows } = await service.pool.query<{ until: Date }>(
        'select lease_until as until from idempotency where status is null',
      );
      return rows[0]?.until.getTime();
    };
    const answered: number[] = [];
    const locked = await service.pool.connect();
    await locked.query('begin');
    await locked.query('select * from counter for update');
    const body = { amount: 1 };
    const slow = call('/v1/counter', { token: staff, key: 'slow', body }).then(({ status }) =>
      answered.push(status),
    );
    const first = await eventually(heldUntil);
    await eventually(async () => ((await heldUntil()) ?? 0) > first, { what: 'a longer claim' });
    expect((await call('/v1/counter', { token: staff, key: 'slow', body })).status).toBe(409);
    await locked.query('rollback');
    locked.release();
    await slow;
    expect(answered).toEqual([201]);
    // As a process leaves it that dies in the middle of its request.
    await service.pool.query(
      `update idempotency set status = null, body = null, lease_until = now() + interval '1 second' where status = 201 and body->>'total' = $1`,
      [String(await total())],
    );
    const before = await total();
    const again = await eventually(async () => {
      const answer = await call('/v1/counter', { token: staff, key: 'slow', body });
      return answer.status !== 409 && answer;
    });
    expect([again.status, await total()]).toEqual([201, before + 1]);
  });

  it('hears of tenants and their business date', async () => {
    const data = {
      tenantId: TENANT,
      name: 'T',
      timeZone: 'Africa/Nairobi',
      currency: 'KES',
      businessDateOffsetDays: 40_000,
    };
    const message = messageFrom(tenantChanged, {
      id: deterministicId('m', '1'),
      key: TENANT,
      tenantId: TENANT,
      correlationId: 'c',
      source: '/test',
      time: new Date(),
      data,
    });
    const producer = await service.resources.bus.producer();
    await producer.send([toBusMessage(message)]);
    const date = await eventually(
      async () => (await call('/v1/counter/today', { token: staff })).body.data?.date,
    );
    expect(String(date) > '2100').toBe(true);
  });

  it('puts a message that breaks its schema aside and goes on', async () => {
    const producer = await service.resources.bus.producer();
    const bad = {
      ...messageFrom(auditRecorded, {
        id: 'bad',
        key: 'k',
        tenantId: TENANT,
        correlationId: 'c',
        source: '/t',
        time: new Date(),
        data: {},
      }),
      topic: TOPIC.userV1,
    };
    const data = {
      userId: TENANT,
      email: 'a@b.test',
      phone: null,
      name: 'A',
      roles: [],
      emailVerified: true,
    };
    const good = { ...bad, id: 'good', type: 'daftari.identity.user-changed.v1', data };
    await producer.send([toBusMessage(bad), toBusMessage(good)]);
    await eventually(() => seen.includes('good'));
    expect(seen).not.toContain('bad');
  });

  it('says in its log that a relay waits, and goes on when it can', async () => {
    const warned = jest.spyOn(service.resources.logger, 'warn');
    await service.pool.query('alter table outbox rename to outbox_away');
    await eventually(() => warned.mock.calls.some(([fields]) => relayOf(fields) === 'outbox'));
    await service.pool.query('alter table outbox_away rename to outbox');
    warned.mockRestore();
    await call('/v1/counter', { token: staff, key: 'after-the-wait', body: { amount: 1 } });
    await eventually(async () => (await service.pool.query('select 1 from outbox')).rowCount === 0);
  });

  it('purges what it has handled long ago', async () => {
    await service.pool.query(
      "insert into inbox values ('old', '1', now() - interval '121 days'), ('young', '1', now())",
    );
    await service.pool.query(
      "insert into idempotency values ('old', 'f', now(), 200, null, null, now() - interval '8 days')",
    );
    const { config, logger } = service.resources;
    const purger = purgerOf(definition, config, service.resources.db, logger);
    expect(await purger.purge()).toMatchObject({ inbox: 1, idempotency: 1, bus: 0 });
    const { rows } = await service.pool.query("select consumer from inbox where message_id = '1'");
    expect(rows).toEqual([{ consumer: 'young' }]);
  });

  it('is healthy, measured and documented', async () => {
    expect((await call('/health/db')).body).toMatchObject({
      success: true,
      data: { checks: { db: 'up' } },
    });
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toContain('http_request_duration_seconds_bucket');
    const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as {
      openapi: string;
      paths: Record<string, unknown>;
    };
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toContain('/v1/counter');
  });
});
