import { InvariantViolation } from '@daftari/kernel';
import type { Pool, PoolClient } from 'pg';
import { type Checkpoint, Checkpoints } from './checkpoints.js';
import { asError, isTransient } from './failures.js';
import type { EventStore, GlobalPosition, PrefixFilter, RecordedEvent } from './port.js';
import { backoffMs, Signal } from './signal.js';
import { inTransaction } from './transaction.js';

/** A read model that follows the log. Rows and position commit together, so an event counts once. */
export interface Projection {
  /** Also the checkpoint's key. */
  readonly name: string;
  /** Raised when the rows mean something else: the runner then rebuilds. 1 unless told. */
  readonly version?: number;
  readonly filter?: PrefixFilter;
  readonly handles: readonly string[];
  /** Types that are known and of no interest. Any other type stops the projection. */
  readonly ignores?: readonly string[];
  apply(event: RecordedEvent, tx: PoolClient): Promise<void>;
  /** Empties the rows before a rebuild. */
  reset(tx: PoolClient): Promise<void>;
}

interface ProjectionDeps {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly projection: Projection;
  /** The projection has stopped: an unknown event type, or a handler that failed. */
  readonly onFatal?: (error: Error) => void;
  /** Called after every step: whether it succeeded, or the projection waits for another try. */
  readonly onStep?: (succeeded: boolean) => void;
}

interface Page {
  readonly events: readonly RecordedEvent[];
  /** Everything up to here has been looked at, also what the filter left out. */
  readonly end: GlobalPosition | null;
  readonly unknown?: RecordedEvent;
}

const PAGE = 200;
const IDLE_MS = 500;

/** Runs one projection. Two runners of one projection cannot both advance: the checkpoint moves only from where it was read. */
export class ProjectionRunner {
  private stopped = true;
  private running: Promise<void> = Promise.resolve();
  private readonly signal = new Signal();
  private readonly checkpoints: Checkpoints;

  constructor(private readonly deps: ProjectionDeps) {
    const { store, pool, projection } = deps;
    const { name, version = 1 } = projection;
    this.checkpoints = new Checkpoints(pool, { name, version, backend: store.backend });
  }

  /** Follows the log until `stop` or a failure that does not pass. */
  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.running = this.running.then(() => this.run());
  }

  /** Waits for the page that is being applied. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.signal.wake();
    await this.running;
  }

  /** Everything up to here is in the rows; null before the first event. */
  async position(): Promise<GlobalPosition | null> {
    return (await this.checkpoints.read())?.position ?? null;
  }

  /** Applies everything that is in the log as of now. Errors: those of the handler, InvariantViolation for an unknown type. */
  async catchUp(): Promise<void> {
    const end = await this.head();
    for (;;) {
      const { position } = await this.current();
      if (end === null || (position !== null && position >= end)) return;
      await this.step();
    }
  }

  /** Empties the read model and applies the whole log again. */
  async rebuild(): Promise<void> {
    await this.reset();
    await this.catchUp();
  }

  private async run(): Promise<void> {
    const onEvent = async (): Promise<void> => {
      this.signal.wake();
    };
    const hints = this.deps.store.subscribeToAll({ after: 'end' }, { event: onEvent });
    let failures = 0;
    while (!this.stopped) {
      try {
        const moved = await this.step();
        failures = 0;
        this.deps.onStep?.(true);
        if (!moved && !this.isStopped()) await this.signal.sleep(IDLE_MS);
      } catch (error) {
        this.deps.onStep?.(false);
        if (!isTransient(error)) {
          this.stopped = true;
          this.deps.onFatal?.(asError(error));
        } else await this.signal.sleep(backoffMs(failures++));
      }
    }
    await hints.stop();
  }

  private isStopped(): boolean {
    return this.stopped;
  }

  /** Applies the next page in one transaction; tells whether it moved, or another runner did. */
  private async step(): Promise<boolean> {
    const { pool, projection } = this.deps;
    const { position } = await this.current();
    const page = await this.nextPage(position);
    const { end } = page;
    if (end !== null && end !== position)
      await inTransaction(pool, async (tx) => {
        // The row is locked first: a second runner waits here, finds it moved, and applies nothing.
        if (!(await this.checkpoints.move(tx, position, end))) return;
        for (const event of page.events)
          if (projection.handles.includes(event.type)) await projection.apply(event, tx);
      });
    if (page.unknown)
      throw new InvariantViolation(
        `${projection.name} does not know the event type ${page.unknown.type} at ${page.unknown.position}`,
      );
    return end !== position;
  }

  private async nextPage(position: GlobalPosition | null): Promise<Page> {
    const { store, projection } = this.deps;
    const { filter, handles, ignores = [] } = projection;
    // Read before the page: whatever lies before it and is not in the page did not match the filter.
    const head = await this.head();
    const after = position ?? 'start';
    const events: RecordedEvent[] = [];
    for await (const event of store.readAll({ after, limit: PAGE, ...(filter && { filter }) })) {
      if (!handles.includes(event.type) && !ignores.includes(event.type))
        return { events, end: events.at(-1)?.position ?? position, unknown: event };
      events.push(event);
    }
    const last = events.at(-1)?.position ?? position;
    const isWhole = events.length < PAGE;
    return { events, end: isWhole && head !== null && head > (last ?? '') ? head : last };
  }

  /** Where the projection stands; rows of an older version are thrown away first. */
  private async current(): Promise<Checkpoint> {
    const checkpoint = await this.checkpoints.read();
    if (checkpoint && checkpoint.version === (this.deps.projection.version ?? 1)) return checkpoint;
    if (checkpoint) await this.reset();
    else await inTransaction(this.deps.pool, (tx) => this.checkpoints.create(tx));
    return this.current();
  }

  private async reset(): Promise<void> {
    await inTransaction(this.deps.pool, async (tx) => {
      await this.checkpoints.create(tx);
      await this.checkpoints.clear(tx);
      await this.deps.projection.reset(tx);
    });
  }

  private async head(): Promise<GlobalPosition | null> {
    const last = { after: 'end', direction: 'backwards', limit: 1 } as const;
    for await (const event of this.deps.store.readAll(last)) return event.position;
    return null;
  }
}
