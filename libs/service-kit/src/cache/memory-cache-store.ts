import { LRUCache } from 'lru-cache';
import type { CacheStore } from './cache-store.js';

const MOST = 50_000;

/** A cache of this process; of more than 50,000 entries the one that was not used for longest goes. */
export class MemoryCacheStore implements CacheStore {
  private readonly entries: LRUCache<string, string>;

  constructor(most = MOST) {
    this.entries = new LRUCache({ max: most });
  }

  async get(key: string): Promise<string | undefined> {
    return this.entries.get(key);
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    this.entries.set(key, value, { ttl: ttlMs });
  }

  async add(key: string, value: string, ttlMs: number): Promise<void> {
    if (!this.entries.has(key)) await this.set(key, value, ttlMs);
  }
}
