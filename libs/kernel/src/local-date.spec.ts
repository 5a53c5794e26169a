import fc from 'fast-check';
import { addDays, addMonths, daysBetween, localDate } from './local-date.js';

const DAY_MS = 86_400_000;
/** The platform's own calendar, to hold ours against. */
const reference = (days: number): string => new Date(days * DAY_MS).toISOString().slice(0, 10);
const days = fc.integer({ min: -690_000, max: 2_900_000 }); // Years 80 to 9909.

describe('local dates', () => {
  it('are counted as the platform counts them, forward and back', () => {
    fc.assert(
      fc.property(days, fc.integer({ min: -20_000, max: 20_000 }), (start, move) => {
        const [from, to] = [localDate(reference(start)), localDate(reference(start + move))];
        expect(addDays(from, move)).toBe(to);
        expect(daysBetween(from, to)).toBe(move);
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });

  it('move by months to the same day, or the last of a shorter month', () => {
    fc.assert(
      fc.property(days, fc.integer({ min: -500, max: 500 }), (start, months) => {
        const from = localDate(reference(start));
        const [year = 0, month = 0, day = 0] = from.split('-').map(Number);
        const last = new Date(0);
        last.setUTCFullYear(year, month + months, 0);
        const lastDay = last.getUTCDate();
        last.setUTCDate(Math.min(day, lastDay));
        expect(addMonths(from, months)).toBe(last.toISOString().slice(0, 10));
      }),
      { numRuns: 2_000, seed: 2 },
    );
  });

  it.each([
    '2023-02-29',
    '2100-02-29',
    '2024-13-01',
    '2024-00-10',
    '2024-04-31',
    '2024-01-00',
    '24-1-1',
    '',
  ])('refuse %p, which does not exist', (text) => {
    expect(() => localDate(text, 'dueOn')).toThrow('dueOn must be a date');
  });

  it.each(['2024-02-29', '2000-02-29', '1999-12-31', '0004-02-29'])('take %s', (text) => {
    expect(localDate(text)).toBe(text);
  });
});
