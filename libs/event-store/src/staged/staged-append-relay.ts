import { Unavailable } from '@daftari/kernel';
import { asError } from '../failures.js';
import { Listener } from '../listener.js';
import { backoffMs, Signal } from '../signal.js';
import { STAGED_CHANNEL } from './staged-appends.js';
import type { StagedEventStore } from './staged-event-store.js';

const POLL_MS = 250;

/** How the relay is run. */
export interface StagedAppendRelayOptions {
  readonly store: StagedEventStore;
  /** A direct connection for LISTEN. */
  readonly listenConnectionString: string;
  /** The log is not what was decided on: nothing helps but an operator. */
  readonly onFatal: (error: Error) => void;
  /** Called for every failed try; the relay goes on trying. */
  readonly onRetry?: (error: Error, attempt: number) => void;
}

/** Writes staged appends to the store as soon as they are committed, also those that a crash left behind. */
export class StagedAppendRelay {
  private stopped = false;
  private running: Promise<void> = Promise.resolve();
  private listener: Listener | undefined;
  private readonly signal = new Signal();

  constructor(private readonly options: StagedAppendRelayOptions) {}

  start(): void {
    const { listenConnectionString } = this.options;
    this.listener = new Listener(listenConnectionString, STAGED_CHANNEL, this.signal.wake);
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.signal.wake();
    await this.listener?.close();
    await this.running;
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.stopped) {
      try {
        const streams = await this.options.store.deliver();
        failures = 0;
        if (streams === 0 && !this.isStopped()) await this.signal.sleep(POLL_MS);
      } catch (error) {
        if (!(error instanceof Unavailable)) {
          this.options.onFatal(asError(error));
          return;
        }
        this.options.onRetry?.(error, ++failures);
        await this.signal.sleep(backoffMs(failures));
      }
    }
  }

  private isStopped(): boolean {
    return this.stopped;
  }
}
