import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { CONFIG, LOGGER, type Logger } from '@daftari/service-kit';
import type { PaymentsConfig } from '../config.js';
import { PayoutTasks } from '../disbursement/payout.tasks.js';
import { CollectionTasks } from '../payment/collection.tasks.js';
import { type Task, TaskQueue } from './task-queue.js';

const MOST_AT_ONCE = 20;

/** Does what is due, several at a time. */
@Injectable()
export class TaskWorker implements OnApplicationBootstrap, OnApplicationShutdown {
  private stopping = false;
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly queue: TaskQueue,
    private readonly collections: CollectionTasks,
    private readonly payouts: PayoutTasks,
    @Inject(CONFIG) private readonly config: PaymentsConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.loop = this.run();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.loop;
  }

  private async run(): Promise<void> {
    const running = new Set<Promise<void>>();
    while (!this.stopping) {
      const tasks = await this.queue.claim(MOST_AT_ONCE - running.size).catch(() => []);
      for (const task of tasks) {
        const one = this.perform(task).finally(() => running.delete(one));
        running.add(one);
      }
      await Promise.race([
        ...running,
        new Promise((resolve) => setTimeout(resolve, this.config.TASK_POLL_MS)),
      ]);
      if (running.size >= MOST_AT_ONCE) await Promise.race(running);
    }
    await Promise.all(running);
  }

  private async perform(task: Task): Promise<void> {
    try {
      const done = await this.handlerOf(task);
      await (done === 'done' ? this.queue.finish(task) : this.queue.again(task));
    } catch (error) {
      this.logger.warn(
        { err: error, task: task.id, attempt: task.attempt },
        'work waits for another try',
      );
      await this.queue.again(task).catch(() => undefined);
    }
  }

  private handlerOf(task: Task): Promise<'done' | 'again'> {
    switch (task.kind) {
      case 'submit-payment':
        return this.collections.submit(task.aggregateId);
      case 'poll-payment':
        return this.collections.poll(task.aggregateId, task.attempt);
      case 'submit-payout':
        return this.payouts.submit(task.aggregateId);
      case 'poll-payout':
        return this.payouts.poll(task.aggregateId);
    }
  }
}
