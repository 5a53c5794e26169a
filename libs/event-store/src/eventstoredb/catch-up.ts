import { Unavailable } from '@daftari/kernel';
import { asError } from '../failures.js';
import type { RecordedEvent, Subscription, SubscriptionHandlers } from '../port.js';
import { backoffMs, Signal } from '../signal.js';
import type { ClientEvent, ClientPosition, ClientSubscription } from './client.js';
import { normaliseClientError } from './failures.js';
import { positionFrom } from './mapping.js';

/** Where a subscription reads. `P` is its own kind of place: a revision, or a position of the log. */
export interface Source<P> {
  /** Of a stream; the log has none. */
  readonly stream?: string;
  /** The place to begin after; asked for once, so that no lost connection can move it. */
  start(): Promise<P>;
  open(after: P): ClientSubscription;
  place(event: ClientEvent): P;
  /** The place of a checkpoint, when the source has such. */
  readonly checkpoint?: (position: ClientPosition) => P;
  /** The event, or undefined when it is not wanted. */
  wanted(event: ClientEvent): RecordedEvent | undefined;
}

/** A handler failed: no reconnection helps. */
class HandlerFailed extends Error {}

const nothing = (): void => undefined;

/** Follows the server; reconnects with a growing, jittered pause from where it was. Neither client does that itself. */
export class CatchUp<P> implements Subscription {
  private stopped = false;
  private failures = 0;
  private isLive = false;
  private last: P | undefined;
  private marked = '';
  private current: ClientSubscription | undefined;
  private readonly signal = new Signal();
  private readonly done: Promise<void>;

  constructor(
    private readonly source: Source<P>,
    private readonly handlers: SubscriptionHandlers,
  ) {
    this.done = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.signal.wake();
    this.disconnect();
    await this.done;
  }

  private async run(): Promise<void> {
    await Promise.resolve(); // The caller has its subscription before any handler runs.
    let reason: Error | undefined;
    try {
      await this.follow();
    } catch (error) {
      reason = asError(error);
    }
    this.handlers.dropped?.(reason);
  }

  private async follow(): Promise<void> {
    while (!this.stopped) {
      try {
        this.last ??= await this.source.start();
        await this.drain(this.last);
      } catch (error) {
        this.judge(error);
      }
      this.disconnect();
      if (!this.isStopped()) await this.signal.sleep(backoffMs(this.failures++));
    }
  }

  /** Passes over what may pass; throws what would last for ever. */
  private judge(error: unknown): void {
    if (error instanceof HandlerFailed) throw error.cause;
    if (this.isStopped()) return; // What a stopped subscription still says is of no interest.
    const known = asError(error);
    if ('code' in known && known.code === 'ERR_STREAM_PREMATURE_CLOSE') return;
    const { stream } = this.source;
    const normal = normaliseClientError(known, stream === undefined ? {} : { stream });
    if (!(normal instanceof Unavailable)) throw normal;
  }

  /** One connection, until it is lost. */
  private async drain(after: P): Promise<void> {
    if (this.stopped) return;
    const running = this.source.open(after);
    this.current = running;
    running.on('error', nothing); // Heard by the loop; without a listener a late one would end the process.
    running.on('caughtUp', () => running.push({ mark: 'caught-up' }));
    for await (const item of running) {
      if (this.isStopped()) return;
      this.failures = 0;
      if ('mark' in item) await this.onMark(item.mark);
      else if (item.event) await this.onEvent(item.event);
      // Nothing waits behind it: a good place to remember.
      if ('event' in item && item.event && running.readableLength === 0 && !this.isStopped())
        await this.remember(item.event.position);
    }
  }

  private async onEvent(event: ClientEvent): Promise<void> {
    const wanted = this.source.wanted(event);
    if (wanted) await this.handle(() => this.handlers.event(wanted));
    this.last = this.source.place(event);
  }

  private async onMark(mark: 'caught-up' | ClientPosition): Promise<void> {
    if (mark !== 'caught-up') {
      await this.remember(mark);
      return;
    }
    if (!this.isLive) this.handlers.caughtUp?.();
    this.isLive = true;
  }

  /** Tells a checkpoint, never one twice and never an older one. */
  private async remember(position: ClientPosition | undefined): Promise<void> {
    if (!this.source.checkpoint || !position) return;
    const text = positionFrom(position);
    if (text <= this.marked) return;
    this.marked = text;
    this.last = this.source.checkpoint(position);
    await this.handle(async () => this.handlers.checkpoint?.(text));
  }

  private async handle(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      throw new HandlerFailed('a handler failed', { cause });
    }
  }

  private disconnect(): void {
    const { current } = this;
    this.current = undefined;
    if (!current) return;
    current.unsubscribe().catch(nothing);
    current.destroy();
  }

  private isStopped(): boolean {
    return this.stopped;
  }
}
