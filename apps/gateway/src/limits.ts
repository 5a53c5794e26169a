import { Rejected } from '@daftari/kernel';
import type { Redis, RedisClient } from '@daftari/service-kit';
import type { FastifyReply } from 'fastify';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';

const WINDOW_S = 60;

type Eval = Parameters<RedisClient['eval']>;

/**
 * A request limit per key and minute, told in the fields of draft-ietf-httpapi-ratelimit-headers. With a Redis it is one
 * for all gateways; while that does not answer, each counts for itself.
 */
export class Limit {
  private readonly limiter: RateLimiterAbstract;

  constructor(
    private readonly name: string,
    private readonly quota: number,
    redis: Redis | undefined,
  ) {
    const options = { points: quota, duration: WINDOW_S, keyPrefix: `limit:${name}` };
    const own = new RateLimiterMemory(options);
    this.limiter = redis
      ? new RateLimiterRedis({
          ...options,
          // The one call that `consume` makes, within the bounds of the connection.
          storeClient: { eval: (...call: Eval) => redis.run((client) => client.eval(...call)) },
          useRedisPackage: true,
          insuranceLimiter: own,
        })
      : own;
  }

  /** Counts one request. Throws 429 with Retry-After when the quota is used up. */
  async count(key: string, reply: FastifyReply): Promise<void> {
    const result = await this.limiter.consume(key).catch((error: unknown) => {
      if (error instanceof RateLimiterRes) return error;
      throw error;
    });
    const seconds = Math.ceil(result.msBeforeNext / 1_000);
    void reply.header(
      'ratelimit-policy',
      `"${this.name}";q=${String(this.quota)};w=${String(WINDOW_S)}`,
    );
    void reply.header(
      'ratelimit',
      `"${this.name}";r=${String(Math.max(0, result.remainingPoints))};t=${String(seconds)}`,
    );
    if (result.consumedPoints <= this.quota) return;
    void reply.header('retry-after', String(seconds));
    throw new Rejected('request/too-many', 'Too many requests', 429);
  }
}
