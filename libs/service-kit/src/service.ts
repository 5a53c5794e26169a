import type { Type } from '@nestjs/common';
import type { Topic } from '@daftari/contracts';
import type { Projection, RecordedEvent } from '@daftari/event-store';
import type { Expiring, IntegrationMessage } from '@daftari/messaging';
import type { HealthCheck } from './health.js';
import type { BaseConfig } from './config/base-config.js';
import type { Pool } from 'pg';
import type { Migration } from './persistence/migrations.js';

/** How many rows of a queue are in a state. */
export interface WorkCount {
  readonly queue: string;
  readonly state: 'waiting' | 'due' | 'running' | 'stopped';
  readonly count: number;
}

/** All that makes one service: the kit boots it from this. */
export interface ServiceDefinition<C extends BaseConfig = BaseConfig> {
  readonly name: string;
  readonly config: new () => C;
  readonly module: Type;
  readonly migrations: readonly Migration[];
  /** TypeORM entities of its read models. */
  readonly entities?: readonly (new () => object)[];
  /** Gives it an event store in its own database. */
  readonly eventSourced?: boolean;
  /** The topics that it writes to. */
  readonly produces: readonly Topic[];
  /** Topics that it reads in any order: what waits for a dependency does not hold up what comes after it. */
  readonly looseOrder?: readonly Topic[];
  /** What of its event log is published, as what. */
  readonly translate?: (event: RecordedEvent) => readonly IntegrationMessage[];
  /** Its own tables whose rows go after a time; handled messages and idempotency keys go by themselves. */
  readonly expiring?: readonly Expiring[];
  /** Background work of its own that waits, is due, or was put aside, by queue and state; read at every scrape. */
  readonly work?: (pool: Pool) => Promise<readonly WorkCount[]>;
  /** Its own dependencies beside the database and the bus, such as providers; none of them is needed to be ready. */
  readonly dependencies?: (config: C) => readonly HealthCheck[];
  readonly projections?: readonly Projection[];
  readonly openapi: { readonly title: string; readonly description: string };
}
