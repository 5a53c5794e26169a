import type { FastifyInstance } from 'fastify';
import { metricsRegistry } from './metrics.js';

/** A named dependency check. */
export interface HealthCheck {
  readonly name: string;
  readonly check: () => Promise<boolean>;
}

/** Adds /livez, /readyz, /health and one /health/<name> per dependency, and /metrics, outside the API's guard. */
export const mountOperations = (
  server: FastifyInstance,
  service: string,
  checks: readonly HealthCheck[],
): void => {
  const run = async (wanted: readonly HealthCheck[]) => {
    const results = await Promise.all(
      wanted.map(async ({ name, check }) => [name, await check().catch(() => false)] as const),
    );
    const healthy = results.every(([, ok]) => ok);
    const data = {
      service,
      status: healthy ? 'up' : 'down',
      checks: Object.fromEntries(results.map(([n, ok]) => [n, ok ? 'up' : 'down'])),
      rssBytes: process.memoryUsage.rss(),
    };
    return { status: healthy ? 200 : 503, healthy, data };
  };
  const mount = (path: string, wanted: readonly HealthCheck[]): void => {
    server.get(path, async (request, reply) => {
      const { status, healthy, data } = await run(wanted);
      return reply.status(status).send({
        success: healthy,
        data,
        ...(healthy ? {} : { message: 'Not healthy', errors: ['a dependency is down'] }),
        metadata: { requestId: request.id, ...(healthy ? {} : { code: 'service/unavailable' }) },
      });
    });
  };
  mount('/livez', []);
  mount('/readyz', checks);
  mount('/health', checks);
  for (const check of checks) mount(`/health/${check.name}`, [check]);
  server.get('/metrics', async (_request, reply) =>
    reply.type(metricsRegistry.contentType).send(await metricsRegistry.metrics()),
  );
};
