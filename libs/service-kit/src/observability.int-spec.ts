import { createServer, type Server } from 'node:http';
import { Controller, Module, Post } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { TOPIC, tenantChanged } from '@daftari/contracts';
import { deterministicId } from '@daftari/kernel';
import { type IntegrationMessage, Outbox, toBusMessage } from '@daftari/messaging';
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
  isReachable,
  messageFrom,
  Meta,
  newId,
  type RequestMeta,
  Requires,
  type RunningService,
  type ServiceDefinition,
} from './index.js';

const TENANT = deterministicId('tenant', 'observed');
const tenantMessage = (correlationId: string) =>
  messageFrom(tenantChanged, {
    id: newId(),
    key: TENANT,
    tenantId: TENANT,
    correlationId,
    source: '/test',
    time: new Date(),
    data: {
      tenantId: TENANT,
      name: 'T',
      timeZone: 'Africa/Nairobi',
      currency: 'KES',
      businessDateOffsetDays: 0,
    },
  });

@Controller('v1/signals')
class SignalController {
  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {}

  @Post()
  @Requires('loans:read')
  @Idempotent()
  async signal(@Meta() meta: RequestMeta): Promise<{ sent: boolean }> {
    const message = tenantMessage(meta.correlationId);
    await this.db.transaction(({ client }) => this.outbox.add(client, message));
    return { sent: true };
  }

  @EventPattern(TOPIC.tenantV1)
  async onTenant(@Payload() message: IntegrationMessage): Promise<void> {
    await gate;
    handled.push(message.correlationId);
  }
}

@Module({ controllers: [SignalController] })
class SignalModule {}

const handled: string[] = [];
/** Holds the consumer up while it is pending. */
let gate: Promise<void> = Promise.resolve();
let providerUrl = '';
const definition: ServiceDefinition = {
  name: 'signals',
  config: BaseConfig,
  module: SignalModule,
  migrations: [],
  produces: [TOPIC.tenantV1],
  eventSourced: true,
  work: async () => [{ queue: 'letters', state: 'due', count: 3 }],
  dependencies: () => [{ name: 'integrations', check: () => isReachable(providerUrl) }],
  openapi: { title: 'Signals', description: 'For tests' },
};

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
}
interface OtlpBody {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

/** Takes spans by OTLP over HTTP, as a trace backend does. */
const startCollector = async (): Promise<{ url: string; spans: OtlpSpan[]; server: Server }> => {
  const spans: OtlpSpan[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url === '/v1/traces') {
        const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as OtlpBody;
        for (const { scopeSpans } of body.resourceSpans)
          spans.push(...scopeSpans.flatMap((scope) => scope.spans));
      }
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { url: `http://127.0.0.1:${String(port)}`, spans, server };
};

let servicePostgres: TestPostgres;
let busPostgres: TestPostgres;
let issuer: TokenIssuer;
let collector: Awaited<ReturnType<typeof startCollector>>;
let service: RunningService;
let token: string;

beforeAll(async () => {
  [servicePostgres, busPostgres, issuer, collector] = await Promise.all([
    startPostgres(),
    startPostgres(),
    startTokenIssuer(),
    startCollector(),
  ]);
  providerUrl = collector.url;
  service = await createService(definition, {
    DATABASE_URL: await servicePostgres.createDatabase('signals'),
    BUS_URL: await busPostgres.createDatabase('bus'),
    INTERNAL_KEY: 'k'.repeat(32),
    JWKS_URL: issuer.jwksUrl,
    LOG_LEVEL: 'silent',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  });
  token = await issuer.token({ userId: newId(), tenantId: TENANT, roles: ['staff'] });
});

afterAll(async () => {
  await service.close();
  await Promise.all([servicePostgres.stop(), busPostgres.stop()]);
  await issuer.close();
  collector.server.close();
});

const signal = async (headers: Readonly<Record<string, string>> = {}): Promise<string> => {
  const requestId = newId();
  const response = await fetch(`${service.url}/v1/signals`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'idempotency-key': requestId,
      'x-request-id': requestId,
      ...headers,
    },
  });
  expect(response.status).toBe(201);
  return requestId;
};
const positionOfLast = async ({ resources }: RunningService): Promise<string> => {
  const last = { after: 'end', direction: 'backwards', limit: 1 } as const;
  for await (const event of resources.store?.readAll(last) ?? []) return event.position;
  return '';
};
const status = async (path: string): Promise<number> =>
  (await fetch(`${service.url}${path}`)).status;
const metrics = async (): Promise<string> => (await fetch(`${service.url}/api/metrics`)).text();

describe('traces', () => {
  it('show a request, the message that it publishes and its consumer as one trace', async () => {
    const caller = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await signal({ traceparent: caller });
    const mine = await eventually(() => {
      const found = collector.spans.filter(
        ({ traceId }) => traceId === '0af7651916cd43dd8448eb211c80319c',
      );
      return found.length >= 4 && found;
    });
    const byName = new Map(mine.map((span) => [span.name, span]));
    const request = byName.get('POST /v1/signals');
    const sent = byName.get(`send ${TOPIC.tenantV1}`);
    const consumers = mine.filter(({ name }) => name === `process ${TOPIC.tenantV1}`);
    expect([request?.kind, request?.parentSpanId]).toEqual([2, 'b7ad6b7169203331']);
    expect([sent?.kind, sent?.parentSpanId]).toEqual([4, request?.spanId]);
    expect(consumers.map(({ kind, parentSpanId }) => [kind, parentSpanId])).toEqual([
      [5, sent?.spanId],
    ]);
  });

  it('keep no span of a trace that its caller does not record, nor of a health check', async () => {
    const traceId = '11111111111111111111111111111111';
    await signal({ traceparent: `00-${traceId}-b7ad6b7169203331-00` });
    await fetch(`${service.url}/health`);
    const later = await signal();
    await eventually(() => handled.includes(later));
    await eventually(() => collector.spans.length > 4);
    expect(collector.spans.map((span) => span.traceId)).not.toContain(traceId);
    expect(collector.spans.some(({ name }) => name.includes('/health'))).toBe(false);
  });
});

