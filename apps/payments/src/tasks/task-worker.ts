import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { isTransient } from '@daftari/messaging';
import { CONFIG, Database, LOGGER, type Logger } from '@daftari/service-kit';
import type { PaymentsConfig } from '../config.js';
import { PayoutTasks } from '../disbursement/payout.tasks.js';
import { CollectionTasks } from '../payment/collection.tasks.js';
import { ReviewDesk } from '../review/review-desk.js';
import { Streams } from '../streams.js';
import { type Task, TaskQueue } from './task-queue.js';

const MOST_AT_ONCE = 20;

/** Does what is due, several at a time. */
@Injectable()
export class TaskWorker implements OnApplicationBootstrap, OnApplicationShutdown {
  private stopping = false;
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly db: Database,
    private readonly queue: TaskQueue,
    private readonly streams: Streams,
    private readonly desk: ReviewDesk,
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
      if (done === 'done') await this.queue.finish(task);
      else if (task.kind === 'submit-payout' && this.isTriedOut(task))
        await this.stop(task, 'the provider could not be reached, or refuses us');
      else await this.queue.again(task);
    } catch (error) {
      this.logger.warn(
        { err: error, task: task.id, attempt: task.attempt },
        'work waits for another try',
      );
      await this.afterError(task, error).catch(() => undefined);
    }
  }

  /** What will not mend itself is put aside for people after so many tries; a database that is down always mends. */
  private async afterError(task: Task, error: unknown): Promise<void> {
    if (isTransient(error) || !this.isTriedOut(task)) return this.queue.again(task);
    await this.stop(task, error instanceof Error ? error.message : String(error));
  }

  private isTriedOut(task: Task): boolean {
    return task.attempt >= this.config.TASK_ATTEMPTS_MAX;
  }

  private async stop(task: Task, problem: string): Promise<void> {
    const { aggregateId: id, kind } = task;
    const type = kind.endsWith('payout') ? 'disbursement' : 'payment';
    const { meta, state } =
      type === 'payment' ? await this.streams.payment(id) : await this.streams.disbursement(id);
    await this.db.transaction(async (tx) => {
      if (!(await this.queue.stop(tx, task, problem))) return;
      await this.desk.open(
        tx,
        meta?.tenantId ?? this.config.DARAJA_TENANT_ID,
        { type, id },
        {
          kind: 'stopped-work',
          reason: problem,
          amount: state.order?.amount ?? null,
          details: { work: kind, attempts: task.attempt },
        },
      );
    });
    this.logger.error({ task: task.id, attempt: task.attempt, problem }, 'work was put aside');
  }

  private handlerOf(task: Task): Promise<'done' | 'again'> {
    switch (task.kind) {
      case 'submit-payment':
        return this.collections.submit(task.aggregateId);
      case 'poll-payment':
        return this.collections.poll(task.aggregateId, task.attempt);
      case 'allocate-payment':
        return this.collections.allocate(task.aggregateId);
      case 'submit-payout':
        return this.payouts.submit(task.aggregateId);
      case 'poll-payout':
        return this.payouts.poll(task.aggregateId);
    }
  }
}
