import { createLogger, loadConfig } from '@daftari/service-kit';
import Fastify, { type FastifyInstance } from 'fastify';
import { GatewayConfig } from './config.js';
import { Gateway } from './gateway.js';

const NAMES = ['identity', 'origination', 'ledger', 'payments', 'notifications', 'reporting'];
const ALL = Object.fromEntries(NAMES.map((name) => [name, 'up']));

describe('the health of the platform', () => {
  const down = new Set<string>();
  const services: FastifyInstance[] = [];
  let gateway: Gateway;
  let base: string;

  /** A service that answers its health paths as services do: 503 for what is down. */
  const startService = async (name: string): Promise<string> => {
    const server = Fastify({ routerOptions: { ignoreTrailingSlash: true } });
    server.get('/*', async (request, reply) => {
      const part = request.url.split('/')[2];
      const isUp = part === undefined ? down.size === 0 : !down.has(`${name}/${part}`);
      return reply.status(request.url === '/readyz' || isUp ? 200 : 503).send({});
    });
    services.push(server);
    return server.listen({ port: 0, host: '127.0.0.1' });
  };

  beforeAll(async () => {
    const urls: Record<string, string> = {};
    for (const name of NAMES) urls[`${name.toUpperCase()}_URL`] = await startService(name);
    const config = loadConfig(GatewayConfig, {
      ...urls,
      NODE_ENV: 'test',
      INTERNAL_KEY: 'an-internal-key-of-a-test-with-32-characters',
    });
    gateway = new Gateway(config, createLogger('gateway', 'silent'));
    await gateway.mount();
    base = await gateway.server.listen({ port: 0, host: '127.0.0.1' });
  });
  afterAll(async () => {
    await gateway.close();
    await Promise.all(services.map((service) => service.close()));
  });
  beforeEach(() => {
    down.clear();
  });

  const get = async (path: string): Promise<{ status: number; services: unknown }> => {
    const response = await fetch(`${base}${path}`);
    const body = (await response.json()) as { data: { services: unknown } };
    return { status: response.status, services: body.data.services };
  };

  it.each(['/health/', '/api/health', '/health/db/', '/health/bus/', '/health/celery/', '/readyz'])(
    '%s asks every service',
    async (path) => {
      expect(await get(path)).toEqual({ status: 200, services: ALL });
    },
  );

  it('/health/integrations/ asks those that call providers', async () => {
    const services = { payments: 'up', notifications: 'up' };
    expect(await get('/health/integrations/')).toEqual({ status: 200, services });
    down.add('payments/integrations');
    expect(await get('/health/integrations/')).toEqual({
      status: 503,
      services: { ...services, payments: 'down' },
    });
  });

  it('/health/redis/ says that it is disabled where none is configured', async () => {
    for (const path of ['/health/redis', '/health/redis/']) {
      const response = await fetch(`${base}${path}`);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ success: true, data: { status: 'disabled' } });
    }
  });

  it.each([
    ['/health/db/', 'ledger/db', 'ledger'],
    ['/health/bus/', 'identity/bus', 'identity'],
    ['/health/celery/', 'origination/jobs', 'origination'],
  ])('%s is red when it is so in one service, and names it', async (path, what, name) => {
    down.add(what);
    expect(await get(path)).toEqual({ status: 503, services: { ...ALL, [name]: 'down' } });
    expect((await get('/api/health')).status).toBe(503);
    expect((await get('/readyz')).status).toBe(200);
  });

  it('is red for a service that does not answer, at every path, and the gateway itself lives', async () => {
    await services[2]?.close();
    for (const path of ['/health/db/', '/readyz', '/api/health']) {
      expect(await get(path)).toMatchObject({ status: 503, services: { ledger: 'down' } });
    }
    expect((await fetch(`${base}/livez`)).status).toBe(200);
    expect(await (await fetch(`${base}/api/metrics`)).text()).toContain(
      'circuit_breaker_state{breaker="ledger"}',
    );
  });
});
