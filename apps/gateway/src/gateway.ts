import helmet from '@fastify/helmet';
import { ContractViolation, ERROR_CODES, Rejected } from '@daftari/kernel';
import {
  httpDuration,
  isOperationsPath,
  type Logger,
  MemoryCacheStore,
  newId,
  nextTraceparent,
  Redis,
  RedisCacheStore,
  sendError,
  TokenVerifier,
  traceparentOf,
  traceRequests,
} from '@daftari/service-kit';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { GatewayConfig } from './config.js';
import { ActiveUsers } from './active-users.js';
import { mountDocs } from './docs.js';
import { mountHealth } from './health.js';
import { Limit } from './limits.js';
import { loggablePath, type Route, routeOf, VERSIONS } from './routes.js';
import { SessionCheck } from './session-check.js';
import { Upstreams } from './upstreams.js';

const CALLBACK_LIMIT_BYTES = 256 * 1024;
/** What a client may say to a service; identity and addresses are the gateway's to say. */
const PASSED_ON = [
  'authorization',
  'content-type',
  'accept',
  'accept-language',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'user-agent',
  'tracestate',
];
const PASSED_BACK = ['content-type', 'retry-after', 'idempotent-replayed', 'etag', 'location'];
const PROBES = new Set(['/livez', '/readyz', '/health', '/api/metrics']);
const listOf = (text: string): string[] =>
  text.split(',').flatMap((item) => (item.trim() === '' ? [] : [item.trim()]));
const SAFE_ID = /^[A-Za-z0-9_-]{8,64}$/;

/** Bodies are the services' to read. */
const unread = (
  _request: FastifyRequest,
  body: Buffer,
  done: (error: null, body: Buffer) => void,
): void => {
  done(null, body);
};

/** The one way in: checks tokens, sessions, limits and sizes, then passes the request to the service that owns the path. */
export class Gateway {
  readonly server: FastifyInstance;
  private readonly upstreams: Upstreams;
  private readonly tokens: TokenVerifier;
  private readonly redis: Redis | undefined;
  private readonly sessions: SessionCheck;
  private readonly limit: Limit;
  private readonly authLimit: Limit;
  private readonly activeUsers = new ActiveUsers();

  constructor(
    private readonly config: GatewayConfig,
    private readonly logger: Logger,
    private readonly versions = VERSIONS,
  ) {
    this.upstreams = new Upstreams(config);
    this.tokens = new TokenVerifier(config);
    this.redis = config.REDIS_URL === '' ? undefined : new Redis(config.REDIS_URL, logger);
    const cache = this.redis ? new RedisCacheStore(this.redis) : new MemoryCacheStore();
    this.sessions = new SessionCheck(this.upstreams, config.INTERNAL_KEY, cache);
    this.limit = new Limit('default', config.RATE_PER_MINUTE, this.redis);
    this.authLimit = new Limit('auth', config.AUTH_RATE_PER_MINUTE, this.redis);
    this.server = Fastify({
      bodyLimit: config.BODY_LIMIT_BYTES,
      forceCloseConnections: true,
      trustProxy: config.TRUSTED_PROXIES === '' ? false : config.TRUSTED_PROXIES,
      routerOptions: { ignoreTrailingSlash: true },
      genReqId: (request) => {
        const given = request.headers['x-request-id'];
        return typeof given === 'string' && SAFE_ID.test(given) ? given : newId();
      },
    });
  }

  /** Prepares every route; the caller listens. */
  async mount(): Promise<void> {
    const { server } = this;
    traceRequests(server);
    await server.register(helmet, {
      contentSecurityPolicy: {
        directives: {
          'script-src': ["'self'"],
          'style-src': ["'self'", "'unsafe-inline'"],
          'img-src': ["'self'", 'data:'],
          'upgrade-insecure-requests': null,
        },
      },
    });
    server.removeAllContentTypeParsers();
    server.addContentTypeParser('application/json', { parseAs: 'buffer' }, unread);
    server.setErrorHandler((error, request, reply) => this.fail(error, request, reply));
    server.setNotFoundHandler((request, reply) => this.fail(new NotFoundRoute(), request, reply));
    server.addHook('onSend', async (request, reply) => {
      void reply.header('request-id', request.id);
    });
    server.addHook('onResponse', async (request, reply) => {
      const route = request.routeOptions.url ?? 'unknown';
      const labels = { method: request.method, route, status: String(reply.statusCode) };
      httpDuration.observe(labels, reply.elapsedTime / 1_000);
      if (isOperationsPath(route)) return;
      this.logger.info(
        {
          requestId: request.id,
          correlationId: request.id,
          method: request.method,
          path: loggablePath(request.url),
          status: reply.statusCode,
          durationMs: Math.round(reply.elapsedTime),
        },
        'request',
      );
    });
    this.allowHosts();
    this.allowOrigins();
    const { upstreams, redis } = this;
    mountHealth(server, { upstreams, redis, internalKey: this.config.INTERNAL_KEY });
    await mountDocs(server, this.upstreams);
    server.get('/api/errors', async (request, reply) =>
      reply.send({ success: true, data: ERROR_CODES, metadata: { requestId: request.id } }),
    );
    server.get('/', async (request, reply) =>
      reply.send({
        success: true,
        data: { name: 'Daftari', docs: '/api/docs', openapi: '/api/openapi.json' },
        metadata: { requestId: request.id },
      }),
    );
    server.all('/api/*', (request, reply) => this.pass(request, reply));
    await server.register(async (hooks) => {
      // Whatever a provider calls its body: payments keeps what it cannot read.
      hooks.addContentTypeParser('*', { parseAs: 'buffer' }, unread);
      hooks.all('/hooks/*', { bodyLimit: CALLBACK_LIMIT_BYTES }, (request, reply) =>
        this.pass(request, reply),
      );
    });
  }

