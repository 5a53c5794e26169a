import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { QUEUES, type QueueName } from './job.js';
import { JobWorker, type JobWorkerOptions } from './job-worker.js';

/** A worker for each queue of this process, from the start of the application until it stops. */
export class JobWorkers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly workers: readonly JobWorker[];

  /** `atOnce`: how many jobs of a queue run at a time; 0 leaves the queue to other processes. */
  constructor(options: JobWorkerOptions, atOnce: Readonly<Record<QueueName, number>>) {
    this.workers = QUEUES.map((queue) => new JobWorker(queue, atOnce[queue], options));
  }

  onApplicationBootstrap(): void {
    for (const worker of this.workers) worker.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
  }
}
