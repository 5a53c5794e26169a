import {
  AmbiguousAppend,
  AppendTooLarge,
  InvalidArgument,
  StoreUnavailable,
  StreamDeleted,
  StreamNotFound,
  WrongExpectedRevision,
} from '../errors.js';
import { normaliseClientError } from './failures.js';

const failed = (fields: object): Error => Object.assign(new Error('as the client says it'), fields);
const append = { expected: 3n, bytes: 10 } as const;

describe('a failure of the client', () => {
  it.each([
    [{ type: 'stream-not-found' }, StreamNotFound],
    [{ type: 'no-stream' }, StreamNotFound],
    [{ type: 'stream-deleted' }, StreamDeleted],
    [{ type: 'maximum-append-size-exceeded' }, AppendTooLarge],
    [{ type: 'invalid-argument' }, InvalidArgument],
    [{ type: 'unknown', code: 3 }, InvalidArgument],
    [{ type: 'not-leader' }, StoreUnavailable],
    [{ type: 'unavailable', code: 14 }, AmbiguousAppend],
    [{ type: 'cancelled', code: 1 }, AmbiguousAppend],
    [{ type: 'timeout', code: 10 }, AmbiguousAppend],
    [{ type: 'deadline-exceeded', code: 4 }, AmbiguousAppend],
    [{ type: 'unknown', code: 13 }, AmbiguousAppend],
    [{ code: 14 }, StoreUnavailable],
    [{ code: 4 }, StoreUnavailable],
  ])('%j of an append', (fields, kind) => {
    const error = normaliseClientError(failed(fields), { stream: 's', append });
    expect(error).toBeInstanceOf(kind);
  });

  it.each(['unavailable', 'cancelled', 'timeout', 'deadline-exceeded', 'unknown', 'not-leader'])(
    '%s of a read is StoreUnavailable: a read has no outcome to be unsure of',
    (type) => {
      const error = normaliseClientError(failed({ type }), { stream: 's' });
      expect(error).toBeInstanceOf(StoreUnavailable);
    },
  );

  it.each([
    [{ actualVersion: 7n }, 7n],
    [{ actualState: 7n }, 7n],
    [{ actualVersion: 'no_stream' }, null],
    [{ actualState: 'no_stream' }, null],
  ])('a conflict tells both revisions, in the words of either client: %p', (fields, actual) => {
    const conflict = failed({ type: 'wrong-expected-version', ...fields });
    const error = normaliseClientError(conflict, { stream: 's', append });
    expect(error).toBeInstanceOf(WrongExpectedRevision);
    expect(error).toMatchObject({ stream: 's', expected: 3n, actual });
  });

  it.each([[{ type: 'access-denied', code: 7 }], [{}], [{ code: 'ERR_OTHER' }]])(
    '%j is nothing that passes, and stays as it is',
    (fields) => {
      const error = failed(fields);
      expect(normaliseClientError(error, { stream: 's', append })).toBe(error);
    },
  );
});
