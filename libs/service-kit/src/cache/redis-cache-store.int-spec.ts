import { performance } from 'node:perf_hooks';
import { describeWithRedis, eventually, startRedis, type TestRedis } from '@daftari/testing';
import type { Logger } from '../logging.js';
import { metricsRegistry, renderMetrics } from '../metrics.js';
import { cacheStoreContract } from './cache-store.contract.js';
import { Redis } from './redis.js';
import { RedisCacheStore } from './redis-cache-store.js';

const LONG_MS = 60_000;
/** What a request waits for Redis at most, and what a busy machine adds. */
const BOUND_MS = 250 + 10_000;

describeWithRedis('a cache in Redis', () => {
  let server: TestRedis;
  const opened: Redis[] = [];

  const open = () => {
    const lines: string[] = [];
    const logger = {
      warn: (_: unknown, text: string) => lines.push(text),
      info: (text: string) => lines.push(text),
    } as unknown as Logger;
    const redis = new Redis(server.url, logger);
    opened.push(redis);
    return { redis, lines, store: new RedisCacheStore(redis) };
  };
  const connect = async (): Promise<ReturnType<typeof open>> => {
    const connection = open();
    await eventually(() => connection.redis.isUp());
    connection.lines.length = 0;
    return connection;
  };
  const isOffline = (error: unknown): boolean => String(error).includes('offline');
  const timed = async <T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> => {
    const begin = performance.now();
    const value = await work();
    return { value, ms: performance.now() - begin };
  };

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await Promise.all(opened.map((redis) => redis.close()));
    await server.stop();
  });

  describe('as a store', () => {
    let store: RedisCacheStore;
    beforeAll(async () => {
      ({ store } = await connect());
    });
    cacheStoreContract('Redis', () => store);
  });

  it('is one for all that use it, below one prefix', async () => {
    const [one, two] = [await connect(), await connect()];
    await one.store.set('shared', 'yes', LONG_MS);
    expect(await two.store.get('shared')).toBe('yes');
    await two.store.add('shared', 'no', LONG_MS);
    expect(await one.store.get('shared')).toBe('yes');
    const keys = await one.redis.run((client) => client.keys('*'));
    expect(keys.filter((key) => !key.startsWith('daftari:'))).toEqual([]);
  });

  it('answers all the while it is killed and comes back, and says each once', async () => {
    const { redis, store, lines } = await connect();
    await store.set('before', 'yes', LONG_MS);
    const asked = Array.from({ length: 200 }, async (_, i) => {
      if (i === 100) await server.kill();
      return timed(() => store.get('before'));
    });
    const answered = await Promise.all(asked);
    expect(answered.filter(({ ms }) => ms > BOUND_MS)).toEqual([]);
    await eventually(async () => !(await redis.isUp()));

    await store.set('alone', 'mine', LONG_MS);
    expect(await store.get('alone')).toBe('mine');
    expect(await store.get('before')).toBeUndefined();
    expect(await renderMetrics()).toContain('dependency_up{dependency="redis"} 0');

    await server.revive();
    await eventually(() => redis.isUp());
    await store.set('after', 'yes', LONG_MS);
    expect(await (await connect()).store.get('after')).toBe('yes');
    expect(lines).toEqual(['Redis is away; going on without it', 'Redis is back']);
    const failures = await metricsRegistry.getSingleMetricAsString('redis_failures_total');
    expect(failures).toMatch(/redis_failures_total [1-9]/);
  });

  it('answers within its bound while it hangs, soon without waiting at all, and heals', async () => {
    const { redis, store } = await connect();
    server.signal('SIGSTOP');
    try {
      const first = await timed(() => store.get('nothing'));
      expect(first).toMatchObject({ value: undefined });
      expect(first.ms).toBeLessThan(BOUND_MS);
      const burst = await Promise.all(
        Array.from({ length: 300 }, () => timed(() => store.get('nothing'))),
      );
      expect(burst.filter(({ ms }) => ms > BOUND_MS)).toEqual([]);
      // Kept away, nobody waits any more: hundreds one after the other within the time of few waits.
      const { ms } = await timed(async () => {
        for (let i = 0; i < 300; i++) await store.get('nothing');
      });
      expect(ms).toBeLessThan((300 * 250) / 4);
      // A connection that stays silent is given up.
      await eventually(() => redis.run((client) => client.ping()).catch(isOffline));
    } finally {
      server.signal('SIGCONT');
    }
    await eventually(() => redis.isUp());
    await store.set('healed', 'yes', LONG_MS);
    expect(await (await connect()).store.get('healed')).toBe('yes');
  });

  it('works without a Redis from the start, and with it when it comes', async () => {
    await server.kill();
    const { redis, store } = open();
    await store.set('early', 'yes', LONG_MS);
    expect([await store.get('early'), await redis.isUp()]).toEqual(['yes', false]);
    await server.revive();
    await eventually(() => redis.isUp());
  });
});
