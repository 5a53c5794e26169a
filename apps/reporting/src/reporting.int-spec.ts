import {
  disbursementRequested,
  loanActivated,
  loanStatusChanged,
  type MessageDefinition,
  repaymentAllocated,
  repaymentReversed,
  transactionPosted,
} from '@daftari/contracts';
import { deterministicId, localDate } from '@daftari/kernel';
import { Inbox, type IntegrationMessage } from '@daftari/messaging';
import { Database, migrationsOf, Migrator, type ServiceDefinition } from '@daftari/service-kit';
import { startPostgres, type TestPostgres } from '@daftari/testing';
import { LedgerTotalsConsumer } from './ledger-totals/ledger-totals.consumer.js';
import { LoanConsumer } from './loans/loan.consumer.js';
import { ReportsQuery } from './reports/reports.query.js';
import { service } from './service.js';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server.stop();
});

const tenantId = deterministicId('tenant', 'a');
const loanId = deterministicId('loan', 'a');
let made = 0;
const message = (
  definition: MessageDefinition,
  sequence: number,
  data: object,
): IntegrationMessage => ({
  id: deterministicId('m', String(++made)),
  type: definition.type,
  topic: definition.topic,
  key: loanId,
  source: '/daftari/test',
  time: '2026-01-31T08:00:00.000Z',
  tenantId,
  correlationId: 'c',
  sequence: String(sequence),
  data: { ...definition.example, loanId, ...data },
});
const installments = (paidFirst: string, paidSecond: string) =>
  [paidFirst, paidSecond].map((paidPrincipal, index) => ({
    ...loanActivated.example.installments[0],
    number: index + 1,
    dueOn: index === 0 ? '2026-02-28' : '2026-03-31',
    principal: '100.00',
    interest: '0.00',
    paidPrincipal,
  }));
const allocation = (n: string, sequence: number, first: string, second: string) =>
  message(repaymentAllocated, sequence, {
    paymentId: deterministicId('payment', n),
    amount: '100.00',
    principal: '100.00',
    interest: '0.00',
    installments: installments(first, second),
  });
const posted = (kind: string, debit: string, credit: string, amount: string) =>
  message(transactionPosted, 0, {
    kind,
    postings: [
      { account: debit, side: 'debit', amount },
      { account: credit, side: 'credit', amount },
    ],
  });
const account = `asset:loan:${loanId}:principal`;
const story = [
  message(loanStatusChanged, 0, { status: 'approved' }),
  message(disbursementRequested, 1, { principal: { amount: '200.00', currency: 'KES' } }),
  message(loanStatusChanged, 2, { status: 'disbursed' }),
  message(loanActivated, 3, { principal: '200.00', installments: installments('0.00', '0.00') }),
  message(loanStatusChanged, 3, { status: 'active' }),
  allocation('1', 4, '40.00', '0.00'),
  allocation('2', 5, '100.00', '40.00'),
  posted('disbursement-paid', account, 'asset:disbursement-clearing', '200.00'),
  posted('repayment-allocated', 'liability:repayment-clearing', account, '140.00'),
];

let databases = 0;
const withReports = async (
  messages: readonly IntegrationMessage[],
  read: (reports: ReportsQuery, rows: unknown) => Promise<void>,
): Promise<void> => {
  const url = await server.createDatabase(`reporting_${String(++databases)}`);
  const db = await Database.connect({ url, max: 5, entities: service.entities ?? [] });
  try {
    await new Migrator(db.pool, migrationsOf(service as unknown as ServiceDefinition)).up();
    const loans = new LoanConsumer(db, new Inbox());
    const totals = new LedgerTotalsConsumer(db, new Inbox());
    for (const one of messages)
      if (one.type === transactionPosted.type)
        await totals.onTransaction(one as Parameters<typeof totals.onTransaction>[0]);
      else await loans.onLoan(one);
    const rows = [];
    for (const table of ['loans', 'installments', 'collections', 'ledger_totals'])
      rows.push((await db.pool.query(`select t::text from read_${table} t order by 1`)).rows);
    await read(new ReportsQuery(db), rows);
  } finally {
    await db.close();
  }
};
const rowsOf = async (messages: readonly IntegrationMessage[]): Promise<unknown> => {
  let found: unknown;
  await withReports(messages, async (_reports, rows) => {
    found = rows;
  });
  return found;
};

describe('reporting on PostgreSQL', () => {
  it('gives the same rows for duplicates and for any order', async () => {
    const straight = await rowsOf(story);
    expect(await rowsOf(story.flatMap((one) => [one, one]))).toEqual(straight);
    expect(await rowsOf([...story].reverse())).toEqual(straight);
    const shuffled = [6, 2, 8, 0, 4, 5, 1, 7, 3].flatMap((index) => story[index] ?? []);
    expect(await rowsOf([...shuffled, ...story])).toEqual(straight);
  });

  it('reports portfolio, collections, arrears and agreement with the ledger', async () => {
    await withReports(story, async (reports) => {
      expect(await reports.portfolio(tenantId, localDate('2026-03-01'))).toEqual([
        {
          status: 'active',
          currency: 'KES',
          loans: 1,
          disbursed: '200.00',
          principalOutstanding: '60.00',
          credit: '0.00',
        },
      ]);
      const [day] = await reports.collections(tenantId, '2026-02-01', '2026-02-28');
      expect(day).toMatchObject({ day: '2026-02-28', due: '100.00', collected: '200.00' });
      expect(await reports.debts(tenantId, localDate('2026-04-10'))).toMatchObject([
        { outstanding: 6_000n, overdue: 6_000n, oldestDueOn: '2026-03-31' },
      ]);
      expect(await reports.check(tenantId)).toEqual({ ok: true, compared: 1, differences: [] });
      expect((await reports.timings(tenantId)).settledToPosted.count).toBe(0);
    });
  });

  it('forgets a payment that was taken back, whichever of the two is heard of first', async () => {
    const taken = message(repaymentReversed, 6, {
      paymentId: deterministicId('payment', '2'),
      ...{ amount: '40.00', principal: '40.00', interest: '0.00' },
      installments: installments('100.00', '0.00'),
    });
    const back = posted('repayment-deallocated', account, 'liability:repayment-clearing', '40.00');
    const whole = [...story, taken, back];
    for (const order of [whole, [...whole].reverse(), [taken, ...whole, ...whole]])
      await withReports(order, async (reports) => {
        const [day] = await reports.collections(tenantId, '2026-02-01', '2026-02-28');
        expect(day).toMatchObject({ collected: '100.00' });
        const [portfolio] = await reports.portfolio(tenantId, localDate('2026-03-01'));
        expect(portfolio).toMatchObject({ principalOutstanding: '100.00' });
        expect(await reports.check(tenantId)).toMatchObject({ ok: true, differences: [] });
      });
  });

  it('shows a loan on which the ledger and the schedule differ, to its own tenant only', async () => {
    await withReports(story.slice(0, -1), async (reports) => {
      expect(await reports.check(tenantId)).toMatchObject({
        ok: false,
        differences: [{ account, loans: '60.00', ledger: '200.00' }],
      });
      expect((await reports.check(deterministicId('tenant', 'b'))).compared).toBe(0);
    });
  });
});