  async close(): Promise<void> {
    this.activeUsers.close();
    await this.server.close();
    await this.upstreams.close();
    await this.redis?.close();
  }

  private async pass(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const route = routeOf(request.url, this.versions);
    if (!route) throw new NotFoundRoute();
    const sessionId = await this.admit(request, reply, route);
    if (request.body !== undefined && !Buffer.isBuffer(request.body))
      throw new ContractViolation('The body must be JSON');
    const headers = this.headersFor(request);
    const answer = await this.upstreams.forward(route.upstream, {
      method: request.method,
      path: route.path,
      headers,
      ...(request.body ? { body: request.body } : {}),
    });
    if (
      sessionId !== undefined &&
      answer.status === 200 &&
      /^\/v1\/auth\/logout\b/.test(route.path)
    )
      await this.sessions.end(sessionId);
    for (const name of PASSED_BACK) {
      const value = answer.headers[name];
      if (value !== undefined) void reply.header(name, value);
    }
    return reply.status(answer.status).send(answer.body);
  }

  /** Counts the request and checks its token and session; gives the session's id where there is one. */
  private async admit(
    request: FastifyRequest,
    reply: FastifyReply,
    route: Route,
  ): Promise<string | undefined> {
    if (route.access === 'callback') return undefined;
    if (route.access === 'public') {
      if (request.method === 'POST') await this.authLimit.count(request.ip, reply);
      return undefined;
    }
    const claims = await this.tokens.verify(request.headers.authorization);
    this.activeUsers.saw(claims.userId);
    await this.limit.count(claims.userId, reply);
    await this.sessions.assertActive(claims.sessionId);
    return claims.sessionId;
  }

  private headersFor(request: FastifyRequest): Record<string, string> {
    const passed = PASSED_ON.flatMap((name) => {
      const value = request.headers[name];
      return typeof value === 'string' ? [[name, value] as const] : [];
    });
    return {
      ...Object.fromEntries(passed),
      'x-request-id': request.id,
      'x-client-ip': request.ip,
      traceparent: nextTraceparent(traceparentOf(request)),
    };
  }

  private async fail(
    error: unknown,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const status = sendError(error, request, reply);
    if (status >= 500)
      this.logger.error(
        { err: error, requestId: request.id, correlationId: request.id },
        'request failed',
      );
    return reply;
  }

  /** A Host that is not ours may be a trick on links and caches (OWASP ASVS 5.0 §3.4). Probes come by address. */
  private allowHosts(): void {
    const allowed = new Set(listOf(this.config.ALLOWED_HOSTS));
    this.server.addHook('onRequest', async (request) => {
      if (allowed.size === 0 || allowed.has(request.hostname) || PROBES.has(request.url)) return;
      throw new Rejected('request/unknown-host', 'This host is not served here', 421);
    });
  }

  private allowOrigins(): void {
    const allowed = new Set(listOf(this.config.CORS_ORIGINS));
    this.server.addHook('onRequest', async (request, reply) => {
      const { origin } = request.headers;
      if (origin === undefined || !allowed.has(origin)) return;
      void reply.header('access-control-allow-origin', origin).header('vary', 'origin');
      if (request.method !== 'OPTIONS') return;
      void reply
        .header('access-control-allow-methods', 'GET,POST,PUT,PATCH,DELETE')
        .header('access-control-allow-headers', PASSED_ON.join(','));
      await reply.status(204).send();
    });
  }
}

class NotFoundRoute extends Rejected {
  constructor() {
    super('route/not-found', 'No such route', 404);
  }
}
