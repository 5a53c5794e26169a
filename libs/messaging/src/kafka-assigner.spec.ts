import fc from 'fast-check';
import { assignSticky, type Member } from './kafka-assigner.js';

const member = (id: string, held: number[] = [], topics = ['t']): Member => ({
  id,
  topics,
  held: { t: held },
});
const topic = (count: number): ReadonlyMap<string, number[]> =>
  new Map([['t', Array.from({ length: count }, (_, i) => i)]]);

describe('assignSticky', () => {
  it('leaves the busy partitions, which a member names first, where they are', () => {
    const assigned = assignSticky(topic(4), [member('a', [3, 0, 1, 2]), member('b')]);
    expect(assigned.get('a')).toEqual({ t: [3, 0] });
    expect(assigned.get('b')).toEqual({ t: [1, 2] });
  });

  it('gives what a member left behind to the others, and moves nothing else', () => {
    const assigned = assignSticky(topic(6), [member('a', [0, 1]), member('b', [2, 3])]);
    expect(assigned.get('a')).toEqual({ t: [0, 1, 4] });
    expect(assigned.get('b')).toEqual({ t: [2, 3, 5] });
  });

  it('gives a topic only to members that read it', () => {
    const partitions = new Map([...topic(2), ['u', [0, 1]] as const]);
    const assigned = assignSticky(partitions, [member('a', [], ['t', 'u']), member('b')]);
    expect(assigned.get('b')).toEqual({ t: [1] });
    expect(assigned.get('a')).toEqual({ t: [0], u: [0, 1] });
  });

  it('spreads topics of one partition over the members', () => {
    const partitions = new Map(['t', 'u', 'v', 'w'].map((name) => [name, [0]]));
    const reads = ['t', 'u', 'v', 'w'];
    const assigned = assignSticky(partitions, [member('a', [], reads), member('b', [], reads)]);
    expect([...assigned.values()].map((own) => Object.keys(own).length)).toEqual([2, 2]);
  });

  it('gives every partition to exactly one member, evenly, whatever is claimed, also twice', () => {
    const claims = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 15 })), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(claims, fc.integer({ min: 1, max: 12 }), (held, count) => {
        const members = held.map((each, i) => member(`m${String(i)}`, each));
        const shares = [...assignSticky(topic(count), members).values()].map(({ t }) => t ?? []);
        expect(shares.flat().sort((a, b) => a - b)).toEqual(topic(count).get('t'));
        const sizes = shares.map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
