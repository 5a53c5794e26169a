import { setTimeout as delay } from 'node:timers/promises';
import { crashPoint } from '@daftari/kernel';
import type { Pool } from 'pg';
import { positionOf } from './encoding.js';
import { AmbiguousAppend, StoreUnavailable, WrongExpectedRevision } from './errors.js';
import { asError, normalise } from './failures.js';
import type { AppendResult, Expected } from './port.js';
import { backoffMs } from './signal.js';

/** What the append function gives. */
export interface Outcome {
  readonly ok: boolean;
  readonly revision?: string;
  readonly pos?: string;
  readonly actual?: string;
}

/** One append, encoded. */
export interface Append {
  readonly stream: string;
  readonly expected: Expected;
  readonly json: string;
}

interface Pending extends Append {
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: Error) => void;
}

const MAX_BATCH = 64;
const MAX_BATCH_CHARS = 4 * 1024 * 1024;
const ATTEMPTS = 4;

/** An outcome as the port's result. Errors: WrongExpectedRevision. */
export const resultOf = ({ stream, expected }: Append, outcome?: Outcome): AppendResult => {
  if (!outcome?.ok) {
    const actual = BigInt(outcome?.actual ?? -1);
    throw new WrongExpectedRevision(stream, expected, actual < 0n ? null : actual);
  }
  return {
    nextExpectedRevision: BigInt(outcome.revision ?? 0),
    position: positionOf(BigInt(outcome.pos ?? 0)),
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
    let chars = 0;
    for (const pending of this.queue.slice(0, MAX_BATCH)) {
      chars += pending.json.length;
      if (count > 0 && chars > MAX_BATCH_CHARS) break;
      count++;
    }
    return this.queue.splice(0, count);
  }

  private async send(batch: readonly Pending[]): Promise<void> {
    try {
      const outcomes = await this.write(batch.map((pending) => pending.json));
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

  /** A failure that may pass is tried again with the same ids and expectations, which the store recognises. */
  private async write(jsons: readonly string[]): Promise<Outcome[]> {
    let ambiguous: Error | undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        crashPoint('append-before');
        const { rows } = await this.pool.query<{ outcome: Outcome }>({
          name: `${this.schema}_append_many`,
          text: `select ${this.schema}.append(x) as outcome from jsonb_array_elements($1::jsonb) with ordinality t(x, o) order by o`,
          values: [`[${jsons.join(',')}]`],
        });
        crashPoint('append-after');
        return rows.map((row) => row.outcome);
      } catch (error) {
        const known = normalise(error, true);
        if (known instanceof AmbiguousAppend) ambiguous = known;
        else if (!(known instanceof StoreUnavailable)) throw known;
        // One lost answer makes the whole ambiguous, also when the last attempt was plainly refused.
        if (attempt >= ATTEMPTS || this.closed) throw ambiguous ?? known;
        await delay(backoffMs(attempt));
      }
    }
  }
}

const settle = (pending: Pending, outcome: Outcome | undefined): void => {
  try {
    pending.resolve(resultOf(pending, outcome));
  } catch (error) {
    pending.reject(asError(error));
  }
};
