import { WrongExpectedRevision } from '../errors.js';
import type { Expected, NewEvent } from '../port.js';
import { event, events, revisions, streamId, type Subject } from './support.js';

type Step = readonly [expected: Expected, ids: string, result: bigint | 'wrong'];

/** Histories as KurrentDB's own tests write them: which ids are appended where, and what each append gives. */
const FIRST: Step = ['no_stream', '0', 0n];
const LINE: readonly Step[] = [
  FIRST,
  [0n, '1', 1n],
  [1n, '2', 2n],
  [2n, '3', 3n],
  [3n, '4', 4n],
  [4n, '5', 5n],
];
const SEQUENCES: readonly (readonly [string, readonly Step[], number])[] = [
  ['0em1 1e0 2e1 3e2 4e3 5e4, then 0em1 is a repeat', [...LINE, ['no_stream', '0', 0n]], 6],
  ['…then 0any is a repeat', [...LINE, ['any', '0', 0n]], 6],
  ['…then 0e5 is written again', [...LINE, [5n, '0', 6n]], 7],
  ['…then 0e6 is refused', [...LINE, [6n, '0', 'wrong']], 6],
  ['…then 0e4 is refused', [...LINE, [4n, '0', 'wrong']], 6],
  ['0em1 0e0 is written twice', [FIRST, [0n, '0', 1n]], 2],
  ['0em1 0any is a repeat', [FIRST, ['any', '0', 0n]], 1],
  ['0em1 0em1 is a repeat', [FIRST, ['no_stream', '0', 0n]], 1],
  [
    '0em1 1e0 2e1 1any 1any are repeats',
    [...LINE.slice(0, 3), ['any', '1', 1n], ['any', '1', 1n]],
    3,
  ],
  [
    'bucket 01 em1, 0 em1 is a repeat',
    [
      ['no_stream', '01', 1n],
      ['no_stream', '0', 0n],
    ],
    2,
  ],
  [
    'bucket 01 em1, 0 any is a repeat',
    [
      ['no_stream', '01', 1n],
      ['any', '0', 0n],
    ],
    2,
  ],
  [
    'bucket 01 em1, 1 e0 is a repeat',
    [
      ['no_stream', '01', 1n],
      [0n, '1', 1n],
    ],
    2,
  ],
  [
    'bucket 01 em1, 1 any is a repeat',
    [
      ['no_stream', '01', 1n],
      ['any', '1', 1n],
    ],
    2,
  ],
  [
    'bucket 01 em1, 012 em1 is refused',
    [
      ['no_stream', '01', 1n],
      ['no_stream', '012', 'wrong'],
    ],
    2,
  ],
  [
    'bucket 01 em1, 012 any is refused',
    [
      ['no_stream', '01', 1n],
      ['any', '012', 'wrong'],
    ],
    2,
  ],
  [
    '0123 any, twice, is a repeat',
    [
      ['any', '0123', 3n],
      ['any', '0123', 3n],
    ],
    4,
  ],
  ['one id six times is written six times', [['any', '000000', 5n]], 6],
  [
    '…and again under any gives its first revision',
    [
      ['any', '000000', 5n],
      ['any', '000000', 0n],
    ],
    6,
  ],
  [
    '…and again under no_stream gives the last',
    [
      ['no_stream', '000000', 5n],
      ['no_stream', '000000', 5n],
    ],
    6,
  ],
  [
    'the same first id, another second: refused',
    [
      ['no_stream', '01', 1n],
      ['no_stream', '02', 'wrong'],
    ],
    2,
  ],
  [
    'another first id, the same expectation: refused',
    [
      ['no_stream', '01', 1n],
      ['no_stream', '21', 'wrong'],
    ],
    2,
  ],
  [
    'any with a new first id and an old second one is written',
    [
      ['no_stream', '0', 0n],
      ['any', '10', 2n],
    ],
    3,
  ],
  [
    'stream_exists with known ids is a repeat',
    [
      ['no_stream', '01', 1n],
      ['stream_exists', '01', 1n],
    ],
    2,
  ],
];

/** A retry with the same ids and the same expectation is recognised (KurrentDB's `IndexWriter.CheckCommit`). */
export const idempotencyCases = (subject: Subject): void => {
  describe('idempotency', () => {
    it.each(SEQUENCES)('%s', async (_, steps, stored) => {
      const stream = streamId();
      const known = new Map<string, NewEvent>();
      const eventOf = (key: string): NewEvent => {
        const found = known.get(key) ?? event();
        known.set(key, found);
        return found;
      };
      for (const [expected, ids, result] of steps) {
        const work = subject.store.append(stream, [...ids].map(eventOf), { expected });
        if (result === 'wrong') await expect(work).rejects.toBeInstanceOf(WrongExpectedRevision);
        else expect((await work).nextExpectedRevision).toBe(result);
      }
      expect(await revisions(subject.store, stream)).toHaveLength(stored);
    });

    it('a repeat gives the original revision and position', async () => {
      const stream = streamId();
      const list = events(2);
      const first = await subject.store.append(stream, list, { expected: 'no_stream' });
      await subject.store.append(streamId(), events(1), { expected: 'no_stream' });
      await subject.store.append(stream, events(1), { expected: 1n });
      const again = await subject.store.append(stream, list, { expected: 'no_stream' });
      expect(again.nextExpectedRevision).toBe(first.nextExpectedRevision);
      expect(again.position ?? first.position).toBe(first.position);
    });

    it('an id that another stream has does not matter', async () => {
      const list = events(1);
      await subject.store.append(streamId(), list, { expected: 'no_stream' });
      const stream = streamId();
      const result = await subject.store.append(stream, list, { expected: 'any' });
      expect(result.nextExpectedRevision).toBe(0n);
      expect(await revisions(subject.store, stream)).toEqual([0n]);
    });
  });
};
