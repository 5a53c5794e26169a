import type { createClient } from '@redis/client';
import CircuitBreaker from 'opossum';
import type { Logger } from '../logging.js';
import { dependencyUp, readAtScrape, redisFailures } from '../metrics.js';
import { watchBreaker } from '../observe.js';

/** The client of node-redis. */
export type RedisClient = ReturnType<typeof createClient>;

type Work = (client: RedisClient) => Promise<unknown>;

const ANSWER_MS = 250;
/** Silence after which a connection is given up; a written ping or request begins it anew, so it is shorter than the breaker's pause. */
const SILENT_MS = 1_500;
const PING_MS = 500;
const PAUSE_MS = 2_000;
const RECONNECT_MOST_MS = 1_000;
const MOST_WAITING = 5_000;

/**
 * A connection to Redis that never holds anybody up: a request that is not answered within 250 ms fails; without a
 * connection, or after half of the last second's requests failed, each fails at once. It connects again by itself, for
 * ever; that it went and came is logged once each. The client's code is loaded only where there is one.
 */
export class Redis {
  private readonly client: Promise<RedisClient>;
  private readonly breaker: CircuitBreaker<[Work]>;
  private readonly unread: () => void;
  private isAway = false;

  /** Begins to connect to a `redis://` or `rediss://` address; keys are kept below `daftari:`. */
  constructor(
    url: string,
    private readonly logger: Logger,
  ) {
    this.breaker = new CircuitBreaker(async (work: Work) => work(await this.client), {
      timeout: ANSWER_MS,
      errorThresholdPercentage: 50,
      volumeThreshold: 2,
      rollingCountTimeout: 1_000,
      resetTimeout: PAUSE_MS,
      name: 'redis',
    });
    watchBreaker(this.breaker);
    this.breaker.on('open', () => {
      this.lost('most requests fail');
    });
    this.breaker.on('close', () => {
      this.found();
    });
    this.client = this.open(url);
    this.client.catch((error: unknown) => {
      this.lost(error);
    });
    this.unread = readAtScrape(async () => {
      dependencyUp.set({ dependency: 'redis' }, Number(await this.isUp()));
    });
  }

  /** Does something with Redis. Rejects, within the bound, when there is no answer. */
  async run<T>(work: (client: RedisClient) => Promise<T>): Promise<T> {
    try {
      return (await this.breaker.fire(work)) as T;
    } catch (error) {
      redisFailures.inc();
      throw error;
    }
  }

  /** Does it answer? */
  isUp(): Promise<boolean> {
    return this.run((client) => client.ping()).then(
      () => true,
      () => false,
    );
  }

  async close(): Promise<void> {
    this.unread();
    this.breaker.shutdown();
    await this.client.then(
      (client) => {
        client.destroy();
      },
      () => undefined,
    );
  }

  private async open(url: string): Promise<RedisClient> {
    const { createClient } = await import('@redis/client');
    const client: RedisClient = createClient({
      url,
      keyPrefix: 'daftari:',
      disableOfflineQueue: true,
      commandsQueueMaxLength: MOST_WAITING,
      pingInterval: PING_MS,
      socket: {
        connectTimeout: SILENT_MS,
        socketTimeout: SILENT_MS,
        reconnectStrategy: (retries) =>
          Math.min(50 * 2 ** Math.min(retries, 10), RECONNECT_MOST_MS),
      },
    });
    client.on('error', (error: unknown) => {
      this.lost(error);
    });
    client.on('ready', () => {
      this.breaker.close();
      this.found();
    });
    client.connect().catch(() => undefined); // told by its events; ends only when it is closed
    return client;
  }

  private lost(error: unknown): void {
    // Not the whole error: one about the address would tell the password.
    const { message, code } = error as { message?: string; code?: string };
    const reason = typeof error === 'string' ? error : message || code;
    if (!this.isAway) this.logger.warn({ reason }, 'Redis is away; going on without it');
    this.isAway = true;
  }

  private found(): void {
    if (this.isAway) this.logger.info('Redis is back');
    this.isAway = false;
  }
}
