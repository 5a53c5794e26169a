import { shown } from './books.js';
import { type Invariant, missing } from './invariant.js';
import type { Json } from './journal.js';
import type { Movement } from './provider.js';
import type { Rows, Stores } from './stores.js';

const UNBALANCED = `
  select e.pos::text, x.sum::text from es.event e, lateral (
    select sum(case p->>'side' when 'debit' then 1 else -1 end * (p->>'amount')::numeric) as sum
    from jsonb_array_elements(convert_from(e.data, 'UTF8')::jsonb->'postings') p) x
  where e.type = 'TransactionPosted' and x.sum <> 0`;
/** Balances computed from the events alone, in minor units of a currency with two decimals. */
const REPLAYED = `
  select p->>'account' as account, (sum(case p->>'side' when 'debit' then 1 else -1 end * (p->>'amount')::numeric) * 100)::bigint::text as balance
  from es.event e, jsonb_array_elements(convert_from(e.data, 'UTF8')::jsonb->'postings') p
  where e.type = 'TransactionPosted' group by 1`;
const MODELS: readonly (readonly [string, string, string])[] = [
  [
    'ledger',
    'read_balances',
    'select account, (debits - credits)::text as balance from read_balances',
  ],
  [
    'ledger',
    'read_postings',
    `select account, sum(case side when 'debit' then amount else -amount end)::text as balance from read_postings group by 1`,
  ],
  [
    'reporting',
    'read_ledger_totals',
    'select account, (debits - credits)::text as balance from read_ledger_totals',
  ],
];
const ENTRIES = `
  select d->>'transactionId' as id, d->>'kind' as kind, d->'amounts'->>'amount' as amount, d->>'reference' as reference, e.type
  from es.event e, lateral (select convert_from(e.data, 'UTF8')::jsonb as d) x
  where e.type in ('TransactionPosted', 'TransactionRefused') order by e.pos`;

const byAccount = (rows: Rows): Map<string, bigint> =>
  new Map(rows.map(({ account = '', balance = '0' }) => [account, BigInt(balance)]));

const differences = (
  what: string,
  expected: ReadonlyMap<string, bigint>,
  found: ReadonlyMap<string, bigint>,
): string[] =>
  [...new Set([...expected.keys(), ...found.keys()])].flatMap((account) => {
    const [want, have] = [expected.get(account) ?? 0n, found.get(account) ?? 0n];
    return want === have ? [] : [`${what} ${account}: ${shown(have)}, not ${shown(want)}`];
  });

const replayed = async (stores: Stores): Promise<Map<string, bigint>> =>
  byAccount(await stores.rows('ledger', REPLAYED));

const entriesOf = (stores: Stores): Promise<Rows> => stores.rows('ledger', ENTRIES);

const sumOf = (movements: readonly Movement[]): string =>
  movements.reduce((sum, { amount }) => sum + amount, 0).toFixed(2);

/** Each movement of one kind against the journal's entries of one kind: the same receipts, each once, the same sum. */
const againstStatement = (
  movements: readonly Movement[],
  entries: Rows,
  what: string,
): string[] => {
  const booked = entries.map(({ reference = '' }) => reference);
  const known = new Set(movements.flatMap(({ receipt, ref }) => [receipt, ref]));
  const sum = entries.reduce((total, { amount }) => total + Number(amount), 0).toFixed(2);
  const problems = missing(booked, known).map(
    (receipt) => `${what}: ${receipt} is booked and never moved`,
  );
  for (const { receipt, ref, amount, msisdn } of movements) {
    const times = booked.filter((reference) => reference === receipt || reference === ref).length;
    if (times !== 1)
      problems.push(
        `${what}: ${receipt} (${String(amount)}, ${msisdn}) is booked ${String(times)} times`,
      );
  }
  if (sum !== sumOf(movements))
    problems.push(`${what}: ${sumOf(movements)} moved, ${sum} is booked`);
  return problems;
};

