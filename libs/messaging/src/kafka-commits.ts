import { crashPoint } from '@daftari/kernel';
import type { Consumer } from 'kafkajs';
import type { KafkaPartition } from './kafka-partition.js';
import { Pause } from './pause.js';

const COMMIT_EVERY_MS = 50;
const LOOK_MS = 1_000;

/** Commits how far the owned partitions are: one request at a time for all of them, soon after a message is done. */
export class Commits {
  private readonly pause = new Pause();
  private stopped = false;
  private loop: Promise<void> = Promise.resolve();
  private flushing: Promise<void> | undefined;

  constructor(
    private readonly consumer: Consumer,
    private readonly owned: () => Iterable<KafkaPartition>,
    private readonly onProblem: (error: unknown) => void,
  ) {}

  start(): void {
    this.loop = this.run();
  }

  /** Something is to be committed. */
  wake(): void {
    this.pause.wake();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.pause.wake();
    await this.loop;
  }

  /** Commits what is done. A refusal (the group is being dealt out anew, the coordinator is away) leaves it for the next time. */
  async flush(): Promise<void> {
    await this.flushing;
    this.flushing = this.commit().finally(() => {
      this.flushing = undefined;
    });
    await this.flushing;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      await this.pause.sleep(LOOK_MS);
      if (this.stopped) return;
      await this.flush();
      await new Promise((resolve) => setTimeout(resolve, COMMIT_EVERY_MS));
    }
  }

  private async commit(): Promise<void> {
    const dirty = [...this.owned()].filter((partition) => partition.isDirty);
    if (dirty.length === 0) return;
    const offsets = dirty.map((partition) => ({ partition, done: partition.done ?? 0n }));
    try {
      await this.consumer.commitOffsets(
        offsets.map(({ partition: { topic, partition }, done }) => ({
          topic,
          partition,
          offset: done.toString(),
        })),
      );
      crashPoint('offset-commit-after');
      for (const { partition, done } of offsets) partition.committed = done;
    } catch (error) {
      this.onProblem(error);
    }
  }
}
