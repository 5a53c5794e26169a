import { Client } from 'pg';
import { backoffMs, Signal } from './signal.js';

/** Keeps one LISTEN connection alive. What it hears is a hint; losing it only means that polling is all there is. */
export class Listener {
  private closed = false;
  private client: Client | undefined;
  private readonly signal = new Signal();
  private readonly done: Promise<void>;

  constructor(
    private readonly connectionString: string,
    private readonly channel: string,
    private readonly onHint: () => void,
  ) {
    this.done = this.run();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.signal.wake();
    await this.client?.end().catch(() => undefined);
    await this.done;
  }

  private async run(): Promise<void> {
    for (let attempt = 0; !this.closed; attempt++) {
      const heard = await this.session();
      if (heard) attempt = 0;
      if (!this.closed) await this.signal.sleep(backoffMs(attempt));
    }
  }

  /** One connection until it is lost; gives whether it ever listened. */
  private async session(): Promise<boolean> {
    const client = new Client({
      connectionString: this.connectionString,
      connectionTimeoutMillis: 3_000,
      keepAlive: true,
    });
    const lost = new Promise<void>((resolve) => {
      client.on('error', () => {
        resolve();
      });
      client.on('end', () => {
        resolve();
      });
    });
    client.on('notification', this.onHint);
    let heard = false;
    try {
      await client.connect();
      await client.query(`listen ${this.channel}`);
      heard = true;
      this.client = client;
      this.onHint(); // Something may have been announced while nobody listened.
      if (!this.closed) await lost;
    } catch {
      heard = false;
    }
    this.client = undefined;
    await client.end().catch(() => undefined);
    return heard;
  }
}
