import { get as httpGet } from 'node:http';
import { deterministicId } from '@daftari/kernel';
import { createLogger, loadConfig } from '@daftari/service-kit';
import { startTokenIssuer, type TokenIssuer } from '@daftari/testing';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { GatewayConfig } from './config.js';
import { Gateway } from './gateway.js';
import { VERSIONS } from './routes.js';

const UPSTREAMS = ['ORIGINATION', 'LEDGER', 'PAYMENTS', 'NOTIFICATIONS', 'REPORTING'] as const;
const NOWHERE = 'http://127.0.0.1:9';
const userId = deterministicId('user', 'u');
const tenantId = deterministicId('tenant', 't');

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly success: boolean;
    readonly data?: unknown;
    readonly message?: string;
    readonly errors?: readonly string[];
    readonly metadata: Record<string, unknown>;
  };
}

describe('the gateway', () => {
  let issuer: TokenIssuer;
  let service: FastifyInstance;
  let identity: FastifyInstance;
  let gateway: Gateway;
  let base: string;
  const seen: FastifyRequest[] = [];
  const ended = new Set<string>();
  /** Sessions that identity cannot tell anything of: its database is away. */
  const unsure = new Set<string>();

  beforeAll(async () => {
    issuer = await startTokenIssuer();
    identity = Fastify();
    identity.get('/internal/sessions/:id', async (request, reply) => {
      const { id } = request.params as { id: string };
      if (unsure.has(id))
        return reply.status(503).send({ success: false, message: 'away', metadata: {} });
      return { success: true, data: { active: !ended.has(id) }, metadata: {} };
    });
    identity.all('/*', async () => ({ success: true, metadata: {} }));
    service = Fastify({ bodyLimit: 10_000_000 });
    service.removeAllContentTypeParsers();
    service.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
      done(null, body);
    });
    service.all('/v1/loans/slow', async () => {
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      return {};
    });
    service.all('/*', async (request, reply) => {
      seen.push(request);
      return reply.header('x-inner', 'secret').send({ success: true, metadata: {} });
    });
    const urls = [
      await identity.listen({ port: 0, host: '127.0.0.1' }),
      await service.listen({ port: 0, host: '127.0.0.1' }),
    ];
    const config = loadConfig(GatewayConfig, {
      NODE_ENV: 'test',
      INTERNAL_KEY: 'an-internal-key-of-a-test-with-32-characters',
      JWKS_URL: issuer.jwksUrl,
      IDENTITY_URL: urls[0],
      ...Object.fromEntries(UPSTREAMS.map((name) => [`${name}_URL`, urls[1]])),
      REPORTING_URL: NOWHERE,
      UPSTREAM_TIMEOUT_MS: '500',
      RATE_PER_MINUTE: '40',
      AUTH_RATE_PER_MINUTE: '3',
      BODY_LIMIT_BYTES: '2048',
      CORS_ORIGINS: 'https://console.example.test',
      ALLOWED_HOSTS: 'api.example.test, 127.0.0.1',
    });
    gateway = new Gateway(config, createLogger('gateway', 'silent'), {
      ...VERSIONS,
      v2: { loans: 'ledger' },
    });
    await gateway.mount();
    base = await gateway.server.listen({ port: 0, host: '127.0.0.1' });
  });
  afterAll(async () => {
    await gateway.close();
    await Promise.all([service.close(), identity.close(), issuer.close()]);
  });
  beforeEach(() => {
    seen.length = 0;
  });

  const tokenOf = (more: { userId?: string; sessionId?: string; expiresIn?: string } = {}) =>
    issuer.token({ userId, tenantId, roles: ['staff'], ...more });
  const call = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(`${base}${path}`, init);
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Answer['body'],
    };
  };
  const get = async (path: string, token?: string): Promise<Answer> =>
    call(path, { headers: { authorization: `Bearer ${token ?? (await tokenOf())}` } });
  const refused = ({ status, body }: Answer): unknown[] => [
    status,
    body.metadata.code,
    body.success,
    body.data,
  ];

  it('passes a request on with its token, ids and trace, and nothing that only the platform may say', async () => {
    const answer = await call('/api/v1/loans/7?expand=schedule', {
      headers: {
        authorization: `Bearer ${await tokenOf()}`,
        'x-request-id': 'client-request-1',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        'x-internal-key': 'guessed',
        'x-client-ip': '1.2.3.4',
        'x-tenant-id': 'other',
        'idempotency-key': 'k-1',
      },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('request-id')).toBe('client-request-1');
    expect(answer.headers.get('x-inner')).toBeNull();
    const [request] = seen;
    expect(request?.url).toBe('/v1/loans/7?expand=schedule');
    expect(request?.headers).toMatchObject({
      'x-request-id': 'client-request-1',
      'x-client-ip': '127.0.0.1',
      'idempotency-key': 'k-1',
    });
    expect(request?.headers['x-internal-key']).toBeUndefined();
    expect(request?.headers['x-tenant-id']).toBeUndefined();
    expect(request?.headers.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-/);
  });

  it('takes a path with and without the trailing slash', async () => {
    await get('/api/v1/loans/');
    await get('/api/v1/loans');
    expect(seen.map(({ url }) => url)).toEqual(['/v1/loans', '/v1/loans']);
  });

  it('serves a second version of the API beside the first', async () => {
    await get('/api/v2/loans/7/');
    await get('/api/v1/loans/7/');
    expect(seen.map(({ url }) => url)).toEqual(['/v2/loans/7', '/v1/loans/7']);
    expect(refused(await get('/api/v2/payments'))).toEqual([
      ...[404, 'route/not-found', false, undefined],
    ]);
  });

  it('answers to its own hosts alone, and to probes by any', async () => {
    const asHost = (host: string, path: string): Promise<[number, string]> =>
      new Promise((resolve, reject) => {
        const { hostname, port } = new URL(base);
        const options = { hostname, port, path, headers: { host } };
        httpGet(options, (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => {
            resolve([response.statusCode ?? 0, text]);
          });
        }).on('error', reject);
      });
    const [status, text] = await asHost('evil.example.test', '/api/v1/loans');
    expect([status, JSON.parse(text)]).toMatchObject([
      421,
      { success: false, metadata: { code: 'request/unknown-host' } },
    ]);
    expect((await asHost('evil.example.test', '/livez'))[0]).toBe(200);
    expect((await asHost('api.example.test:8443', '/api/v1/loans'))[0]).toBe(401);
    expect(seen).toHaveLength(0);
  });

  it('tells its errors as problem documents to those who ask, and what every code means', async () => {
    const headers = { accept: 'application/problem+json' };
    const answer = await call('/api/v1/loans?secret=1', { headers });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({
      ...{ type: '/api/errors#auth/missing-token', status: 401, code: 'auth/missing-token' },
      instance: '/api/v1/loans',
    });
    expect((await call('/api/errors')).body.data).toMatchObject({
      'auth/missing-token': { status: 401 },
    });
  });

  it.each(['/api/v1/nothing', '/api/v3/loans', '/v1/loans', '/internal/sessions/1', '/nothing'])(
    'knows no %s',
    async (path) => {
      expect(refused(await get(path))).toEqual([404, 'route/not-found', false, undefined]);
      expect(seen).toHaveLength(0);
    },
  );

  it('refuses a request without a token, with a wrong one, an expired one, and one of an ended session', async () => {
    ended.add('ended');
    const answers = [
      await call('/api/v1/loans'),
      await get('/api/v1/loans', 'not.a.token'),
      await get('/api/v1/loans', await tokenOf({ expiresIn: '-1m' })),
      await get('/api/v1/loans', await tokenOf({ sessionId: 'ended' })),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    expect(new Set(answers.map(({ body }) => body.metadata.code)).size).toBeGreaterThanOrEqual(3);
    expect(answers.every(({ body }) => !body.success)).toBe(true);
    expect(seen).toHaveLength(0);
  });

  it('says "not now" while identity cannot tell whether a session is alive, and goes on when it can', async () => {
    unsure.add('unsure');
    const token = await tokenOf({ sessionId: 'unsure' });
    const { status, body } = await get('/api/v1/loans', token);
    expect([status, body.metadata.code]).toEqual([503, 'service/unavailable']);
    expect(seen).toHaveLength(0);
    unsure.clear();
    expect((await get('/api/v1/loans', token)).status).toBe(200);
  });

  it('refuses a body that is too large or not JSON by its type', async () => {
    const authorization = `Bearer ${await tokenOf()}`;
    const post = (body: string, type: string): Promise<Answer> =>
      call('/api/v1/loans', {
        method: 'POST',
        headers: { authorization, 'content-type': type },
        body,
      });
    expect((await post(`"${'x'.repeat(3_000)}"`, 'application/json')).status).toBe(413);
    for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded'])
      expect((await post('a=b', type)).status).toBe(415);
    expect(seen).toHaveLength(0);
  });

  it('refuses an oversized callback, and needs no token for one', async () => {
    const post = (body: string): Promise<Answer> =>
      call('/hooks/daraja/token/c', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
    expect((await post(`"${'x'.repeat(300_000)}"`)).status).toBe(413);
    expect(seen).toHaveLength(0);
    expect((await post('{not json')).status).toBe(200); // Its receiver stores it as it came.
    expect(seen.map(({ url }) => url)).toEqual(['/hooks/daraja/token/c']);
  });

  it('says 503 with a time to come back when a service is down or slow, and stays quick', async () => {
    const down = await get('/api/v1/reports/portfolio');
    expect(refused(down)).toEqual([503, 'service/unavailable', false, undefined]);
    expect(Number(down.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await get('/api/v1/loans/slow')).status).toBe(503);
    expect((await get('/api/v1/loans')).status).toBe(200);
  });

  it('limits logins of one address and requests of one user, and says when to come back', async () => {
    const login = (): Promise<Answer> =>
      call('/api/v1/auth/login', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
    const logins = [await login(), await login(), await login(), await login()];
    expect(logins.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(logins[3]?.body.metadata.code).toBe('request/too-many');
    expect(Number(logins[3]?.headers.get('retry-after'))).toBeGreaterThan(0);
    const token = await tokenOf({ userId: deterministicId('user', 'busy') });
    const statuses: number[] = [];
    for (let i = 0; i < 41; i++) statuses.push((await get('/api/v1/loans', token)).status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(1);
    expect((await get('/api/v1/loans')).status).toBe(200);
  });

  it('lets browsers in from the listed origins only', async () => {
    const from = async (origin: string): Promise<string | null> =>
      (await call('/livez', { headers: { origin } })).headers.get('access-control-allow-origin');
    expect(await from('https://console.example.test')).toBe('https://console.example.test');
    expect(await from('https://evil.example.test')).toBeNull();
  });

  it('is not ready while a service is down, and says which', async () => {
    const { status, body } = await call('/api/health');
    expect(status).toBe(503);
    expect(body.data).toMatchObject({ services: { ledger: 'up', reporting: 'down' } });
  });
});
