import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildScheduleTable, type ScheduleTableRow } from './schedule.js';
import { minorOf, parseScheduleVector, type VectorTerms } from './vectors.js';

interface Vector {
  readonly id: string;
  readonly terms: VectorTerms;
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

describe('schedule vectors', () => {
  const progressive = vectors.filter((v) => v.terms.convention === 'progressive');

  it.each(progressive.map((v) => [v.id, v] as const))('reproduces %s', (_id, vector) => {
    const rows = buildScheduleTable(parseScheduleVector(vector)).map(comparable);
    const wanted = vector.expected.rows.map((r) => expected(r, vector.terms.currency.decimals));
    expect(rows).toEqual(wanted);
  });

  it('says how many came out', () => {
    const total = progressive.length;
    process.stdout.write(`progressive schedules: ${String(total)} in the vectors, all asserted\n`);
    expect(total).toBe(87);
  });
});
