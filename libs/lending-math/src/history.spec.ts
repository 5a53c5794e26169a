import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { localDate } from '@daftari/kernel';
import { replayHistory, type ReplayedLoan } from './history.js';
import { outstanding } from './standing.js';
import { loanTable } from './loan-table.js';
import { rowOutstanding } from './loan-state.js';
import { minorOf, parseVector } from './vectors.js';

type Fields = Readonly<Record<string, string | number | boolean | null>>;
interface Vector {
  readonly terms: { readonly convention: string };
  readonly id: string;
  readonly advancedFeature?: string;
  readonly checkpoints: readonly {
    readonly afterEvents: number;
    readonly overdueInterestAsOf: string | null;
    readonly outstanding?: string;
    readonly overpaid?: string;
    readonly schedule?: readonly Fields[];
    readonly transactions?: readonly Fields[];
    readonly transactionsArePartial?: boolean;
  }[];
}

const folder = join(import.meta.dirname, 'vectors', 'transactions');
const vectors = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Vector);

const line = (...values: unknown[]): string => values.map(String).join(' ');

const expectedRow = (row: Fields, decimals: number, balances: boolean): string => {
  const minor = (key: string): bigint => minorOf(String(row[key]), decimals);
  if (row['type'] === 'disbursement') return line(row['type'], row['date'], minor('amount'));
  const due = ['principal', 'interest', 'fees', 'penalties'].map(minor);
  const paid = ['paid', 'paidInAdvance', 'paidLate', 'outstanding'].map(minor);
  const balance = balances ? minor('balance') : '-';
  return line(row['n'], row['dueDate'], ...due, balance, ...paid, row['completedOn']);
};

const actualRows = ({ state }: ReplayedLoan, balances: boolean): string[] =>
  loanTable(state).map((entry) => {
    if (entry.type === 'disbursement') return line(entry.type, entry.date, entry.amountMinor);
    const { row } = entry;
    const { principalMinor, interestMinor, feesMinor, penaltiesMinor } = row.due;
    const due = [principalMinor, interestMinor, feesMinor, penaltiesMinor];
    const left = rowOutstanding(row);
    const paid = due.reduce((a, b) => a + b, 0n) - left;
    const how = [paid, row.paidInAdvanceMinor, row.paidLateMinor, left];
    const balance = balances ? entry.balanceMinor : '-';
    return line(row.n, row.dueDate, ...due, balance, ...how, row.completedOn);
  });

const expectedTransaction = (t: Fields, decimals: number): string => {
  const keys = ['amount', 'principal', 'interest', 'fees', 'penalties', 'overpayment'];
  const parts = [...keys, 'principalBalance'].map((key) => minorOf(String(t[key]), decimals));
  return line(t['date'], t['type'], ...parts);
};

const actualTransactions = ({ transactions }: ReplayedLoan): string[] =>
  transactions.map((t) =>
    line(
      t.date,
      t.type,
      t.amountMinor,
      t.principalMinor,
      t.interestMinor,
      t.feesMinor,
      t.penaltiesMinor,
      t.overpaymentMinor,
      t.principalBalanceMinor,
    ),
  );

/** The first difference between a vector and its replay; undefined when every checkpoint comes out to the cent. */
const difference = (vector: Vector): string | undefined => {
  const input = parseVector(vector);
  if (input.kind !== 'transactions') return 'not a history';
  const { terms, allocation, events } = input;
  for (const checkpoint of vector.checkpoints) {
    const asOf = checkpoint.overdueInterestAsOf;
    const loan = replayHistory(terms, allocation, events, {
      afterEvents: checkpoint.afterEvents,
      overdueInterestAsOf: asOf === null ? null : localDate(asOf),
    });
    const where = `after ${String(checkpoint.afterEvents)} events`;
    if (checkpoint.schedule) {
      // Rows of a loan with money charged back carry re-owed principal: their balances do not chain.
      const balances = !events.some((e) => e.type === 'chargeback');
      const wanted = checkpoint.schedule.map((row) => expectedRow(row, terms.decimals, balances));
      const rows = actualRows(loan, balances);
      const i = wanted.findIndex((row, k) => row !== rows[k]);
      if (i >= 0) return `${where}: wanted row ${String(wanted[i])}, is ${String(rows[i])}`;
      if (rows.length !== wanted.length) return `${where}: ${String(rows.length)} rows`;
    }
    const sums = {
      outstanding: outstanding(loan.state).totalMinor,
      overpaid: loan.state.overpaidMinor,
    };
    for (const key of ['outstanding', 'overpaid'] as const) {
      const sum = checkpoint[key];
      if (sum !== undefined && minorOf(sum, terms.decimals) !== sums[key]) {
        return `${where}: wanted ${key} ${sum}, is ${String(sums[key])}`;
      }
    }
    const wanted = (checkpoint.transactions ?? [])
      .filter((t) => t['reversed'] !== true)
      .map((t) => expectedTransaction(t, terms.decimals))
      .sort();
    const left = actualTransactions(loan);
    for (const transaction of wanted) {
      const i = left.indexOf(transaction);
      if (i < 0) return `${where}: wanted ${transaction} of ${left.join('; ')}`;
      left.splice(i, 1);
    }
    if (checkpoint.transactions && checkpoint.transactionsArePartial !== true && left.length > 0) {
      return `${where}: not wanted ${left.join('; ')}`;
    }
  }
  return undefined;
};

const attempt = (vector: Vector): string | undefined => {
  try {
    return difference(vector);
  } catch (error) {
    return String(error);
  }
};

const GROUPS = { progressive: 117, cumulative: 64 } as const;

const withoutCode = (text: string): string => text.replace(/^```[^]*?^```/gm, '');

describe('transaction vectors', () => {
  it('reproduces all histories but those that the README lists', () => {
    const results = vectors.map((vector) => ({ vector, why: attempt(vector) }));
    for (const [convention, count] of Object.entries(GROUPS)) {
      const group = results.filter(({ vector }) => vector.terms.convention === convention);
      const missing = group.filter(({ why }) => why !== undefined);
      const reproduced = String(group.length - missing.length);
      const lines = [
        `${convention} histories: reproduced ${reproduced} of ${String(group.length)}`,
        ...missing.map(({ vector, why }) => `  ${vector.id}: ${String(why)}`),
      ];
      process.stdout.write(`${lines.join('\n')}\n`);
      expect(group.length).toBe(count);
    }
    const missing = results.filter((r) => r.why !== undefined).map((r) => r.vector.id);
    const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
    const listed = withoutCode(readme).match(/tx-\d{3}/g) ?? [];
    expect(missing.sort()).toEqual([...new Set(listed)].sort());
  });
});
