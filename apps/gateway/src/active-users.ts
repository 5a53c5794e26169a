import { activeUsers, readAtScrape } from '@daftari/service-kit';

const WINDOW_MS = 300_000;
const MOST = 100_000;

/** Who asked for something in the last five minutes; shown as the metric `active_users`. */
export class ActiveUsers {
  private readonly seen = new Map<string, number>();
  readonly close: () => void;

  constructor(private readonly now: () => number = Date.now) {
    this.close = readAtScrape(() => {
      activeUsers.set(this.count());
    });
  }

  /** A request of this user came; beyond 100,000 users new ones are not counted. */
  saw(userId: string): void {
    if (this.seen.size < MOST || this.seen.has(userId)) this.seen.set(userId, this.now());
  }

  /** How many there are now; forgets the others. */
  count(): number {
    for (const [userId, at] of this.seen)
      if (this.now() - at >= WINDOW_MS) this.seen.delete(userId);
    return this.seen.size;
  }
}
