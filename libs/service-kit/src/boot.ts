import 'reflect-metadata';
import { NestFactory, Reflector } from '@nestjs/core';
import type { OpenAPIObject } from '@nestjs/swagger';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { assertMessage } from '@daftari/contracts';
import { invariant } from '@daftari/kernel';
import { BusServer, type IntegrationMessage } from '@daftari/messaging';
import type { Pool } from 'pg';
import { AccessGuard } from './auth/guard.js';
import { TokenVerifier } from './auth/token-verifier.js';
import { AuditInterceptor } from './audit.js';
import { observeLag } from './bus-metrics.js';
import type { BaseConfig } from './config/base-config.js';
import { ConfigError, loadConfig } from './config/load-config.js';
import { CoreModule } from './core.module.js';
import { armCrashPoint } from './crash-at.js';
import { type HealthCheck, mountOperations } from './health.js';
import { EnvelopeInterceptor } from './http/envelope.js';
import { EnvelopeFilter } from './http/errors.js';
import { IdempotencyInterceptor } from './http/idempotency.js';
import { newId } from './http/request-meta.js';
import { handlersOf } from './http/routes.js';
import { validationPipe } from './http/validation.js';
import { nestLogger } from './logging.js';
import { migrateFromCommandLine } from './migrate.js';
import { deadLetters, httpDuration, messageDuration } from './metrics.js';
import { openApiOf } from './openapi.js';
import { openResources, type Resources } from './resources.js';
import type { ServiceDefinition } from './service.js';
import { onShutdown } from './shutdown.js';
import { topicsFromCommandLine } from './topics-job.js';
import { runInTrace, startSpan } from './trace.js';
import { isOperationsPath, startTracing, traceparentOf, traceRequests } from './tracing.js';

/** A service that is up. */
export interface RunningService {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly pool: Pool;
  readonly resources: Resources;
  close(): Promise<void>;
}

/** The Fastify adapter every process uses: bounded bodies, request ids, no hanging connections at shutdown. */
export const fastifyAdapter = (bodyLimit: number): FastifyAdapter =>
  new FastifyAdapter({
    bodyLimit,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true },
    requestIdHeader: 'x-request-id',
    genReqId: () => newId(),
  });

const assertAccessDeclared = (app: NestFastifyApplication): void => {
  for (const { controller, method, access } of handlersOf(app))
    invariant(access !== undefined, `${controller}.${method} declares no access`);
};

