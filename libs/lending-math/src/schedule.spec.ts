import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildScheduleTable, type ScheduleTableRow } from './schedule.js';
import { minorOf, parseVector } from './vectors.js';

interface Vector {
  readonly id: string;
  readonly terms: { readonly convention: string; readonly currency: { readonly decimals: number } };
  readonly expected: { readonly rows: readonly Record<string, string | number>[] };
}

const folder = join(import.meta.dirname, 'vectors', 'schedules');
const vectors = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Vector);

// A disbursement row's date is not compared: one source table prints another than the one interest starts on.
const comparable = (row: ScheduleTableRow) =>
  row.type === 'disbursement'
    ? [row.type, row.amountMinor, row.balanceMinor]
    : [row.type, row.n, row.dueDate, row.principalMinor, row.interestMinor, row.balanceMinor];

const expected = (row: Record<string, string | number>, decimals: number) => {
  const minor = (key: string) => minorOf(String(row[key]), decimals);
  return row['type'] === 'disbursement'
    ? [row['type'], minor('amount'), minor('balance')]
    : [
        row['type'],
        row['n'],
        row['dueDate'],
        minor('principal'),
        minor('interest'),
        minor('balance'),
      ];
};

/** How many vectors there are of each convention: all of them come out. */
const GROUPS = {
  cumulative: 14,
  level_payment_final_not_higher: 11,
  progressive: 87,
  remaining_balance_level: 15,
} as const;

describe('schedule vectors', () => {
  it.each(Object.entries(GROUPS))('reproduces every schedule of %s', (convention, count) => {
    const group = vectors.filter((v) => v.terms.convention === convention);
    const missing = group.flatMap((vector) => {
      const { decimals } = vector.terms.currency;
      const rows = buildScheduleTable(parseVector(vector).terms).map(comparable);
      const wanted = vector.expected.rows.map((row) => expected(row, decimals));
      const i = wanted.findIndex((row, k) => String(row) !== String(rows[k]));
      if (i < 0 && rows.length === wanted.length) return [];
      return [`${vector.id}: wanted row ${String(wanted[i])}, is ${String(rows[i])}`];
    });
    const reproduced = group.length - missing.length;
    process.stdout.write(
      `${convention} schedules: reproduced ${String(reproduced)} of ${String(group.length)}\n`,
    );
    expect(missing).toEqual([]);
    expect(group.length).toBe(count);
  });
});