describe('metrics', () => {
  it('count what is published, handled and put aside', async () => {
    const id = await signal();
    await eventually(() => handled.includes(id));
    const bad = { ...tenantMessage('bad'), data: { tenantId: 5 } };
    await (await service.resources.bus.producer()).send([toBusMessage(bad)]);
    const text = await eventually(async () => {
      const read = await metrics();
      return read.includes('bus_dead_letters_total{') && read;
    });
    expect(text).toMatch(
      /bus_dead_letters_total\{topic="daftari.identity.tenant.v1",group="signals",code="[a-z/-]+"\} 1/,
    );
    expect(text).toMatch(
      /bus_published_messages_total\{topic="daftari.identity.tenant.v1",type="daftari.identity.tenant-changed.v1"\} [1-9]/,
    );
    expect(text).toMatch(
      /bus_message_duration_seconds_count\{topic="daftari.identity.tenant.v1",group="signals",outcome="ok"\} [1-9]/,
    );
    expect(text).toMatch(
      /http_request_duration_seconds_count\{method="POST",route="\/v1\/signals",status="201"\} [1-9]/,
    );
    expect(text).toContain('background_work_items{queue="letters",state="due"} 3');
    expect(text).toMatch(/db_pool_connections\{state="open"\} [1-9]/);
    expect(text).toMatch(/process_resident_memory_bytes [1-9]/);
  });

  it('show how much waits in the outbox and for how long', async () => {
    const slow = await service.pool.connect();
    // The relay's own lock, held elsewhere: nothing leaves the outbox.
    await slow.query('begin');
    await slow.query('select pg_advisory_xact_lock(727002)');
    await signal();
    const text = await eventually(async () => {
      const read = await metrics();
      return /outbox_oldest_age_seconds 0\.[0-9]*[1-9]/.test(read) && read;
    });
    expect(text).toMatch(/outbox_messages [1-9]/);
    await slow.query('rollback');
    slow.release();
    await eventually(async () => (await metrics()).includes('outbox_messages 0'));
  });

  it('show how old the first event is that a projection has not passed', async () => {
    const { store } = service.resources;
    const event = { id: newId(), type: 'SignalSeen', data: {} };
    await store?.append(`signal-${event.id}`, [event], { expected: 'no_stream' });
    await service.pool.query(
      "insert into projection_checkpoint(name, backend, position, version) values ('late', 'pg', '', 1)",
    );
    const lag = /event_log_follower_lag_seconds\{kind="projection",name="late"\} (\S+)/;
    const first = Number(lag.exec(await metrics())?.[1]);
    const second = await eventually(async () => {
      const now = Number(lag.exec(await metrics())?.[1]);
      return now > first && now;
    });
    expect([first > 0, second < 60]).toEqual([true, true]);
    const { rows } = await service.pool.query<{ position: string }>(
      "update projection_checkpoint set position = $1 where name = 'late' returning position",
      [await positionOfLast(service)],
    );
    expect(rows[0]?.position).toMatch(/./);
    expect(lag.exec(await metrics())?.[1]).toBe('0');
    expect(await metrics()).toMatch(/events_appended_total [1-9]/);
  });

  it('show how many messages a group has not handled, and how old the oldest is', async () => {
    const labels = `\\{group="signals",topic="${TOPIC.tenantV1}",partition="\\d+"\\}`;
    let release: () => void = () => undefined;
    gate = new Promise((resolve) => (release = resolve));
    const id = await signal();
    const behind = new RegExp(`bus_consumer_lag${labels} 1\n`);
    const old = new RegExp(`bus_oldest_unread_seconds${labels} 0\\.\\d+`);
    await eventually(async () => {
      const text = await metrics();
      return behind.test(text) && old.test(text);
    });
    release();
    await eventually(async () => {
      const text = await metrics();
      return handled.includes(id) && !behind.test(text) && !old.test(text);
    });
  });
});

// The last ones: what they stop stays stopped.
describe('health', () => {
  const all = [
    '/health/',
    '/health/db/',
    '/health/bus/',
    '/health/celery/',
    '/health/integrations/',
  ];

  it('is green everywhere while everything runs', async () => {
    for (const path of [...all, '/readyz', '/livez'])
      expect([path, await status(path)]).toEqual([path, 200]);
  });

  it('is red for the integrations when the provider is stopped, and the service stays ready', async () => {
    providerUrl = 'http://127.0.0.1:1';
    expect(await status('/health/integrations/')).toBe(503);
    expect(await status('/health/')).toBe(503);
    expect([await status('/health/db/'), await status('/readyz')]).toEqual([200, 200]);
    providerUrl = collector.url;
    expect(await status('/health/integrations/')).toBe(200);
  });

  it('is red for the bus and the relays when the bus is stopped, and the service stays ready', async () => {
    await busPostgres.halt();
    await signal();
    await eventually(async () => (await status('/health/bus/')) === 503);
    await eventually(async () => (await status('/health/celery/')) === 503);
    expect([await status('/health/db/'), await status('/readyz')]).toEqual([200, 200]);
  });

  it('is red for the database when it is stopped, and then not ready but alive', async () => {
    await servicePostgres.halt();
    await eventually(async () => (await status('/health/db/')) === 503);
    expect([await status('/readyz'), await status('/livez')]).toEqual([503, 200]);
    expect(await metrics()).toContain('dependency_up{dependency="db"} 0');
  });
});
