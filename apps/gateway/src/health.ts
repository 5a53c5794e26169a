import { INTERNAL_HEADER, metricsRegistry, type Redis, renderMetrics } from '@daftari/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Upstream } from './routes.js';
import type { Upstreams } from './upstreams.js';

/** 503 with the reason for a status of down, else 200. */
const send = (
  request: FastifyRequest,
  reply: FastifyReply,
  data: { readonly status: 'up' | 'down' | 'disabled'; readonly [part: string]: unknown },
): FastifyReply => {
  const healthy = data.status !== 'down';
  return reply.status(healthy ? 200 : 503).send({
    success: healthy,
    data,
    ...(healthy ? {} : { message: 'Not healthy', errors: ['a dependency is down'] }),
    metadata: { requestId: request.id, ...(healthy ? {} : { code: 'service/unavailable' }) },
  });
};

/** Services that call providers. */
const WITH_PROVIDERS: readonly Upstream[] = ['payments', 'notifications'];

/** What the health of the platform is read from; no `redis` where none is configured. */
export interface HealthSources {
  readonly upstreams: Upstreams;
  readonly redis: Redis | undefined;
  readonly internalKey: string;
}

/** A path of the gateway, and what is asked for it. */
interface Wanted {
  readonly path: string;
  readonly of: readonly Upstream[];
  readonly withRedis?: boolean;
}

/**
 * Adds the health of the platform as the sum of its services: each path asks every service (or those that have such a
 * dependency) for its own path, and is 503 when one of them is down or does not answer. Redis, which only the gateway
 * uses, is part of /health and has its own path; no request needs it. Adds /livez and the metrics.
 */
export const mountHealth = (
  server: FastifyInstance,
  { upstreams, redis, internalKey }: HealthSources,
): void => {
  const headers = { [INTERNAL_HEADER]: internalKey };
  const isHealthy = (name: Upstream, path: string): Promise<boolean> =>
    upstreams.forward(name, { method: 'GET', path, headers }).then(
      ({ status }) => status === 200,
      () => false,
    );
  const redisState = async (): Promise<'disabled' | 'up' | 'down'> =>
    redis === undefined ? 'disabled' : (await redis.isUp()) ? 'up' : 'down';
  const answer = async (
    wanted: Wanted,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> => {
    const states = await Promise.all(
      wanted.of.map(async (name) => [name, await isHealthy(name, wanted.path)] as const),
    );
    const cache = wanted.withRedis ? { redis: await redisState() } : {};
    const healthy = states.every(([, ok]) => ok) && cache.redis !== 'down';
    const services = Object.fromEntries(states.map(([name, ok]) => [name, ok ? 'up' : 'down']));
    return send(request, reply, { status: healthy ? 'up' : 'down', services, ...cache });
  };
  const all = [...upstreams.urls.keys()];
  const paths = [
    { mounted: '/readyz', path: '/readyz', of: all },
    { mounted: '/health', path: '/health', of: all, withRedis: true },
    { mounted: '/api/health', path: '/health', of: all, withRedis: true },
    { mounted: '/health/db', path: '/health/db', of: all },
    { mounted: '/health/bus', path: '/health/bus', of: all },
    { mounted: '/health/jobs', path: '/health/jobs', of: all },
    { mounted: '/health/celery', path: '/health/jobs', of: all },
    { mounted: '/health/integrations', path: '/health/integrations', of: WITH_PROVIDERS },
  ];
  for (const { mounted, ...wanted } of paths)
    server.get(mounted, (request, reply) => answer(wanted, request, reply));
  server.get('/health/redis', async (request, reply) =>
    send(request, reply, { status: await redisState() }),
  );
  server.get('/livez', async (request, reply) =>
    reply.send({ success: true, data: { status: 'up' }, metadata: { requestId: request.id } }),
  );
  for (const path of ['/metrics', '/api/metrics'])
    server.get(path, async (_request, reply) =>
      reply.type(metricsRegistry.contentType).send(await renderMetrics()),
    );
};
