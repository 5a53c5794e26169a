import type { GlobalPosition, RecordedEvent, Subscription, SubscriptionHandlers } from './port.js';

/** Where a subscription reads: its start, and what follows a place. */
export interface Feed {
  start(): Promise<bigint>;
  next(
    last: bigint,
  ): Promise<{
    events: RecordedEvent[];
    end: bigint;
    checkpoint?: (end: bigint) => GlobalPosition;
  }>;
}

/** Reads page after page, one event at a time; sleeps until woken or the poll interval is over; survives a lost connection. */
export class PollingSubscription implements Subscription {
  private stopped = false;
  private wake: () => void = () => undefined;
  private readonly done: Promise<void>;

  constructor(
    private readonly feed: Feed,
    private readonly handlers: SubscriptionHandlers,
    private readonly wakers: Set<() => void>,
    private readonly pollMs: number,
    private readonly onDone: () => void,
  ) {
    this.done = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.done;
  }

  private async run(): Promise<void> {
    const wake = (): void => {
      this.wake();
    };
    this.wakers.add(wake);
    let reason: Error | undefined;
    try {
      await this.follow();
    } catch (error) {
      reason = error instanceof Error ? error : new Error(String(error));
    }
    this.wakers.delete(wake);
    this.onDone();
    this.handlers.dropped?.(reason);
  }

  private async follow(): Promise<void> {
    let last: bigint | undefined;
    let live = false;
    while (!this.stopped) {
      const page = await this.read(last);
      if (!page) {
        await this.sleep(500 + Math.random() * 500);
        continue;
      }
      for (const event of page.events) {
        if (this.isStopped()) return;
        await this.handlers.event(event);
      }
      if (page.checkpoint && page.end !== last && page.from !== page.end)
        await this.handlers.checkpoint?.(page.checkpoint(page.end));
      const moved = page.end !== page.from;
      last = page.end;
      if (moved) continue;
      if (!live) {
        live = true;
        this.handlers.caughtUp?.();
      }
      await this.sleep(this.pollMs);
    }
  }

  private isStopped(): boolean {
    return this.stopped;
  }

  /** The next page; undefined when the store does not answer now. */
  private async read(
    last: bigint | undefined,
  ): Promise<(Awaited<ReturnType<Feed['next']>> & { from: bigint }) | undefined> {
    try {
      const from = last ?? (await this.feed.start());
      return { ...(await this.feed.next(from)), from };
    } catch {
      return undefined;
    }
  }

  private sleep(ms: number): Promise<void> {
    if (this.stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
