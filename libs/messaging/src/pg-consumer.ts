import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { crashPoint } from '@daftari/kernel';
import type { Pool } from 'pg';
import { OwnedPartition } from './owned-partition.js';
import { Pause } from './pause.js';
import {
  type BusConsumer,
  type BusMessage,
  type ConsumeOptions,
  type Lag,
  StopConsumer,
} from './port.js';

/** A row of bus.message. */
export interface MessageRow {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, string>;
  readonly ts: Date;
}
interface Assignment {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: string;
  readonly committed: string;
}

const PAGE = 100;
const REDELIVERY_MS = 100;
const FETCH = `
  select m.topic, m.partition, m."offset", m.key, m.value, m.headers, m.ts from unnest($1::text[], $2::int[], $3::bigint[]) a(t, p, o)
  cross join lateral (select * from bus.message m where m.topic = a.t and m.partition = a.p and m."offset" >= a.o order by m."offset" limit ${String(PAGE)}) m`;

/** One member of a group: heartbeats, owns a fair share of the partitions, handles each partition in order. */
export class PgConsumer implements BusConsumer {
  private readonly member = randomUUID();
  private readonly owned = new Map<string, OwnedPartition>();
  private readonly pause = new Pause();
  private readonly session: number;
  private stopping = false;
  private failed = false;
  private lastBeat = 0;
  private loop: Promise<void> = Promise.resolve();
  private stopped: Promise<void> | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly options: ConsumeOptions,
    private readonly pollMs: number,
    private readonly bus: {
      readonly lagOf: (group: string) => Promise<Lag[]>;
      readonly onStopped: () => void;
    },
  ) {
    this.session = options.sessionTimeoutMs ?? 10_000;
  }

  async join(): Promise<void> {
    await this.heartbeat();
    this.loop = this.run();
  }

  /** There may be messages, or, when the group is named, another share of partitions. */
  wakeUp(group: string): void {
    if (group === this.options.group) this.lastBeat = 0;
    if (group === '' || group === this.options.group) this.pause.wake();
  }

  stop(): Promise<void> {
    this.stopped ??= this.drain();
    return this.stopped;
  }

  async lag(): Promise<Lag[]> {
    const all = await this.bus.lagOf(this.options.group);
    return all.filter(({ topic, partition }) => this.owned.has(`${topic}:${String(partition)}`));
  }

  private async drain(): Promise<void> {
    this.stopping = true;
    for (const partition of this.owned.values()) partition.end();
    this.pause.wake();
    await this.loop;
    await this.query('select bus.leave($1, $2)', [this.options.group, this.member]).catch(
      () => undefined, // the database is away: the lease runs out by itself
    );
    this.bus.onStopped();
  }

  /** Beats until the last running handler is done, so that nobody takes a partition that is still being handled. */
  private async run(): Promise<void> {
    while (!this.failed && (!this.stopping || this.busy().length > 0)) {
      try {
        if (Date.now() - this.lastBeat >= this.session / 3) await this.heartbeat();
        const idle = [...this.owned.values()].filter((partition) => partition.isIdle);
        const got = idle.length > 0 && !this.stopping ? await this.fetch(idle) : 0;
        if (got === 0) await this.pause.sleep(Math.min(this.pollMs, this.session / 3));
      } catch {
        // The database does not answer: what is owned may be lost; the next heartbeat tells.
        await delay(Math.min(300 + Math.random() * 500, this.session / 3));
      }
    }
    await Promise.all(this.busy());
  }

  private busy(): Promise<void>[] {
    return [...this.owned.values()].flatMap((partition) => partition.busy ?? []);
  }

  private async heartbeat(): Promise<void> {
    const { group, topics } = this.options;
    const beat = Date.now();
    const rows = await this.query<Assignment>(
      'select * from bus.poll_assignment($1, $2, $3, make_interval(secs => $4), $5)',
      [group, this.member, topics, this.session / 1_000, !this.stopping],
    );
    this.lastBeat = beat;
    const mine = new Map(rows.map((row) => [`${row.topic}:${String(row.partition)}`, row]));
    for (const [name, partition] of this.owned)
      if (mine.get(name)?.epoch !== partition.epoch) this.lose(partition);
    if (this.stopping) return;
    for (const [name, row] of mine) {
      if (this.owned.has(name)) continue;
      const { topic, partition, epoch, committed } = row;
      this.owned.set(name, new OwnedPartition(topic, partition, epoch, BigInt(committed)));
    }
    await this.giveUpSurplus();
  }

  private lose(partition: OwnedPartition): void {
    partition.end();
    if (this.owned.get(partition.name) === partition) this.owned.delete(partition.name);
  }

  /** A surplus partition is released when its running message is done; the heartbeat does not wait for it. */
  private async giveUpSurplus(): Promise<void> {
    const { group, topics } = this.options;
    const rows = await this.query<{ fair: number }>('select bus.fair_share($1, $2, $3) as fair', [
      group,
      this.member,
      topics,
    ]);
    const share = rows[0]?.fair ?? this.owned.size;
    for (const partition of [...this.owned.values()].slice(share)) partition.end();
    for (const partition of this.owned.values())
      if (partition.hasEnded && partition.busy === undefined) await this.release(partition);
  }

  private async release(partition: OwnedPartition): Promise<void> {
    const { topic, epoch } = partition;
    await this.query('select bus.release($1, $2, $3, $4, $5)', [
      this.options.group,
      topic,
      partition.partition,
      this.member,
      epoch,
    ]);
    this.lose(partition);
  }

  private async fetch(idle: readonly OwnedPartition[]): Promise<number> {
    const { rows } = await this.pool.query<MessageRow>({
      name: 'bus_fetch',
      text: FETCH,
      values: [
        idle.map((p) => p.topic),
        idle.map((p) => p.partition),
        idle.map((p) => p.next.toString()),
      ],
    });
    for (const partition of idle) {
      const page = rows.filter(
        (row) => row.topic === partition.topic && row.partition === partition.partition,
      );
      if (page.length > 0) partition.busy = this.handle(partition, page.map(toMessage));
    }
    return rows.length;
  }

  /** A failure ends the page; what is left of it comes again. A refused commit means that another member owns the partition. */
  private async handle(partition: OwnedPartition, page: readonly BusMessage[]): Promise<void> {
    try {
      const end = await partition.handle(page, this.options.handler, (next) =>
        this.commit(partition, next),
      );
      if (end === 'fenced') {
        this.lose(partition);
        this.lastBeat = 0;
      }
    } catch (error) {
      if (error instanceof StopConsumer) this.fail(error);
      else if (!partition.hasEnded) await delay(REDELIVERY_MS);
    }
    partition.busy = undefined;
    if (partition.hasEnded) this.lastBeat = 0; // the next beat releases it
    this.pause.wake();
  }

  /** Nothing more is begun and nothing is committed for the message that failed; the process is expected to exit. */
  private fail(error: StopConsumer): void {
    if (this.failed) return;
    this.failed = true;
    for (const partition of this.owned.values()) partition.end();
    this.options.onFatal(error.cause instanceof Error ? error.cause : error);
  }

  private async commit(partition: OwnedPartition, next: bigint): Promise<boolean> {
    const { rows } = await this.pool.query<{ ok: boolean }>({
      name: 'bus_commit',
      text: 'select bus.commit_offset($1, $2, $3, $4, $5, $6) as ok',
      values: [
        this.options.group,
        partition.topic,
        partition.partition,
        this.member,
        partition.epoch,
        next.toString(),
      ],
    });
    crashPoint('offset-commit-after');
    return rows[0]?.ok ?? false;
  }

  private async query<R extends object>(text: string, values: unknown[]): Promise<R[]> {
    const { rows } = await this.pool.query<R>(text, values);
    return rows;
  }
}

/** The message that a row is. */
export const toMessage = (row: MessageRow): BusMessage => ({
  topic: row.topic,
  partition: row.partition,
  offset: BigInt(row.offset),
  key: row.key,
  value: row.value,
  headers: row.headers,
  timestamp: row.ts,
});
