import type { Lag } from '@daftari/messaging';
import { busLag, busOldestUnread, readAtScrape } from './metrics.js';

/** Shows at each scrape how far behind this process is in the partitions that it owns. Gives the function that ends it. */
export const observeLag = (read: () => Promise<readonly Lag[]>): (() => void) =>
  readAtScrape(async () => {
    const lags = await read();
    busLag.reset();
    busOldestUnread.reset();
    for (const { group, topic, partition, end, committed, oldestUnreadAt } of lags) {
      const labels = { group, topic, partition: String(partition) };
      const since = oldestUnreadAt?.getTime() ?? Date.now();
      busLag.set(labels, Number(end - committed));
      busOldestUnread.set(labels, Math.max(0, Date.now() - since) / 1_000);
    }
  });
