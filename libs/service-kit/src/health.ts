import type { FastifyInstance } from 'fastify';
import { dependencyUp, metricsRegistry, readAtScrape, renderMetrics } from './metrics.js';

/** A named dependency check. */
export interface HealthCheck {
  readonly name: string;
  readonly check: () => Promise<boolean>;
  /** The process cannot answer requests without it: part of /readyz. */
  readonly isNeeded?: boolean;
  /** Other names of its path below /health. */
  readonly aliases?: readonly string[];
}

const CHECK_MS = 1_500;

/** False for a check that fails, and for one that takes more than 1.5 s. */
const isUp = async ({ check }: HealthCheck): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, CHECK_MS);
  });
  const asked = Promise.resolve()
    .then(check)
    .catch(() => false);
  return Promise.race([asked, late]).finally(() => {
    clearTimeout(timer);
  });
};

/**
 * Adds /livez (the process), /readyz (what requests need), /health (everything), /health/<name> for each dependency, and
 * the metrics at /metrics and /api/metrics, outside the API's guard. 503 when something that was asked for is down.
 */
export const mountOperations = (
  server: FastifyInstance,
  service: string,
  checks: readonly HealthCheck[],
): void => {
  const run = async (wanted: readonly HealthCheck[]) => {
    const results = await Promise.all(
      wanted.map(async (check) => [check.name, await isUp(check)] as const),
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
  mount(
    '/readyz',
    checks.filter(({ isNeeded }) => isNeeded),
  );
  mount('/health', checks);
  for (const check of checks)
    for (const name of [check.name, ...(check.aliases ?? [])]) mount(`/health/${name}`, [check]);
  const unread = readAtScrape(async () => {
    await Promise.all(
      checks.map(async (check) => {
        dependencyUp.set({ dependency: check.name }, Number(await isUp(check)));
      }),
    );
  });
  server.addHook('onClose', (_server, done) => {
    unread();
    done();
  });
  for (const path of ['/metrics', '/api/metrics'])
    server.get(path, async (_request, reply) =>
      reply.type(metricsRegistry.contentType).send(await renderMetrics()),
    );
};
