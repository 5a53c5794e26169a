import { cacheStoreContract } from './cache-store.contract.js';
import { MemoryCacheStore } from './memory-cache-store.js';

const store = new MemoryCacheStore();
cacheStoreContract('memory', () => store);

describe('a cache in memory', () => {
  it('stays within its bound: what was not used for longest goes', async () => {
    const small = new MemoryCacheStore(2);
    await small.set('a', '1', 60_000);
    await small.set('b', '2', 60_000);
    await small.get('a');
    await small.set('c', '3', 60_000);
    expect([await small.get('a'), await small.get('b'), await small.get('c')]).toEqual([
      '1',
      undefined,
      '3',
    ]);
  });
});
