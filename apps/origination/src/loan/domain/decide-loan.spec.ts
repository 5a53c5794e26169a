import { deterministicId, formatMinor, parseMoney } from '@daftari/kernel';
import { outstanding } from '@daftari/lending-math';
import { deciderSpec } from '@daftari/testing';
import { productFixture } from '../../testing/product-fixture.js';
import { accountReferenceOf } from './account-reference.js';
import { decideLoan } from './decide-loan.js';
import { evolveLoan } from './evolve-loan.js';
import {
  initialLoan,
  type Loan,
  type LoanCommand,
  type LoanEvent,
  type LoanFacts,
} from './loan.js';

const given = deciderSpec({ decide: decideLoan, evolve: evolveLoan, initialState: initialLoan });
const loanId = deterministicId('loan', 'a');
const kes = (amount: string) => ({ amount, currency: 'KES' });
const facts: LoanFacts = {
  loanId,
  tenantId: productFixture().tenantId,
  customerId: deterministicId('user', 'c'),
  accountReference: accountReferenceOf(loanId),
  applicationId: deterministicId('application', 'a'),
  productId: productFixture().productId,
  productVersion: 1,
  productName: 'Biashara',
  principal: kes('25000.00'),
  numberOfInstallments: 3,
  phone: '254700000001',
  terms: productFixture().terms,
  approvedOn: '2026-01-30',
};
const create: LoanCommand = { type: 'CreateLoan', data: facts };
const request = (commandId = 'c1'): LoanCommand => ({
  type: 'RequestDisbursement',
  data: { commandId, effectiveOn: '2026-01-31' },
});
const paidOut = (receipt = 'R1', amount = kes('25000.00')): LoanCommand => ({
  type: 'RecordDisbursement',
  data: { amount, receipt, effectiveOn: '2026-01-31' },
});
const notPaidOut: LoanCommand = {
  type: 'RecordDisbursementFailure',
  data: { reason: 'not registered', on: '2026-01-31' },
};
const pay = (paymentId: string, amount = kes('1000.00'), on = '2026-02-28'): LoanCommand => ({
  type: 'RecordRepayment',
  data: { paymentId, receipt: `S${paymentId}`, amount, effectiveOn: on },
});
const giveUp = (on: string): LoanCommand => ({
  type: 'DefaultLoan',
  data: { commandId: `default ${on}`, on, reason: 'no contact' },
});

const run = (...commands: LoanCommand[]): { events: LoanEvent[]; loan: Loan } =>
  commands.reduce<{ events: LoanEvent[]; loan: Loan }>(
    ({ events, loan }, command) => {
      const decision = decideLoan(command, loan);
      if (!decision.accepted) throw new Error(decision.rejection);
      return {
        events: [...events, ...decision.events],
        loan: decision.events.reduce(evolveLoan, loan),
      };
    },
    { events: [], loan: initialLoan },
  );
const ACTIVE = [create, request(), paidOut()];
const HISTORIES = {
  none: run().events,
  approved: run(create).events,
  pending: run(create, request()).events,
  disbursed: run(...ACTIVE).events.filter((e) => e.type !== 'LoanActivated'),
  active: run(...ACTIVE).events,
  completed: run(...ACTIVE, pay('all', kes('99999.00'))).events,
  defaulted: run(...ACTIVE, giveUp('2026-06-01')).events,
};
const COMMANDS = {
  request: request('another'),
  'paid out': paidOut('R2'),
  'not paid out': notPaidOut,
  pay: pay('p9'),
  default: giveUp('2026-07-01'),
};

