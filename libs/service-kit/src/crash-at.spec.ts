import { CRASH_POINTS, crashPoint, onCrashPoint } from '@daftari/kernel';
import { armCrashPoint, CRASH_AT_FORM } from './crash-at.js';

const passings = (CRASH_AT: string): number[] => {
  const ends: number[] = [];
  let passing = 0;
  armCrashPoint({ CRASH_AT, NODE_ENV: 'test' }, () => {
    ends.push(passing);
  });
  for (passing = 1; passing <= 5; passing++) {
    crashPoint('append-before');
    crashPoint('append-after');
  }
  return ends;
};

afterEach(() => {
  onCrashPoint(undefined);
});

it('ends the process at the passing that was asked for, once', () => {
  expect(passings('append-after:3')).toEqual([3]);
  expect(passings('append-before')).toEqual([1]);
});

it('does nothing at another place, and nothing at all when nothing is asked for', () => {
  expect(passings('commit-after')).toEqual([]);
  onCrashPoint(undefined);
  expect(passings('')).toEqual([]);
});

it('is refused in production', () => {
  const arm = () => {
    armCrashPoint({ CRASH_AT: 'append-after', NODE_ENV: 'production' });
  };
  expect(arm).toThrow('never crashes on purpose');
});

it('knows every place, and nothing else', () => {
  for (const point of CRASH_POINTS) expect(`${point}:12`).toMatch(CRASH_AT_FORM);
  for (const wrong of ['append', 'append-after:0', 'append-after:', 'x', 'append-after;1'])
    expect(wrong).not.toMatch(CRASH_AT_FORM);
});
