import { deterministicId } from '@daftari/kernel';
import { createLogger, loadConfig } from '@daftari/service-kit';
import {
  describeWithRedis,
  eventually,
  startRedis,
  startTokenIssuer,
  type TestRedis,
  type TokenIssuer,
} from '@daftari/testing';
import Fastify, { type FastifyInstance } from 'fastify';
import { GatewayConfig } from './config.js';
import { Gateway } from './gateway.js';

const UPSTREAMS = ['ORIGINATION', 'LEDGER', 'PAYMENTS', 'NOTIFICATIONS', 'REPORTING'] as const;
const tenantId = deterministicId('tenant', 't');
/** Two waits for Redis, of the limit and of the session, and what a busy machine adds. */
const BOUND_MS = 2 * 250 + 5_000;
let users = 0;

describeWithRedis('two gateways with one Redis', () => {
  let redis: TestRedis;
  let issuer: TokenIssuer;
  let services: FastifyInstance[];
  let gateways: Gateway[];
  let bases: string[];
  /** What identity waits for before it answers a question that comes now. */
  let gate = Promise.resolve();
  let questions = 0;

  beforeAll(async () => {
    [redis, issuer] = await Promise.all([startRedis(), startTokenIssuer()]);
    const identity = Fastify();
    // It says that every session is alive: only what gateways tell each other ends one.
    identity.get('/internal/sessions/:id', async () => {
      questions++;
      await gate;
      return { success: true, data: { active: true }, metadata: {} };
    });
    const service = Fastify();
    services = [identity, service];
    for (const server of services)
      server.all('/*', async () => ({ success: true, data: {}, metadata: {} }));
    const [identityUrl, serviceUrl] = await Promise.all(
      services.map((server) => server.listen({ port: 0, host: '127.0.0.1' })),
    );
    const config = loadConfig(GatewayConfig, {
      NODE_ENV: 'test',
      INTERNAL_KEY: 'an-internal-key-of-a-test-with-32-characters',
      JWKS_URL: issuer.jwksUrl,
      IDENTITY_URL: identityUrl,
      ...Object.fromEntries(UPSTREAMS.map((name) => [`${name}_URL`, serviceUrl])),
      RATE_PER_MINUTE: '10',
      AUTH_RATE_PER_MINUTE: '4',
      REDIS_URL: redis.url,
    });
    gateways = [0, 1].map(() => new Gateway(config, createLogger('gateway', 'silent')));
    await Promise.all(gateways.map((gateway) => gateway.mount()));
    bases = await Promise.all(
      gateways.map(({ server }) => server.listen({ port: 0, host: '127.0.0.1' })),
    );
    await bothUp();
  });
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    await Promise.all([...services, issuer].map((server) => server.close()));
    await redis.stop();
  });

  const path = (at: number, path: string, init?: RequestInit): Promise<Response> =>
    fetch(`${bases[at] ?? ''}${path}`, init);
  const healthOf = async (at: number): Promise<unknown> => {
    const response = await path(at, '/health/redis/');
    const { data } = (await response.json()) as { data: { status: string } };
    return [response.status, data.status];
  };
  const bothUp = (): Promise<unknown> =>
    eventually(async () => {
      const states = await Promise.all([healthOf(0), healthOf(1)]);
      return JSON.stringify(states) === '[[200,"up"],[200,"up"]]' && states;
    });
  /** A new user with a session of its own, at any gateway. */
  const user = async () => {
    const name = `u-${String(users++)}`;
    const userId = deterministicId('user', name);
    const token = await issuer.token({ userId, tenantId, roles: ['staff'], sessionId: name });
    const authorization = `Bearer ${token}`;
    return {
      ask: async (at: number) => path(at, '/api/v1/loans', { headers: { authorization } }),
      logout: async (at: number) =>
        path(at, '/api/v1/auth/logout', { method: 'POST', headers: { authorization } }),
    };
  };
  /** Requests of as many users as requests, in turn at both gateways; gives their statuses and the longest wait. */
  const load = async (count: number): Promise<{ statuses: number[]; longestMs: number }> => {
    let longestMs = 0;
    const callers = await Promise.all(Array.from({ length: count }, user));
    const statuses = await Promise.all(
      callers.map(async ({ ask }, i) => {
        const begin = performance.now();
        const { status } = await ask(i % 2);
        longestMs = Math.max(longestMs, performance.now() - begin);
        return status;
      }),
    );
    return { statuses: [...new Set(statuses)], longestMs };
  };
  const logoutReachesBoth = async (): Promise<void> => {
    const { ask, logout } = await user();
    expect([(await ask(0)).status, (await ask(1)).status]).toEqual([200, 200]);
    expect((await logout(0)).status).toBe(200);
    const after = [await ask(1), await ask(0)];
    expect(after.map(({ status }) => status)).toEqual([401, 401]);
    expect(await after[0]?.json()).toMatchObject({ metadata: { code: 'auth/session-ended' } });
  };

  it('refuse a session at once that was ended at one of them', async () => {
    await logoutReachesBoth();
  });

  it('do not take it for alive again by an answer that was on its way', async () => {
    const { ask, logout } = await user();
    let release = (): void => undefined;
    gate = new Promise((open) => (release = open));
    const before = questions;
    const slow = ask(1);
    await eventually(() => questions === before + 1);
    gate = Promise.resolve();
    expect((await logout(0)).status).toBe(200);
    release();
    expect((await slow).status).toBe(200);
    expect([(await ask(1)).status, (await ask(0)).status]).toEqual([401, 401]);
  });

  it('count one quota of a user, and one of an address for logins', async () => {
    const { ask } = await user();
    const answers: Response[] = [];
    for (let i = 0; i < 12; i++) answers.push(await ask(i % 2));
    expect(answers.map(({ status }) => status)).toEqual([...Array<number>(10).fill(200), 429, 429]);
    expect(answers[4]?.headers.get('ratelimit')).toMatch(/^"default";r=5;t=\d+$/);
    expect(Number(answers[11]?.headers.get('retry-after'))).toBeGreaterThan(0);
    const logins: number[] = [];
    const login = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
    for (let i = 0; i < 6; i++)
      logins.push((await path(i % 2, '/api/v1/auth/login', login)).status);
    expect(logins).toEqual([200, 200, 200, 200, 429, 429]);
  });

  it('answer every request while Redis is killed and comes back, and then share again', async () => {
    const killed = load(200);
    await redis.kill();
    expect((await killed).statuses).toEqual([200]);
    expect((await load(50)).statuses).toEqual([200]);
    expect(await Promise.all([healthOf(0), healthOf(1)])).toEqual([
      [503, 'down'],
      [503, 'down'],
    ]);
    expect((await path(0, '/readyz')).status).toBe(200);
    const whole = await path(0, '/api/health');
    expect([whole.status, await whole.json()]).toMatchObject([503, { data: { redis: 'down' } }]);
    // Each counts for itself meanwhile.
    const { ask } = await user();
    for (let i = 0; i < 10; i++) expect((await ask(0)).status).toBe(200);
    expect([(await ask(0)).status, (await ask(1)).status]).toEqual([429, 200]);

    const revived = load(50);
    await redis.revive();
    expect((await revived).statuses).toEqual([200]);
    await bothUp();
    expect((await path(0, '/api/health')).status).toBe(200);
    await logoutReachesBoth();
  });

  it('answer within the bound while Redis hangs, and then share again', async () => {
    redis.signal('SIGSTOP');
    try {
      const { statuses, longestMs } = await load(50);
      expect(statuses).toEqual([200]);
      expect(longestMs).toBeLessThan(BOUND_MS);
      expect(await healthOf(0)).toEqual([503, 'down']);
    } finally {
      redis.signal('SIGCONT');
    }
    await bothUp();
    await logoutReachesBoth();
  });
});
