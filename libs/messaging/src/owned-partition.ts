import type { BusMessage, MessageHandler } from './port.js';

/** One partition while this member owns it. The epoch of the lease fences whatever came before and after. */
export class OwnedPartition {
  /** The page that is being handled. */
  busy: Promise<void> | undefined;
  private ended = false;
  private readonly abort = new AbortController();

  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly epoch: string,
    public next: bigint,
  ) {}

  get name(): string {
    return `${this.topic}:${String(this.partition)}`;
  }

  /** Nothing new is begun; what runs may finish, and a wait between two tries is cut short. */
  end(): void {
    this.ended = true;
    this.abort.abort();
  }

  get isIdle(): boolean {
    return this.busy === undefined && !this.ended;
  }

  get hasEnded(): boolean {
    return this.ended;
  }

  /** Handles messages in order, committing after each one; stops early when the partition is given up. */
  async handle(
    page: readonly BusMessage[],
    handler: MessageHandler,
    commit: (next: bigint) => Promise<boolean>,
  ): Promise<'done' | 'fenced'> {
    for (const message of page) {
      if (this.ended) break;
      await handler(message, { signal: this.abort.signal });
      const next = message.offset + 1n;
      if (!(await commit(next))) return 'fenced';
      this.next = next;
    }
    return 'done';
  }
}
