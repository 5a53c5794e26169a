import { Unavailable } from '@daftari/kernel';
import {
  AmbiguousAppend,
  AppendTooLarge,
  InvalidArgument,
  StoreUnavailable,
  StreamDeleted,
  StreamNotFound,
  WrongExpectedRevision,
} from '../errors.js';
import { asError } from '../failures.js';
import type { Expected } from '../port.js';

/** What was being done when it failed. */
export interface About {
  readonly stream?: string;
  /** Of an append: what it expected, and how large it was. */
  readonly append?: { readonly expected: Expected; readonly bytes: number };
}

/** The fields that the errors of both clients carry. */
interface ClientError extends Error {
  readonly type?: string;
  readonly code?: number | string;
  readonly actualVersion?: bigint | string;
  readonly actualState?: bigint | string;
}

/** The server has not taken the call: nothing was written. */
const REFUSED = new Set(['not-leader']);
/** The call broke or timed out. Of an append nobody knows whether it was written. */
const BROKEN = new Set(['unavailable', 'cancelled', 'timeout', 'deadline-exceeded', 'unknown']);
/** gRPC: cancelled, unknown, deadline exceeded, resource exhausted, aborted, internal, unavailable. */
const BROKEN_CODES = new Set([1, 2, 4, 8, 10, 13, 14]);
const GRPC_INVALID_ARGUMENT = 3;

const refusedBecause = (error: ClientError, { stream = '$all', append }: About): Error | null => {
  switch (error.type) {
    case 'wrong-expected-version': {
      const actual = error.actualVersion ?? error.actualState;
      const revision = typeof actual === 'bigint' && actual >= 0n ? actual : null;
      return new WrongExpectedRevision(stream, append?.expected ?? 'any', revision);
    }
    case 'stream-not-found':
    case 'no-stream':
      return new StreamNotFound(stream);
    case 'stream-deleted':
      return new StreamDeleted(stream);
    case 'maximum-append-size-exceeded':
      return new AppendTooLarge(append?.bytes ?? 0);
    case 'invalid-argument':
      return new InvalidArgument(error.message);
    default:
      return error.code === GRPC_INVALID_ARGUMENT ? new InvalidArgument(error.message) : null;
  }
};

/** Turns a client's failure into the port's errors; what is none of them (a refused password) stays as it is. */
export const normaliseClientError = (thrown: unknown, about: About = {}): Error => {
  const cause = asError(thrown) as ClientError;
  if (cause instanceof Unavailable) return cause;
  const refusal = refusedBecause(cause, about);
  if (refusal) return refusal;
  const broken =
    cause.type === undefined
      ? typeof cause.code === 'number' && BROKEN_CODES.has(cause.code)
      : BROKEN.has(cause.type);
  if (!broken && !REFUSED.has(cause.type ?? '')) return cause;
  // An error without a type comes from the question what the server can do, which goes before the first append.
  const written = about.append !== undefined && broken && cause.type !== undefined;
  const text = `${cause.name} ${String(cause.code ?? '')} ${cause.message}`;
  return written
    ? new AmbiguousAppend(`The answer to an append was lost: ${text}`, 200, { cause })
    : new StoreUnavailable(`The event store does not answer: ${text}`, 500, { cause });
};
