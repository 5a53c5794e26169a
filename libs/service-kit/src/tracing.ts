import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { EdgeConfig } from './config/edge-config.js';
import { recordSpans, type Span, startSpan, traceparentFrom } from './trace.js';

/**
 * Records spans when OTEL_EXPORTER_OTLP_ENDPOINT is set; otherwise loads nothing. Gives the function that sends what is
 * left and ends it. One recorder a process.
 */
export const startTracing = async (
  service: string,
  config: Pick<EdgeConfig, 'OTEL_EXPORTER_OTLP_ENDPOINT' | 'OTEL_TRACES_SAMPLER_ARG'>,
): Promise<() => Promise<void>> => {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: ratio } = config;
  if (endpoint === '') return async () => undefined;
  const { exportSpans } = await import('./otel.js');
  const spans = exportSpans(service, endpoint, ratio);
  recordSpans(spans.record);
  return async () => {
    recordSpans(undefined);
    await spans.close();
  };
};

const OPERATIONS = /^\/(api\/)?(livez|readyz|health|metrics)/;

/** Is it a path of health checks or metrics? They are neither logged nor traced. */
export const isOperationsPath = (path: string): boolean => OPERATIONS.test(path);

const spans = new WeakMap<FastifyRequest, Span>();

/** A span for each request, named by its route's template; health checks and metrics have none. */
export const traceRequests = (server: FastifyInstance): void => {
  server.addHook('onRequest', (request, _reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    const parent = traceparentFrom(request.headers.traceparent);
    const span = isOperationsPath(route)
      ? undefined
      : startSpan({
          name: `${request.method} ${route}`,
          kind: 'server',
          ...(parent && { parent }),
          attributes: {
            'http.request.method': request.method,
            'http.route': route,
            'daftari.request.id': request.id,
          },
        });
    if (span) spans.set(request, span);
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    spans
      .get(request)
      ?.end({ 'http.response.status_code': reply.statusCode }, reply.statusCode >= 500);
    done();
  });
};

/** The trace context that work of this request belongs to: its own span's, or the caller's when spans are not recorded. */
export const traceparentOf = (request: FastifyRequest): string | undefined =>
  spans.get(request)?.traceparent ?? traceparentFrom(request.headers.traceparent);
