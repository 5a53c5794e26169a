import type { Pool, PoolClient } from 'pg';

/** Hears a channel on a connection of the pool. Only a hint: while the connection is away nothing is heard, and `ensure` gets a new one. */
export class WakeListener {
  private client: PoolClient | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly channel: string,
    private readonly onWake: () => void,
  ) {}

  async ensure(): Promise<void> {
    if (this.client) return;
    const client = await this.pool.connect();
    client.on('error', (error) => {
      this.drop(client, error);
    });
    client.on('notification', this.onWake);
    this.client = client;
    try {
      await client.query(`listen ${this.channel}`);
    } catch (error) {
      this.drop(client, error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  close(): void {
    if (this.client) this.drop(this.client, true);
  }

  private drop(client: PoolClient, reason: Error | boolean): void {
    if (this.client !== client) return;
    this.client = undefined;
    client.release(reason);
  }
}
