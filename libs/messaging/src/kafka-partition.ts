import { setTimeout as delay } from 'node:timers/promises';
import { type BusMessage, type MessageHandler, StopConsumer } from './port.js';
import { retryDelayMs } from './retry-policy.js';

const BUFFER_MESSAGES = 500;
const BUFFER_BYTES = 512 * 1_024;
const REDELIVERY_BASE_MS = 100;
const REDELIVERY_DOUBLINGS = 6;
const LOOK_AGAIN_MS = 20;

/** What a partition asks of the consumer that owns it. */
export interface PartitionHost {
  readonly handler: MessageHandler;
  /** False while it is not sure that this process still owns its partitions: then nothing new is begun. */
  mayBegin(): boolean;
  /** A message is done, or there is room in the buffer again. */
  moved(partition: KafkaPartition): void;
  /** A handler said that it cannot go on. */
  failed(error: StopConsumer): void;
}

/**
 * One partition while this member owns it: a bounded buffer and one worker that hands messages to the handler in order.
 * The client library never sees a handler: its errors, its time and its waits are not the library's business.
 */
export class KafkaPartition {
  /** What is being handled. */
  busy: Promise<void> | undefined;
  /** The offset that comes after the last message that is done; what is committed. */
  done: bigint | undefined;
  committed: bigint | undefined;
  isPaused = false;
  private readonly buffer: BusMessage[] = [];
  private bytes = 0;
  private next: bigint | undefined;
  private ended = false;
  private readonly abort = new AbortController();

  constructor(
    readonly topic: string,
    readonly partition: number,
    private readonly host: PartitionHost,
    /** The end of an earlier time of the same partition in this process: the same key is never handled twice at once. */
    readonly after: Promise<void> | undefined,
  ) {}

  get name(): string {
    return `${this.topic}:${String(this.partition)}`;
  }
  get hasEnded(): boolean {
    return this.ended;
  }
  get isFull(): boolean {
    return this.buffer.length >= BUFFER_MESSAGES || this.bytes >= BUFFER_BYTES;
  }
  get hasRoom(): boolean {
    return this.buffer.length <= BUFFER_MESSAGES / 2 && this.bytes <= BUFFER_BYTES / 2;
  }
  get isDirty(): boolean {
    return this.done !== undefined && this.done !== this.committed;
  }
  /** The next offset to take in; undefined until it is known where the group is. */
  get position(): bigint | undefined {
    return this.next;
  }
  get oldestUnreadAt(): Date | null {
    return this.buffer[0]?.timestamp ?? null;
  }

  /** From here on it takes messages in. A group that was never here commits where it begins, so that its lag shows. */
  open(start: bigint, committed: bigint | undefined): void {
    this.next = start;
    this.done = start;
    this.committed = committed;
  }

  /** Takes in what follows what it has; everything else is a repeat. */
  take(messages: readonly BusMessage[]): void {
    if (this.ended || this.next === undefined) return;
    for (const message of messages) {
      if (message.offset < this.next) continue;
      this.buffer.push(message);
      this.bytes += message.value?.length ?? 0;
      this.next = message.offset + 1n;
    }
    if (this.buffer.length > 0) this.busy ??= this.work();
  }

  /** Nothing new is begun; what runs may finish, and a wait between two tries is cut short. */
  end(): void {
    this.ended = true;
    this.abort.abort();
  }

  private async work(): Promise<void> {
    await this.after;
    for (let head = this.buffer[0]; head && !this.ended; head = this.buffer[0]) {
      if (!(await this.deliver(head))) break;
      this.buffer.shift();
      this.bytes -= head.value?.length ?? 0;
      this.done = head.offset + 1n;
      this.host.moved(this);
    }
    this.busy = undefined;
  }

  /** True when the message is done; false when the partition has ended before that. */
  private async deliver(message: BusMessage): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      while (!this.ended && !this.host.mayBegin()) await delay(LOOK_AGAIN_MS);
      if (this.ended) return false;
      try {
        await this.host.handler(message, { signal: this.abort.signal });
        return true;
      } catch (error) {
        if (error instanceof StopConsumer) {
          this.host.failed(error);
          return false;
        }
        const wait = retryDelayMs(Math.min(attempt, REDELIVERY_DOUBLINGS), REDELIVERY_BASE_MS);
        await delay(wait, undefined, { signal: this.abort.signal }).catch(() => undefined);
      }
    }
  }
}
