import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The process's Prometheus registry. */
export const metricsRegistry = new Registry();
collectDefaultMetrics({ register: metricsRegistry });
const registers = [metricsRegistry];

/** Seconds per HTTP request by method, route template and status. */
export const httpDuration = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'HTTP requests',
  labelNames: ['method', 'route', 'status'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5],
  registers,
});

/** Seconds per handled message by topic, group and outcome. */
export const messageDuration = new Histogram({
  name: 'bus_message_duration_seconds',
  help: 'Messages handled',
  labelNames: ['topic', 'group', 'outcome'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30],
  registers,
});

/** Messages given to the bus, by topic and type: the business events of a service. */
export const publishedMessages = new Counter({
  name: 'bus_published_messages_total',
  help: 'Messages that the bus has taken',
  labelNames: ['topic', 'type'],
  registers,
});

/** Messages that a group put aside, by topic and error code. */
export const deadLetters = new Counter({
  name: 'bus_dead_letters_total',
  help: 'Messages put aside because they cannot be handled',
  labelNames: ['topic', 'group', 'code'],
  registers,
});

/** Messages that a group has not read yet, by partition. */
export const busLag = new Gauge({
  name: 'bus_consumer_lag',
  help: 'Messages that the group has not handled yet',
  labelNames: ['group', 'topic', 'partition'],
  registers,
});

/** Seconds since the oldest unread message of a partition was written; 0 when all is read. */
export const busOldestUnread = new Gauge({
  name: 'bus_oldest_unread_seconds',
  help: 'Age of the oldest message that the group has not handled yet',
  labelNames: ['group', 'topic', 'partition'],
  registers,
});

/** Messages in the outbox that the bus does not have yet. */
export const outboxDepth = new Gauge({
  name: 'outbox_messages',
  help: 'Messages in the outbox',
  registers,
});

/** Seconds that the oldest message of the outbox waits; 0 when it is empty. */
export const outboxAge = new Gauge({
  name: 'outbox_oldest_age_seconds',
  help: 'Age of the oldest message in the outbox',
  registers,
});

/** Seconds since the first event was recorded that a follower of the log (relay or projection) has not passed; 0 when it is at the end. */
export const followerLag = new Gauge({
  name: 'event_log_follower_lag_seconds',
  help: 'Age of the first event that a relay or projection has not passed',
  labelNames: ['kind', 'name'],
  registers,
});

/** Seconds per append to the event store by outcome: ok, conflict, or failed. */
export const appendDuration = new Histogram({
  name: 'event_append_duration_seconds',
  help: 'Appends to the event store',
  labelNames: ['outcome'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
  registers,
});

/** Events that were appended. */
export const eventsAppended = new Counter({
  name: 'events_appended_total',
  help: 'Events appended to the event store',
  registers,
});

/** 1 while a circuit breaker keeps calls away, 0.5 while it lets one try, 0 while it is closed. */
export const breakerState = new Gauge({
  name: 'circuit_breaker_state',
  help: 'Circuit breakers: 0 closed, 0.5 half open, 1 open',
  labelNames: ['breaker'],
  registers,
});

/** Seconds per call to a provider by operation and outcome: the class of the status, or notSent or unknown. */
export const providerDuration = new Histogram({
  name: 'provider_call_duration_seconds',
  help: 'Calls to payment, SMS and mail providers',
  labelNames: ['provider', 'operation', 'outcome'],
  buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  registers,
});

/** Connections of the service's pool: open, idle, and requests that wait for one. */
export const poolConnections = new Gauge({
  name: 'db_pool_connections',
  help: 'The PostgreSQL pool',
  labelNames: ['state'],
  registers,
});

/** 1 while a dependency's health check succeeds, 0 while it fails. */
export const dependencyUp = new Gauge({
  name: 'dependency_up',
  help: 'Health checks: 1 up, 0 down',
  labelNames: ['dependency'],
  registers,
});

/** Rows of a queue of background work, by what they wait for. */
export const backgroundWork = new Gauge({
  name: 'background_work_items',
  help: 'Background work: waiting for its time, due, running, or put aside for people',
  labelNames: ['queue', 'state'],
  registers,
});

/** Seconds per run of a job by its queue, kind and outcome: succeeded, failed, or lost. */
export const jobDuration = new Histogram({
  name: 'job_duration_seconds',
  help: 'Runs of jobs',
  labelNames: ['queue', 'kind', 'outcome'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30, 120],
  registers,
});

/** Jobs that were given up, by queue and kind. */
export const jobsFailed = new Counter({
  name: 'jobs_failed_total',
  help: 'Jobs given up after their last try',
  labelNames: ['queue', 'kind'],
  registers,
});

/** Looks into a cache by result: hit or miss. */
export const cacheLookups = new Counter({
  name: 'cache_lookups_total',
  help: 'Looks into a cache',
  labelNames: ['cache', 'result'],
  registers,
});

/** Requests to Redis that failed, took too long, or were kept away from it. */
export const redisFailures = new Counter({
  name: 'redis_failures_total',
  help: 'Requests to Redis without an answer',
  registers,
});

/** Users of whom a request came in the last five minutes. */
export const activeUsers = new Gauge({
  name: 'active_users',
  help: 'Users with a request in the last five minutes',
  registers,
});

const sources = new Set<() => void | Promise<void>>();
const SOURCE_MS = 2_000;

/** Has `read` set its gauges before each scrape. Gives the function that ends it. */
export const readAtScrape = (read: () => void | Promise<void>): (() => void) => {
  sources.add(read);
  return () => sources.delete(read);
};

const limited = async (read: () => void | Promise<void>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, SOURCE_MS)));
  const asked = Promise.resolve().then(read);
  await Promise.race([asked, late]).finally(() => {
    clearTimeout(timer);
  });
};

/**
 * Every metric in Prometheus' text format. A source that fails or takes more than 2 s holds nothing up: its gauges
 * stay as they were, and `dependency_up` says what is away.
 */
export const renderMetrics = async (): Promise<string> => {
  await Promise.allSettled([...sources].map(limited));
  return metricsRegistry.metrics();
};
