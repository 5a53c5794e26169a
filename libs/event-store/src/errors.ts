import { ConcurrencyConflict, DaftariError, Unavailable } from '@daftari/kernel';
import type { Expected } from './port.js';

/** The stream is not where the writer believed it to be; nothing was written. `actual` null: no stream. */
export class WrongExpectedRevision extends ConcurrencyConflict {
  constructor(
    readonly stream: string,
    readonly expected: Expected,
    readonly actual: bigint | null,
  ) {
    super(
      `${stream}: expected ${String(expected)}, is ${actual === null ? 'no stream' : String(actual)}`,
    );
  }
}

/** The stream has never been written. */
export class StreamNotFound extends DaftariError {
  constructor(readonly stream: string) {
    super('stream/not-found', `No stream ${stream}`);
  }
}

/** The stream was deleted for ever (KurrentDB tombstone; the PostgreSQL store never does that). */
export class StreamDeleted extends DaftariError {
  constructor(readonly stream: string) {
    super('stream/deleted', `Stream ${stream} is deleted`);
  }
}

/** One append holds more than 1 MiB; nothing was written. */
export class AppendTooLarge extends DaftariError {
  constructor(readonly bytes: number) {
    super('append/too-large', `An append may hold 1 MiB, this one has ${String(bytes)} bytes`);
  }
}

/** The arguments make no sense: an empty append, a reserved name, a negative revision, a foreign position. */
export class InvalidArgument extends DaftariError {
  constructor(message: string) {
    super('event-store/invalid-argument', message);
  }
}

/** The store does not answer; nothing was written. */
export class StoreUnavailable extends Unavailable {}

/** The connection broke while an append was running: retry with the same ids and the same expectation. */
export class AmbiguousAppend extends Unavailable {}
