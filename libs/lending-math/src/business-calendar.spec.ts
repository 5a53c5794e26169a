import { addDays, localDate } from '@daftari/kernel';
import fc from 'fast-check';
import {
  isBusinessDay,
  ROLL_CONVENTIONS,
  rollDate,
  WEEKDAYS,
  weekdayOf,
  type BusinessCalendar,
} from './business-calendar.js';

const calendar: BusinessCalendar = {
  weekend: ['saturday', 'sunday'],
  holidays: [localDate('2026-04-03'), localDate('2026-04-06')], // Good Friday and Easter Monday.
  yearly: ['12-25', '12-26', '01-01'],
};

describe('a business calendar', () => {
  it.each([
    ['2026-01-01', 'thursday'],
    ['2000-02-29', 'tuesday'],
    ['1970-01-01', 'thursday'],
    ['1969-12-31', 'wednesday'],
    ['2400-02-29', 'tuesday'],
  ])('knows the day of the week of %s', (date, day) => {
    expect(weekdayOf(localDate(date))).toBe(day);
  });

  it.each([
    ['2026-05-30', '2026-05-30', '2026-06-01', '2026-05-29', '2026-05-29', '2026-05-29'],
    ['2026-05-02', '2026-05-02', '2026-05-04', '2026-05-04', '2026-05-01', '2026-05-01'],
    ['2026-08-01', '2026-08-01', '2026-08-03', '2026-08-03', '2026-07-31', '2026-08-03'],
    ['2026-04-03', '2026-04-03', '2026-04-07', '2026-04-07', '2026-04-02', '2026-04-02'],
    ['2026-12-25', '2026-12-25', '2026-12-28', '2026-12-28', '2026-12-24', '2026-12-24'],
    ['2026-05-29', '2026-05-29', '2026-05-29', '2026-05-29', '2026-05-29', '2026-05-29'],
  ])('rolls %s by each convention', (date, ...wanted) => {
    const rolled = ROLL_CONVENTIONS.map((roll) => rollDate(calendar, localDate(date), roll));
    expect(rolled).toEqual(wanted.map((d) => localDate(d)));
  });

  it('gives a business day near the date, the same for later dates or a later one, and itself once more', () => {
    const conventions = fc.constantFrom(...ROLL_CONVENTIONS.filter((roll) => roll !== 'none'));
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 20_000 }),
        fc.integer({ min: 0, max: 9 }),
        conventions,
        (at, gap, roll) => {
          const date = addDays(localDate('2000-01-01'), at);
          const rolled = rollDate(calendar, date, roll);
          expect(isBusinessDay(calendar, rolled)).toBe(true);
          expect(rollDate(calendar, rolled, roll)).toBe(rolled);
          expect(rollDate(calendar, addDays(date, gap), roll) >= rolled).toBe(true);
          if (roll.startsWith('modified')) expect(rolled.slice(0, 7)).toBe(date.slice(0, 7));
        },
      ),
      { numRuns: 500, seed: 8 },
    );
  });

  it('that is always closed is refused', () => {
    const closed = { weekend: [...WEEKDAYS], holidays: [] };
    expect(() => rollDate(closed, localDate('2026-01-01'), 'following')).toThrow('no business day');
    expect(rollDate(closed, localDate('2026-01-01'), 'none')).toBe('2026-01-01');
  });
});
