import { verifyChain } from '@daftari/event-store';
import { type Invariant, missing, type Witnesses } from './invariant.js';
import { EVENT_SOURCED } from './quiet.js';
import type { Rows } from './stores.js';

const count = (
  rows: Rows,
  of: (row: Readonly<Record<string, string>>) => string,
): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(of(row), (counts.get(of(row)) ?? 0) + 1);
  return counts;
};

const EVENTS_OF = (database: string, type: string): string =>
  `select s.name as stream, convert_from(e.data, 'UTF8') as data from es.event e join es.stream s using (stream_id) where e.type = '${type}' -- ${database}`;

/** Streams that hold a kind of event, and how often; against the commands that were acknowledged. */
const effectsOf = async (
  { stores, journal }: Witnesses,
  rule: {
    database: string;
    type: string;
    path: RegExp;
    idOf: (data: Record<string, string>) => string;
  },
): Promise<string[]> => {
  const rows = await stores.rows(rule.database, EVENTS_OF(rule.database, rule.type));
  const effects = count(rows, ({ data = '{}' }) =>
    rule.idOf(JSON.parse(data) as Record<string, string>),
  );
  const acknowledged = journal.done(rule.path);
  const problems = [...effects]
    .filter(([, times]) => times > 1)
    .map(([id, times]) => `${rule.type} ${id}: ${String(times)} times`);
  if (effects.size !== acknowledged.length)
    problems.push(
      `${rule.type}: ${String(effects.size)} effects of ${String(acknowledged.length)} acknowledged commands`,
    );
  return problems;
};

/** I5, I7, I9 and I11: one outcome for each command, a whole log, nothing acknowledged that is lost. */
export const PROMISES: readonly Invariant[] = [
  {
    id: 'I5',
    says: 'each command has exactly one outcome, however often it was sent',
    evidence: async (witnesses) => {
      const { journal, stores } = witnesses;
      const repeated = await stores.rows(
        'ledger',
        `select d->>'transactionId' as id, count(*)::text as times from es.event e, lateral (select convert_from(e.data, 'UTF8')::jsonb as d) x
         where e.type in ('TransactionPosted', 'TransactionRefused') group by 1 having count(*) > 1`,
      );
      return [
        ...journal.violations.filter((line) => line.startsWith('I5')),
        ...journal
          .unknown()
          .map(
            ({ path, key, tries }) =>
              `${path} ${key}: no answer after ${String(tries.length)} tries`,
          ),
        ...repeated.map(({ id, times }) => `journal: ${id ?? ''} ${times ?? ''} times`),
        ...(await effectsOf(witnesses, {
          database: 'origination',
          type: 'ApplicationSubmitted',
          path: /^\/v1\/applications$/,
          idOf: (data) => data.applicationId ?? '',
        })),
        ...(await effectsOf(witnesses, {
          database: 'origination',
          type: 'DisbursementRequested',
          path: /\/disburse$/,
          idOf: (data) => data.loanId ?? '',
        })),
        ...(await effectsOf(witnesses, {
          database: 'origination',
          type: 'ApplicationApproved',
          path: /\/approve$/,
          idOf: (data) => data.applicationId ?? '',
        })),
      ];
    },
  },
  {
    id: 'E500',
    says: 'a fault is answered as unavailable, never as an internal error',
    evidence: async ({ journal }) => [
      ...new Set(journal.violations.filter((line) => line.startsWith('500'))),
    ],
  },
  {
    id: 'I7',
    says: 'streams have no gaps and the hash chains are whole',
    evidence: async ({ stores }) => {
      const problems: string[] = [];
      for (const database of EVENT_SOURCED) {
        const report = await verifyChain(stores.pool(database));
        if (!report.ok) problems.push(`${database}: ${JSON.stringify(report)}`);
        const gaps = await stores.rows(
          database,
          'select s.name as stream from es.stream s join es.event e using (stream_id) group by s.name, s.revision having count(*) <> s.revision + 1 or max(e.revision) <> s.revision',
        );
        problems.push(...gaps.map(({ stream }) => `${database}: ${stream ?? ''} has a gap`));
      }
      return problems;
    },
  },
  {
    id: 'I9',
    says: 'nothing that was acknowledged is lost, and every life came to its end',
    evidence: async ({ people, books, livesFrom, journal, entriesFrom }) => {
      const problems: string[] = [];
      for (const life of books.lives.slice(livesFrom)) {
        if (life.failure !== undefined) problems.push(`a life ended early: ${life.failure}`);
        if (life.applicationId === undefined) continue;
        const application = await people.staff.read(`/v1/applications/${life.applicationId}`);
        if (application === undefined) problems.push(`application ${life.applicationId} is gone`);
        else if (life.rejected && application.status !== 'rejected')
          problems.push(`application ${life.applicationId} is ${String(application.status)}`);
        if (life.loan?.status !== 'completed') continue;
        const loan = await people.staff.read(`/v1/loans/${life.loanId ?? ''}`);
        const paid = ((loan?.repayments ?? []) as { amount: string }[]).map(({ amount }) => amount);
        const sent = life.payments.map(({ amount }) => amount);
        if (paid.sort().join() !== sent.sort().join())
          problems.push(`loan ${life.loanId ?? ''}: paid ${sent.join()}, allocated ${paid.join()}`);
      }
      const started = journal.entries
        .slice(entriesFrom)
        .filter(({ path, outcome }) => path === '/v1/payments' && outcome === 'done');
      for (const { data } of started)
        if ((await people.staff.read(`/v1/payments/${String(data.paymentId)}`)) === undefined)
          problems.push(`payment ${String(data.paymentId)} is gone`);
      return problems;
    },
  },
  {
    id: 'I11',
    says: 'no event is from the future',
    evidence: async ({ stores }) => {
      const problems: string[] = [];
      for (const database of EVENT_SOURCED) {
        const late = await stores.count(
          database,
          `select count(*) from es.event where created > clock_timestamp() + interval '1 second'`,
        );
        if (late > 0) problems.push(`${database}: ${String(late)} events`);
      }
      return problems;
    },
  },
];

/** Repeats of `have` that `want` does not know, and the other way round. */
export const bothWays = (
  what: string,
  have: ReadonlySet<string>,
  want: ReadonlySet<string>,
): string[] => [
  ...missing(want, have).map((id) => `${what}: ${id} is missing`),
  ...missing(have, want).map((id) => `${what}: ${id} came from nowhere`),
];
