import type { CacheStore } from './cache-store.js';
import { MemoryCacheStore } from './memory-cache-store.js';
import type { Redis } from './redis.js';

/** A cache that all processes with the same Redis share; while it does not answer, one of this process. */
export class RedisCacheStore implements CacheStore {
  private readonly own = new MemoryCacheStore();

  constructor(private readonly redis: Redis) {}

  get(key: string): Promise<string | undefined> {
    return this.redis
      .run(async (client) => (await client.get(key)) ?? undefined)
      .catch(() => this.own.get(key));
  }

  set(key: string, value: string, ttlMs: number): Promise<void> {
    return this.put(key, value, { ttlMs, condition: undefined });
  }

  add(key: string, value: string, ttlMs: number): Promise<void> {
    return this.put(key, value, { ttlMs, condition: 'NX' });
  }

  private async put(
    key: string,
    value: string,
    { ttlMs, condition }: { ttlMs: number; condition: 'NX' | undefined },
  ): Promise<void> {
    const options = { expiration: { type: 'PX', value: ttlMs } as const };
    await this.redis
      .run((client) => client.set(key, value, { ...options, ...(condition && { condition }) }))
      .catch(() => this.own[condition ? 'add' : 'set'](key, value, ttlMs));
  }
}