/** Collects every route that is mounted from now on, as `GET /v1/loans/{id}`. */
const routesOf = (app: NestFastifyApplication): ReadonlySet<string> => {
  const routes = new Set<string>();
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRoute', ({ method, url }) => {
      for (const name of [method].flat())
        if (name !== 'HEAD' && name !== 'OPTIONS')
          routes.add(`${name} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
    });
  return routes;
};

/** What clients can call stands in the document, however it was mounted. */
const assertDocumented = (routes: ReadonlySet<string>, document: OpenAPIObject): void => {
  for (const route of routes) {
    const [method = '', path = ''] = route.split(' ');
    if (!path.startsWith('/v1/') || path.endsWith('/')) continue;
    const item = document.paths[path] as Record<string, unknown> | undefined;
    invariant(item?.[method.toLowerCase()] !== undefined, `${route} is not documented`);
  }
};

const observeRequests = (app: NestFastifyApplication, resources: Resources): void => {
  const server = app.getHttpAdapter().getInstance();
  traceRequests(server);
  // After the body has been read: its stream would lose the context.
  server.addHook('preValidation', (request, _reply, done) => {
    const traceparent = traceparentOf(request);
    runInTrace({ correlationId: request.id, ...(traceparent && { traceparent }) }, done);
  });
  server.addHook('onSend', async (request, reply) => {
    void reply.header('request-id', request.id);
  });
  server.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    httpDuration.observe(
      { method: request.method, route, status: String(reply.statusCode) },
      reply.elapsedTime / 1_000,
    );
    if (isOperationsPath(route)) return;
    const { claims } = request;
    resources.logger.info(
      {
        requestId: request.id,
        correlationId: request.id,
        route: `${request.method} ${route}`,
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime),
        tenantId: claims?.tenantId,
        userId: claims?.userId,
      },
      'request',
    );
  });
};

/** Handles a message inside its trace, as a span of its own where spans are recorded. */
const traceMessage = async <T>(
  message: IntegrationMessage,
  group: string,
  run: () => Promise<T>,
): Promise<T> => {
  const { correlationId, topic, id, traceparent: parent } = message;
  const span = startSpan({
    name: `process ${topic}`,
    kind: 'consumer',
    ...(parent !== undefined && { parent }),
    attributes: {
      'messaging.operation.type': 'process',
      'messaging.destination.name': topic,
      'messaging.message.id': id,
      'messaging.consumer.group.name': group,
    },
  });
  const traceparent = span?.traceparent ?? parent;
  let failed = true;
  try {
    const trace = { correlationId, ...(traceparent !== undefined && { traceparent }) };
    const result = await runInTrace(trace, run);
    failed = result === 'dead-letter';
    return result;
  } finally {
    span?.end({}, failed);
  }
};

/** The database is needed to answer; without the bus and the relays the service works on, and messages wait. */
const checksOf = <C extends BaseConfig>(
  definition: ServiceDefinition<C>,
  { db, bus, jobs }: Resources,
  config: C,
): readonly HealthCheck[] => [
  { name: 'db', check: () => db.ping(), isNeeded: true },
  { name: 'bus', check: () => bus.admin.lag(definition.name).then(() => true) },
  { name: 'jobs', check: async () => jobs.areHealthy(), aliases: ['celery'] },
  ...(definition.dependencies?.(config) ?? []),
];

const connectBus = (
  app: NestFastifyApplication,
  definition: ServiceDefinition,
  resources: Resources,
  onFatal: (error: Error) => void,
): (() => void) => {
  const { logger } = resources;
  const server = new BusServer({
    bus: resources.bus,
    group: definition.name,
    looseOrder: definition.looseOrder ?? [],
    validate: assertMessage,
    onFatal,
    context: (message, run) => traceMessage(message, definition.name, run),
    onDeadLetter: ({ topic, group, code }) => {
      deadLetters.inc({ topic, group, code });
    },
    onHandled: ({ message, durationMs, outcome, group }) => {
      messageDuration.observe({ topic: message.topic, group, outcome }, durationMs / 1_000);
      logger.info(
        {
          event: message.type,
          messageId: message.id,
          correlationId: message.correlationId,
          tenantId: message.tenantId,
          durationMs: Math.round(durationMs),
          outcome,
        },
        'message',
      );
    },
    logger: {
      info: (text: string, fields?: object) => {
        logger.debug(fields ?? {}, text);
      },
      warn: (text: string, fields?: object) => {
        logger.warn(fields ?? {}, text);
      },
      error: (text: string, fields?: object) => {
        logger.error(fields ?? {}, text);
      },
    },
  });
  app.connectMicroservice({ strategy: server });
  return observeLag(() => server.lag());
};

/** Boots a service from its definition and an environment; the caller closes it. */
export const createService = async <C extends BaseConfig>(
  definition: ServiceDefinition<C>,
  env: NodeJS.ProcessEnv,
  onFatal: (error: Error) => void = (error) => {
    throw error;
  },
): Promise<RunningService> => {
  const config = loadConfig(definition.config, env);
  armCrashPoint(config);
  const stopTracing = await startTracing(definition.name, config);
  const resources = await openResources(definition as unknown as ServiceDefinition, config);
  const release = async (): Promise<void> => {
    await resources.close();
    await stopTracing();
  };
  return serve(definition as unknown as ServiceDefinition, resources, { onFatal, release }).catch(
    async (error: unknown) => {
      await release();
      throw error;
    },
  );
};

const serve = async (
  definition: ServiceDefinition,
  resources: Resources,
  { onFatal, release }: { onFatal: (error: Error) => void; release: () => Promise<void> },
): Promise<RunningService> => {
  const { config } = resources;
  const app = await NestFactory.create<NestFastifyApplication>(
    CoreModule.with(definition.module, resources),
    fastifyAdapter(config.BODY_LIMIT_BYTES),
    {
      logger: nestLogger(resources.logger),
      abortOnError: false,
    },
  );
  const reflector = app.get(Reflector);
  app.useGlobalFilters(new EnvelopeFilter(resources.logger));
  app.useGlobalGuards(new AccessGuard(reflector, new TokenVerifier(config), config.INTERNAL_KEY));
  app.useGlobalInterceptors(
    new EnvelopeInterceptor(reflector),
    new AuditInterceptor(definition.name, resources.db, resources.outbox),
    new IdempotencyInterceptor(reflector, resources.db.pool),
  );
  app.useGlobalPipes(validationPipe());
  const routes = routesOf(app);
  observeRequests(app, resources);
  const unobserve = connectBus(app, definition, resources, onFatal);
  const server = app.getHttpAdapter().getInstance();
  mountOperations(server, definition.name, checksOf(definition, resources, config));
  assertAccessDeclared(app);
  const document = openApiOf(app, definition.name, definition.openapi);
  server.get('/openapi.json', async (_request, reply) => reply.send(document));
  await app.init();
  assertDocumented(routes, document);
  await resources.start(onFatal);
  await app.startAllMicroservices();
  await app.listen(config.PORT, config.HOST);
  return {
    app,
    url: await app.getUrl(),
    pool: resources.db.pool,
    resources,
    async close() {
      await app.close();
      unobserve();
      await release();
    },
  };
};

/** One clear line about why a process cannot start. */
export const startProblem = (name: string, error: unknown): string => {
  if (error instanceof ConfigError) return `${name}: the environment is wrong:\n${error.message}`;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  if (code === 'EADDRINUSE') return `${name}: the port is taken (${message})`;
  return `${name}: cannot start: ${message || code}`;
};

/**
 * Runs a service until SIGTERM or SIGINT. Exits 1 with one clear line when it cannot start or cannot go on.
 * With the words `migrate <command>` it works on the migrations of its database instead, with `topics` it makes its
 * topics, and ends.
 */
export const runService = async <C extends BaseConfig>(
  definition: ServiceDefinition<C>,
): Promise<void> => {
  const fail = (error: unknown): never => {
    process.stderr.write(`${startProblem(definition.name, error)}\n`);
    process.exit(1);
  };
  process.on('unhandledRejection', fail);
  try {
    const words = process.argv.slice(2);
    const exitCode =
      (await migrateFromCommandLine(definition, words, process.env)) ??
      (await topicsFromCommandLine(definition, words, process.env));
    if (exitCode !== undefined) process.exit(exitCode);
    const running = await createService(definition, process.env, fail);
    onShutdown(() => running.close());
    running.resources.logger.info({ url: running.url }, 'ready');
  } catch (error) {
    fail(error);
  }
};
