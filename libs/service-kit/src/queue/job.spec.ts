import { retryWaitMs } from './job.js';

describe('the wait before another try', () => {
  it('grows fourfold to half an hour', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 30].map((tries) => retryWaitMs(tries, 2_000, () => 0.5));
    expect(waits).toEqual([
      2_000, 8_000, 32_000, 128_000, 512_000, 1_800_000, 1_800_000, 1_800_000,
    ]);
  });

  it('differs by chance, a fifth more or less, so that what failed together does not come back together', () => {
    expect(retryWaitMs(1, 1_000, () => 0)).toBe(800);
    expect(retryWaitMs(1, 1_000, () => 0.999_999)).toBe(1_200);
    expect(retryWaitMs(40, 2_000, () => 1)).toBe(2_160_000);
  });
});
