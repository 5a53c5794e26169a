import { Unavailable } from '@daftari/kernel';
import { asError } from './failures.js';
import type { GlobalPosition, RecordedEvent, Subscription, SubscriptionHandlers } from './port.js';
import { backoffMs, Signal } from './signal.js';

/** Events after a place, and the place that they lead to. */
export interface Page {
  readonly events: readonly RecordedEvent[];
  readonly end: bigint;
}

/** Where a subscription reads: its start, and what follows a place. */
export interface Feed {
  start(): Promise<bigint>;
  next(last: bigint): Promise<Page>;
  /** The checkpoint that stands for a place, when the log has such. */
  readonly checkpoint?: (end: bigint) => GlobalPosition;
}

/** What a subscription shares with its store. */
export interface SubscriptionContext {
  readonly wakers: Set<() => void>;
  readonly pollMs: number;
}

/** Reads page after page, one event at a time; sleeps until woken or the poll interval is over; survives a lost connection. */
export class PollingSubscription implements Subscription {
  private stopped = false;
  private readonly signal = new Signal();
  private readonly done: Promise<void>;

  constructor(
    private readonly feed: Feed,
    private readonly handlers: SubscriptionHandlers,
    private readonly context: SubscriptionContext,
  ) {
    this.done = this.run();
  }

  /** Resolves when the subscription is over, for whatever reason. */
  get ended(): Promise<void> {
    return this.done;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.signal.wake();
    await this.done;
  }

  private async run(): Promise<void> {
    await Promise.resolve(); // The caller has its subscription before any handler runs.
    this.context.wakers.add(this.signal.wake);
    let reason: Error | undefined;
    try {
      await this.follow();
    } catch (error) {
      reason = asError(error);
    }
    this.context.wakers.delete(this.signal.wake);
    this.handlers.dropped?.(reason);
  }

  private async follow(): Promise<void> {
    let last: bigint | undefined;
    let live = false;
    let failures = 0;
    while (!this.stopped) {
      const page = await this.read(last);
      if (!page) {
        await this.signal.sleep(backoffMs(failures++));
        continue;
      }
      failures = 0;
      const moved = page.end !== page.from;
      await this.handle(page, moved);
      last = page.end;
      if (moved) continue;
      if (!live && !this.isStopped()) this.handlers.caughtUp?.();
      live = true;
      if (!this.isStopped()) await this.signal.sleep(this.context.pollMs);
    }
  }

  /** The next page; undefined when the store does not answer now. Any other failure would last for ever. */
  private async read(last: bigint | undefined): Promise<(Page & { from: bigint }) | undefined> {
    try {
      const from = last ?? (await this.feed.start());
      return { ...(await this.feed.next(from)), from };
    } catch (error) {
      if (error instanceof Unavailable) return undefined;
      throw error;
    }
  }

  private async handle(page: Page, moved: boolean): Promise<void> {
    for (const event of page.events) {
      if (this.isStopped()) return;
      await this.handlers.event(event);
    }
    if (moved && this.feed.checkpoint && !this.isStopped())
      await this.handlers.checkpoint?.(this.feed.checkpoint(page.end));
  }

  private isStopped(): boolean {
    return this.stopped;
  }
}
