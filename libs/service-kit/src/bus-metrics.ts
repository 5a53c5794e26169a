import type { Lag } from '@daftari/messaging';
import { Gauge } from 'prom-client';
import { metricsRegistry } from './metrics.js';

let latest: () => Promise<readonly Lag[]> = async () => [];
const labelNames = ['group', 'topic', 'partition'];
const labelsOf = ({ group, topic, partition }: Lag) => ({
  group,
  topic,
  partition: String(partition),
});
const unread = async (): Promise<readonly Lag[]> => latest().catch(() => []);

new Gauge({
  name: 'bus_consumer_lag',
  help: 'Messages that this process has not handled yet, in the partitions that it owns',
  labelNames,
  registers: [metricsRegistry],
  async collect() {
    const lags = await unread();
    this.reset();
    for (const lag of lags) this.set(labelsOf(lag), Number(lag.end - lag.committed));
  },
});

new Gauge({
  name: 'bus_oldest_unread_seconds',
  help: 'Age of the oldest message that is not handled yet; 0 when there is none',
  labelNames,
  registers: [metricsRegistry],
  async collect() {
    const lags = await unread();
    this.reset();
    for (const lag of lags) {
      const since = lag.oldestUnreadAt?.getTime() ?? Date.now();
      this.set(labelsOf(lag), Math.max(0, Date.now() - since) / 1_000);
    }
  },
});

/** Says where /metrics reads how far behind this process is; asked at each scrape. */
export const observeLag = (lag: () => Promise<readonly Lag[]>): void => {
  latest = lag;
};