describe('the life of a loan', () => {
  const illegal = 'loan/illegal-transition';
  const expected: Record<string, string> = {
    'none pay': 'loan/not-active',
    'approved pay': 'loan/not-active',
    'pending pay': 'loan/not-active',
    'disbursed pay': 'loan/not-active',
    'pending request': 'loan/disbursement-pending',
    'approved request': 'DisbursementRequested',
    'approved paid out': 'LoanDisbursed LoanActivated',
    'pending paid out': 'LoanDisbursed LoanActivated',
    'approved not paid out': '',
    'pending not paid out': 'DisbursementFailed',
    'active pay': 'RepaymentAllocated',
    'completed pay': 'RepaymentAllocated',
    'defaulted pay': 'RepaymentAllocated',
    'active default': 'LoanDefaulted',
  };
  const pairs = Object.entries(HISTORIES).flatMap(([status, history]) =>
    Object.entries(COMMANDS).map(([name, command]) => ({
      pair: `${status} ${name}`,
      history,
      command,
      outcome: expected[`${status} ${name}`] ?? illegal,
    })),
  );
  it.each(pairs)('$pair → $outcome', ({ history, command, outcome }) => {
    const { decision } = given(...history).when(command);
    const got = decision.accepted
      ? decision.events.map((e) => e.type).join(' ')
      : decision.rejection;
    expect(got).toBe(outcome);
  });

  it('is created once', () => {
    given(...HISTORIES.approved)
      .when(create)
      .then();
  });

  it.each([
    ['payout request', HISTORIES.pending, request()],
    ['payout', HISTORIES.active, paidOut()],
    ['payment', HISTORIES.completed, pay('all', kes('99999.00'))],
    ['default', HISTORIES.defaulted, giveUp('2026-06-01')],
  ])('takes the repeat of the same %s and changes nothing', (_, history, command) => {
    given(...history)
      .when(command)
      .then();
  });

  it('can be paid out again after a failure', () => {
    const { loan } = run(create, request('c1'), notPaidOut, request('c2'), paidOut());
    expect([loan.status, loan.failure]).toEqual(['active', null]);
  });

  it.each([
    [
      'loan/wrong-currency',
      HISTORIES.pending,
      paidOut('R1', { amount: '25000.00', currency: 'UGX' }),
    ],
    ['loan/wrong-amount', HISTORIES.pending, paidOut('R1', kes('24999.99'))],
    ['loan/wrong-currency', HISTORIES.active, pay('p', { amount: '1.00', currency: 'EUR' })],
    ['loan/wrong-amount', HISTORIES.active, pay('p', kes('0.00'))],
    ['loan/not-in-arrears', HISTORIES.active, giveUp('2026-02-28')],
  ] as const)('refuses with %s', (code, history, command) => {
    given(...history)
      .when(command)
      .thenRejects(code);
  });
});

describe('repayments', () => {
  const minor = (amount: string): bigint => parseMoney(kes(amount)).minor;
  const allocations = (events: readonly LoanEvent[]) =>
    events.flatMap((e) => (e.type === 'RepaymentAllocated' ? [e.data] : []));

  it('split without losing a cent, and the schedule sums to the principal', () => {
    const { events, loan } = run(
      ...ACTIVE,
      pay('1'),
      pay('2', kes('7000.33')),
      pay('3', kes('0.01')),
    );
    for (const a of allocations(events)) {
      const parts = [a.principal, a.interest, a.fees, a.penalties, a.overpayment];
      expect(parts.reduce((sum, part) => sum + minor(part), 0n)).toBe(minor(a.amount));
    }
    const last = allocations(events).at(-1);
    const principal = last?.installments.reduce((sum, row) => sum + minor(row.principal), 0n);
    expect(principal).toBe(minor('25000.00'));
    expect(loan.math && outstanding(loan.math).totalMinor).toBe(minor(last?.outstanding ?? ''));
  });

  it('pay interest before principal in the product’s order', () => {
    const { events } = run(...ACTIVE, pay('1', kes('600.00')));
    expect(allocations(events)[0]).toMatchObject({ interest: '500.00', principal: '100.00' });
  });

  it('complete the loan to the cent, and what is over becomes credit', () => {
    const before = run(...ACTIVE, pay('1'));
    const left = allocations(before.events)[0]?.outstanding ?? '';
    const exact = run(...ACTIVE, pay('1'), pay('2', kes(left)));
    expect(exact.loan.status).toBe('completed');
    expect(allocations(exact.events)[1]).toMatchObject({
      outstanding: '0.00',
      overpayment: '0.00',
      nextDueOn: null,
    });
    const over = run(...ACTIVE, pay('1'), pay('2', kes(left)), pay('3', kes('12.34')));
    expect([over.loan.status, over.loan.math?.overpaidMinor]).toEqual(['completed', 1_234n]);
    expect(allocations(over.events)[2]).toMatchObject({ principal: '0.00', overpayment: '12.34' });
  });

  it('one cent short leaves it active', () => {
    const left = allocations(run(...ACTIVE, pay('1')).events)[0]?.outstanding ?? '';
    const short = formatMinor(minor(left) - 1n, 'KES');
    expect(run(...ACTIVE, pay('1'), pay('2', kes(short))).loan.status).toBe('active');
  });

  it('dated before one that came earlier are still taken, in order of arrival', () => {
    const { loan } = run(...ACTIVE, pay('1', kes('500.00'), '2026-03-15'), pay('2'));
    expect(loan.allocations.map((a) => a.effectiveOn)).toEqual(['2026-03-15', '2026-02-28']);
  });

  it('replay to the same loan', () => {
    const { events, loan } = run(...ACTIVE, pay('1'), pay('2', kes('7000.33')));
    const stored = JSON.parse(JSON.stringify(events)) as LoanEvent[];
    expect(stored.reduce(evolveLoan, initialLoan)).toEqual(loan);
  });
});

describe('an account reference', () => {
  it('has at most twelve characters and derives from the loan alone', () => {
    expect(accountReferenceOf(loanId)).toMatch(/^LN\d{8}$/);
    expect(accountReferenceOf(loanId)).toBe(accountReferenceOf(loanId));
    expect(accountReferenceOf(loanId, 1)).not.toBe(accountReferenceOf(loanId));
  });
});
