import { Rejected } from '@daftari/kernel';
import type { FastifyReply } from 'fastify';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

const WINDOW_S = 60;

/** A request limit per key and minute, told in the fields of draft-ietf-httpapi-ratelimit-headers. */
export class Limit {
  private readonly limiter: RateLimiterMemory;

  constructor(
    private readonly name: string,
    private readonly quota: number,
  ) {
    this.limiter = new RateLimiterMemory({ points: quota, duration: WINDOW_S });
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
