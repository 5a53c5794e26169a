import { eventually } from '@daftari/testing';
import type { CacheStore } from './cache-store.js';

const LONG_MS = 60_000;
const SHORT_MS = 50;
let cases = 0;

/** Every CacheStore adapter passes this suite: its own spec calls it with its own factory. */
export const cacheStoreContract = (adapter: string, storeOf: () => CacheStore): void => {
  describe(`CacheStore contract: ${adapter}`, () => {
    const keyOf = (): string => `key-${String(cases++)}`;
    const isGone = (key: string): Promise<unknown> =>
      eventually(async () => (await storeOf().get(key)) === undefined);

    it('has nothing under a key that nobody set', async () => {
      expect(await storeOf().get(keyOf())).toBeUndefined();
    });

    it.each(['alive', '', 'Grüße 🎉', 'x'.repeat(100_000)])(
      'gives a text back as it was: %.10s',
      async (value) => {
        const key = keyOf();
        await storeOf().set(key, value, LONG_MS);
        expect(await storeOf().get(key)).toBe(value);
      },
    );

    it('keeps keys apart', async () => {
      const [one, two] = [keyOf(), keyOf()];
      await storeOf().set(one, '1', LONG_MS);
      await storeOf().set(two, '2', LONG_MS);
      expect([await storeOf().get(one), await storeOf().get(two)]).toEqual(['1', '2']);
    });

    it('sets a value in place of another, and its time with it', async () => {
      const key = keyOf();
      await storeOf().set(key, 'old', LONG_MS);
      await storeOf().set(key, 'new', SHORT_MS);
      expect(['new', undefined]).toContain(await storeOf().get(key));
      await isGone(key);
    });

    it('forgets when the time is over', async () => {
      const key = keyOf();
      await storeOf().set(key, 'short', SHORT_MS);
      await isGone(key);
    });

    it('adds where nothing is, and leaves what is there with its time', async () => {
      const key = keyOf();
      await storeOf().set(key, 'ended', LONG_MS);
      await storeOf().add(key, 'alive', SHORT_MS);
      const other = keyOf();
      await storeOf().add(other, 'short', SHORT_MS);
      await isGone(other);
      expect(await storeOf().get(key)).toBe('ended');
    });

    it('adds again when what was there has gone', async () => {
      const key = keyOf();
      await storeOf().add(key, 'first', SHORT_MS);
      await isGone(key);
      await storeOf().add(key, 'second', LONG_MS);
      expect(await storeOf().get(key)).toBe('second');
    });
  });
};