/** I1 to I4, I8 and I10: the money. */
export const MONEY: readonly Invariant[] = [
  {
    id: 'I1',
    says: 'each journal entry balances',
    evidence: async ({ stores }) =>
      (await stores.rows('ledger', UNBALANCED)).map(
        ({ pos, sum }) => `position ${pos ?? ''}: ${sum ?? ''}`,
      ),
  },
  {
    id: 'I2',
    says: 'the trial balance is zero',
    evidence: async ({ stores }) => {
      const sum = [...(await replayed(stores)).values()].reduce((total, one) => total + one, 0n);
      return sum === 0n ? [] : [`the accounts sum to ${shown(sum)}`];
    },
  },
  {
    id: 'I3',
    says: 'each read model equals a replay from zero, and the ledger proves itself',
    evidence: async ({ stores, people }) => {
      const expected = await replayed(stores);
      const problems: string[] = [];
      for (const [database, table, sql] of MODELS)
        problems.push(...differences(table, expected, byAccount(await stores.rows(database, sql))));
      const report = await people.auditor.read('/v1/ledger/verify');
      for (const { name, ok, detail } of report.checks as Json[])
        if (ok !== true) problems.push(`verify ${String(name)}: ${String(detail)}`);
      return problems;
    },
  },
  {
    id: 'I4',
    says: 'what loans owe is what the ledger is owed',
    evidence: async ({ stores, people, books, livesFrom }) => {
      const balances = await replayed(stores);
      const problems: string[] = [];
      const check = await people.staff.read('/v1/reports/check');
      for (const difference of check.differences as Json[])
        problems.push(JSON.stringify(difference));
      for (const { loanId } of books.lives.slice(livesFrom)) {
        if (loanId === undefined) continue;
        const loan = await people.staff.read(`/v1/loans/${loanId}`);
        const owed = shown(balances.get(`asset:loan:${loanId}:principal`) ?? 0n);
        const credit = shown(-(balances.get(`liability:customer-credit:${loanId}`) ?? 0n));
        if (loan?.outstanding.principal !== owed || loan.credit !== credit)
          problems.push(
            `loan ${loanId}: owes ${String(loan?.outstanding.principal)}, credit ${String(loan?.credit)}; the ledger says ${owed}, ${credit}`,
          );
      }
      return problems;
    },
  },
  {
    id: 'model',
    says: 'the books are what the acknowledged commands make them, each once',
    evidence: async ({ stores, books }) => {
      const balances = await replayed(stores);
      const problems: string[] = [];
      for (const [account, want] of books.expected()) {
        const have = balances.get(account) ?? 0n;
        if (have !== want) problems.push(`${account}: ${shown(have)}, not ${shown(want)}`);
      }
      const earned = [...balances]
        .filter(([account]) => /^(income:|liability:customer-credit:)/.test(account))
        .reduce((sum, [, balance]) => sum - balance, 0n);
      if (earned !== books.earnedOrOwed())
        problems.push(`earned or owed: ${shown(earned)}, not ${shown(books.earnedOrOwed())}`);
      return problems;
    },
  },
  {
    id: 'I8',
    says: 'what moved at the provider is what the ledger booked, each receipt once',
    evidence: async ({ stores, provider }) => {
      const moved = (await provider.statement()).filter(({ receipt }) => receipt !== '');
      const entries = (await entriesOf(stores)).filter(({ type }) => type === 'TransactionPosted');
      return [
        ...againstStatement(
          moved.filter(({ kind }) => kind === 'b2c'),
          entries.filter(({ kind }) => kind === 'disbursement-paid'),
          'paid out',
        ),
        ...againstStatement(
          moved.filter(({ kind }) => kind !== 'b2c'),
          entries.filter(({ kind }) => kind === 'repayment-received'),
          'received',
        ),
      ];
    },
  },
  {
    id: 'I10',
    says: 'each schedule sums to its principal and ends at nothing',
    evidence: async ({ people, books, livesFrom }) => {
      const problems: string[] = [];
      for (const { loanId, principal, disbursed } of books.lives.slice(livesFrom)) {
        if (loanId === undefined || !disbursed) continue;
        const loan = await people.staff.read(`/v1/loans/${loanId}`);
        const rows = (loan?.schedule ?? []) as { principal: string }[];
        const sum = rows.reduce((total, row) => total + Math.round(Number(row.principal) * 100), 0);
        if (sum !== Math.round(Number(principal) * 100))
          problems.push(
            `loan ${loanId}: instalments sum to ${(sum / 100).toFixed(2)}, lent ${principal}`,
          );
      }
      return problems;
    },
  },
];
