import { INTERNAL_HEADER, metricsRegistry, renderMetrics } from '@daftari/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Upstream } from './routes.js';
import type { Upstreams } from './upstreams.js';

/** Services that call providers. */
const WITH_PROVIDERS: readonly Upstream[] = ['payments', 'notifications'];

/**
 * Adds the health of the platform as the sum of its services: each path asks every service (or those that have such a
 * dependency) for its own path, and is 503 when one of them is down or does not answer. Adds /livez and the metrics.
 */
export const mountHealth = (
  server: FastifyInstance,
  upstreams: Upstreams,
  internalKey: string,
): void => {
  const headers = { [INTERNAL_HEADER]: internalKey };
  const isHealthy = (name: Upstream, path: string): Promise<boolean> =>
    upstreams.forward(name, { method: 'GET', path, headers }).then(
      ({ status }) => status === 200,
      () => false,
    );
  const answer = async (
    wanted: { readonly path: string; readonly of: readonly Upstream[] },
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> => {
    const states = await Promise.all(
      wanted.of.map(async (name) => [name, await isHealthy(name, wanted.path)] as const),
    );
    const healthy = states.every(([, ok]) => ok);
    const data = {
      status: healthy ? 'up' : 'down',
      services: Object.fromEntries(states.map(([name, ok]) => [name, ok ? 'up' : 'down'])),
    };
    return reply.status(healthy ? 200 : 503).send({
      success: healthy,
      data,
      ...(healthy ? {} : { message: 'Not healthy', errors: ['a service is down'] }),
      metadata: { requestId: request.id, ...(healthy ? {} : { code: 'service/unavailable' }) },
    });
  };
  const all = [...upstreams.urls.keys()];
  const paths = [
    { mounted: '/readyz', path: '/readyz', of: all },
    { mounted: '/health', path: '/health', of: all },
    { mounted: '/api/health', path: '/health', of: all },
    { mounted: '/health/db', path: '/health/db', of: all },
    { mounted: '/health/bus', path: '/health/bus', of: all },
    { mounted: '/health/jobs', path: '/health/jobs', of: all },
    { mounted: '/health/celery', path: '/health/jobs', of: all },
    { mounted: '/health/integrations', path: '/health/integrations', of: WITH_PROVIDERS },
  ];
  for (const { mounted, ...wanted } of paths)
    server.get(mounted, (request, reply) => answer(wanted, request, reply));
  server.get('/livez', async (request, reply) =>
    reply.send({ success: true, data: { status: 'up' }, metadata: { requestId: request.id } }),
  );
  for (const path of ['/metrics', '/api/metrics'])
    server.get(path, async (_request, reply) =>
      reply.type(metricsRegistry.contentType).send(await renderMetrics()),
    );
};
