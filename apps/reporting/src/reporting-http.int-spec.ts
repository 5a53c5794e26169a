import { tenantChanged } from '@daftari/contracts';
import { deterministicId } from '@daftari/kernel';
import { toBusMessage } from '@daftari/messaging';
import { createService, messageFrom, type RunningService } from '@daftari/service-kit';
import {
  eventually,
  startPostgres,
  startTokenIssuer,
  type TestPostgres,
  type TokenIssuer,
} from '@daftari/testing';
import { service } from './service.js';

const tenantId = deterministicId('tenant', 'http');
let server: TestPostgres;
let issuer: TokenIssuer;
let reporting: RunningService;

beforeAll(async () => {
  server = await startPostgres();
  issuer = await startTokenIssuer();
  reporting = await createService(service, {
    NODE_ENV: 'test',
    PORT: '0',
    LOG_LEVEL: 'silent',
    JWKS_URL: issuer.jwksUrl,
    INTERNAL_KEY: 'k'.repeat(40),
    DATABASE_URL: await server.createDatabase('reporting'),
    BUS_URL: await server.createDatabase('bus'),
  });
  const producer = await reporting.resources.bus.producer();
  const about = { id: 't1', key: tenantId, tenantId, correlationId: 'c', source: '/daftari/test' };
  const data = { ...tenantChanged.example, tenantId };
  await producer.send([
    toBusMessage(messageFrom(tenantChanged, { ...about, time: new Date(0), data })),
  ]);
});
afterAll(async () => {
  await reporting.close();
  await issuer.close();
  await server.stop();
});

const status = async (role: string, path: string): Promise<number> => {
  const token = await issuer.token({ userId: 'u1', tenantId, roles: [role] });
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${reporting.url}${path}`, { headers })).status;
};

describe('reporting over HTTP', () => {
  it('answers every report to staff and none to customers', async () => {
    await eventually(async () => (await status('staff', '/v1/reports/portfolio')) === 200);
    for (const report of ['collections', 'arrears', 'timings', 'check', 'portfolio']) {
      expect(await status('staff', `/v1/reports/${report}`)).toBe(200);
      expect(await status('customer', `/v1/reports/${report}`)).toBe(403);
    }
    expect(await status('auditor', '/v1/reports/arrears?asOf=2026-02-31')).toBe(422);
  });
});
