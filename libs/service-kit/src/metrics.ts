import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

/** The process's Prometheus registry. */
export const metricsRegistry = new Registry();
collectDefaultMetrics({ register: metricsRegistry });

/** Seconds per HTTP request by method, route template and status. */
export const httpDuration = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'HTTP requests',
  labelNames: ['method', 'route', 'status'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5],
  registers: [metricsRegistry],
});

/** Seconds per handled message by topic, group and outcome. */
export const messageDuration = new Histogram({
  name: 'bus_message_duration_seconds',
  help: 'Messages handled',
  labelNames: ['topic', 'group', 'outcome'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30],
  registers: [metricsRegistry],
});
