import { crashPoint } from '@daftari/kernel';
import type { Pool } from 'pg';
import { type CheckedAppend, positionOf } from './encoding.js';
import { AmbiguousAppend, StoreUnavailable, WrongExpectedRevision } from './errors.js';
import { asError, normalise } from './failures.js';
import type { AppendResult, Expected } from './port.js';
import { retryAppend } from './retry-append.js';

/** What the append function gives. */
export interface Outcome {
  readonly ok: boolean;
  readonly revision: string | null;
  readonly pos: string | null;
  readonly actual: string | null;
}

/** One append, checked. */
export interface Append extends CheckedAppend {
  /** The expectation as the caller says it. */
  readonly asked: Expected;
}

interface Pending extends Append {
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: Error) => void;
}

const MAX_BATCH = 64;
const MAX_BATCH_BYTES = 4 * 1024 * 1024;

/** An outcome as the port's result. Errors: WrongExpectedRevision. */
export const resultOf = ({ stream, asked }: Append, outcome?: Outcome): AppendResult => {
  if (!outcome?.ok) {
    const actual = BigInt(outcome?.actual ?? -1);
    throw new WrongExpectedRevision(stream, asked, actual < 0n ? null : actual);
  }
  return {
    nextExpectedRevision: BigInt(outcome.revision ?? 0),
    position: positionOf(BigInt(outcome.pos ?? 0)),
  };
};

/** The call of the append function for a batch. */
export const appendQuery = (schema: string, batch: readonly Append[]) => {
  const events = batch.flatMap((append) => append.events);
  return {
    name: `${schema}_append_batch`,
    text: `select ok, revision, pos, actual from ${schema}.append_batch($1, $2, $3, $4, $5, $6, $7)`,
    values: [
      batch.map(({ stream }) => stream),
      batch.map(({ expected }) => expected.toString()),
      batch.map((append) => append.events.length),
      events.map(({ id }) => id),
      events.map(({ type }) => type),
      events.map(({ data }) => data),
      events.map(({ meta }) => meta),
    ],
  };
};

/** Sends what has arrived as one statement and one commit: the lock and the disk flush are paid once for up to 64 appends. */
export class AppendQueue {
  private readonly queue: Pending[] = [];
  private flushing: Promise<void> | undefined;
  private closed = false;

  constructor(
    private readonly pool: Pool,
    private readonly schema: string,
    private readonly onWritten: () => void,
  ) {}

  add(append: Append): Promise<AppendResult> {
    if (this.closed) return Promise.reject(new StoreUnavailable('The event store is closed'));
    return new Promise((resolve, reject) => {
      this.queue.push({ ...append, resolve, reject });
      this.flushing ??= this.flush();
    });
  }

  /** Refuses further appends and waits for those that were accepted. */
  async close(): Promise<void> {
    this.closed = true;
    await this.flushing;
  }

  private async flush(): Promise<void> {
    await Promise.resolve(); // Whatever is appended in the same turn shares the first batch.
    while (this.queue.length > 0) await this.send(this.takeBatch());
    this.flushing = undefined;
  }

  private takeBatch(): Pending[] {
    let count = 0;
    let size = 0;
    for (const pending of this.queue.slice(0, MAX_BATCH)) {
      size += pending.bytes;
      if (count > 0 && size > MAX_BATCH_BYTES) break;
      count++;
    }
    return this.queue.splice(0, count);
  }

  private async send(batch: readonly Pending[]): Promise<void> {
    try {
      const outcomes = await this.write(batch);
      batch.forEach((pending, index) => {
        settle(pending, outcomes[index]);
      });
      this.onWritten();
    } catch (error) {
      const known = asError(error);
      const shared = known instanceof AmbiguousAppend || known instanceof StoreUnavailable;
      // A statement that fails for another reason fails for one append: the others must not share it.
      if (!shared && batch.length > 1) for (const pending of batch) await this.send([pending]);
      else for (const pending of batch) pending.reject(known);
    }
  }

  private write(batch: readonly Append[]): Promise<Outcome[]> {
    const query = appendQuery(this.schema, batch);
    const send = async (): Promise<Outcome[]> => {
      try {
        crashPoint('append-before');
        const { rows } = await this.pool.query<Outcome>(query);
        crashPoint('append-after');
        return rows;
      } catch (error) {
        throw normalise(error, true);
      }
    };
    return retryAppend(send, () => this.closed);
  }
}

const settle = (pending: Pending, outcome: Outcome | undefined): void => {
  try {
    pending.resolve(resultOf(pending, outcome));
  } catch (error) {
    pending.reject(asError(error));
  }
};
