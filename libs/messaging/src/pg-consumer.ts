import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { BusConsumer, BusMessage, ConsumeOptions } from './port.js';

interface Owned {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: string;
  next: bigint;
  /** Set while a page of this partition is being handled. */
  busy: Promise<void> | undefined;
  lost: boolean;
  readonly abort: AbortController;
}
interface Row {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, string>;
  readonly ts: Date;
}

const PAGE = 100;
const FETCH = `
  select m.topic, m.partition, m."offset", m.key, m.value, m.headers, m.ts from unnest($1::text[], $2::int[], $3::bigint[]) a(t, p, o)
  cross join lateral (select * from bus.message m where m.topic = a.t and m.partition = a.p and m."offset" >= a.o order by m."offset" limit ${String(PAGE)}) m`;

/** One member of a group: heartbeats, owns a fair share of the partitions, handles each partition in order. */
export class PgConsumer implements BusConsumer {
  private readonly member = randomUUID();
  private readonly owned = new Map<string, Owned>();
  private readonly session: number;
  private stopping = false;
  private failed = false;
  private lastBeat = 0;
  private wake: () => void = () => undefined;
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly pool: Pool,
    private readonly options: ConsumeOptions,
    private readonly pollMs: number,
    private readonly onStopped: () => void,
  ) {
    this.session = options.sessionTimeoutMs ?? 10_000;
  }

  async join(): Promise<void> {
    await this.heartbeat();
    this.loop = this.run();
  }

  wakeUp(): void {
    this.wake();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.wake();
    await this.loop;
    for (const partition of this.owned.values()) partition.abort.abort();
    await Promise.all([...this.owned.values()].map((partition) => partition.busy));
    await this.pool
      .query(
        'with m as (delete from bus.member where grp = $1 and member = $2) update bus.lease set member = null, lease_until = null where grp = $1 and member = $2',
        [this.options.group, this.member],
      )
      .catch(() => undefined);
    this.onStopped();
  }

  private async run(): Promise<void> {
    while (!this.stopping && !this.failed) {
      try {
        if (Date.now() - this.lastBeat > this.session / 3) await this.heartbeat();
        const idle = [...this.owned.values()].filter((partition) => partition.busy === undefined);
        const got = idle.length > 0 ? await this.fetch(idle) : 0;
        if (got === 0) await this.sleep(this.pollMs);
      } catch {
        // The database does not answer: what is owned may be lost; the next heartbeat tells.
        await this.sleep(300 + Math.random() * 500);
      }
    }
  }

  private async heartbeat(): Promise<void> {
    const { group, topics } = this.options;
    const { rows } = await this.pool.query<{
      topic: string;
      partition: number;
      epoch: string;
      committed: string;
    }>('select * from bus.poll_assignment($1, $2, $3, make_interval(secs => $4))', [
      group,
      this.member,
      topics,
      this.session / 1_000,
    ]);
    this.lastBeat = Date.now();
    const seen = new Set<string>();
    for (const row of rows) {
      const name = `${row.topic}:${String(row.partition)}`;
      seen.add(name);
      if (this.owned.get(name)?.epoch === row.epoch) continue;
      this.lose(name);
      this.owned.set(name, {
        topic: row.topic,
        partition: row.partition,
        epoch: row.epoch,
        next: BigInt(row.committed),
        busy: undefined,
        lost: false,
        abort: new AbortController(),
      });
    }
    for (const name of this.owned.keys()) if (!seen.has(name)) this.lose(name);
    await this.giveUpSurplus();
  }

  private lose(name: string): void {
    const partition = this.owned.get(name);
    if (!partition) return;
    partition.lost = true;
    partition.abort.abort();
    this.owned.delete(name);
  }

  private async giveUpSurplus(): Promise<void> {
    const { group, topics } = this.options;
    const { rows } = await this.pool.query<{ fair: number }>(
      'select bus.fair_share($1, $2) as fair',
      [group, topics],
    );
    for (const [name, partition] of [...this.owned].slice(rows[0]?.fair ?? this.owned.size)) {
      this.owned.delete(name);
      await partition.busy;
      await this.pool.query('select bus.release($1, $2, $3, $4, $5)', [
        group,
        partition.topic,
        partition.partition,
        this.member,
        partition.epoch,
      ]);
    }
  }

  private async fetch(idle: readonly Owned[]): Promise<number> {
    const values = [
      idle.map((p) => p.topic),
      idle.map((p) => p.partition),
      idle.map((p) => p.next.toString()),
    ];
    const { rows } = await this.pool.query<Row>({ name: 'bus_fetch', text: FETCH, values });
    const pages = new Map<string, Row[]>();
    for (const row of rows) {
      const name = `${row.topic}:${String(row.partition)}`;
      pages.set(name, [...(pages.get(name) ?? []), row]);
    }
    for (const [name, page] of pages) {
      const partition = this.owned.get(name);
      if (partition) partition.busy = this.handle(partition, page);
    }
    return rows.length;
  }

  /** Handles a page in order and commits after each message; a failure ends the page, and what is left comes again. */
  private async handle(partition: Owned, page: readonly Row[]): Promise<void> {
    try {
      for (const row of page) {
        if (this.stopping || partition.lost) break;
        await this.options.handler(toMessage(row), { signal: partition.abort.signal });
        const next = BigInt(row.offset) + 1n;
        if (!(await this.commit(partition, next))) {
          partition.lost = true;
          break;
        }
        partition.next = next;
      }
    } catch (error) {
      if (!this.stopping && !partition.lost && isFatal(error)) {
        this.failed = true;
        this.options.onFatal(error);
      } else {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    } finally {
      partition.busy = undefined;
      this.wake();
    }
  }

  private async commit(partition: Owned, next: bigint): Promise<boolean> {
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
    return rows[0]?.ok ?? false;
  }

  private sleep(ms: number): Promise<void> {
    if (this.stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** A handler that cannot go on says so by throwing this; anything else is delivered again. */
export class StopConsumer extends Error {}

const isFatal = (error: unknown): error is StopConsumer => error instanceof StopConsumer;

const toMessage = (row: Row): BusMessage => ({
  topic: row.topic,
  partition: row.partition,
  offset: BigInt(row.offset),
  key: row.key,
  value: row.value,
  headers: row.headers,
  timestamp: row.ts,
});
