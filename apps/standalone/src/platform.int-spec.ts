import { tmpdir } from 'node:os';
import { assertRoom } from './platform.js';

describe('room on the disk', () => {
  it('is asked for before anything starts, in one line', () => {
    expect(() => {
      assertRoom(tmpdir(), Number.MAX_SAFE_INTEGER);
    }).toThrow(/^The disk of \S+ is full: at least \d+ MB must be free\.$/);
    expect(() => {
      assertRoom(tmpdir(), 1);
    }).not.toThrow();
  });
});
