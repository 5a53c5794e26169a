import { deterministicId, parseMoney } from '@daftari/kernel';
import { outstanding } from '@daftari/lending-math';
import fc from 'fast-check';
import { productFixture } from '../../testing/product-fixture.js';
import { decideLoan } from './decide-loan.js';
import { evolveLoan } from './evolve-loan.js';
import {
  initialLoan,
  type Loan,
  type LoanCommand,
  type LoanEvent,
  type LoanFacts,
} from './loan.js';

const kes = (amount: string) => ({ amount, currency: 'KES' });
const loanId = deterministicId('loan', 'a');
const facts: LoanFacts = {
  ...{ loanId, tenantId: productFixture().tenantId, customerId: deterministicId('user', 'c') },
  ...{ accountReference: 'LN10000001', applicationId: deterministicId('application', 'a') },
  ...{ productId: productFixture().productId, productVersion: 1, productName: 'Biashara' },
  ...{ principal: kes('25000.00'), numberOfInstallments: 3, phone: '254700000001' },
  ...{ terms: productFixture().terms, approvedOn: '2026-01-30' },
};
const ACTIVE: LoanCommand[] = [
  { type: 'CreateLoan', data: facts },
  { type: 'RequestDisbursement', data: { commandId: 'c1', effectiveOn: '2026-01-31' } },
  {
    type: 'RecordDisbursement',
    data: { amount: kes('25000.00'), receipt: 'R1', effectiveOn: '2026-01-31' },
  },
];
const pay = (paymentId: string, amount: string): LoanCommand => ({
  type: 'RecordRepayment',
  data: { paymentId, receipt: `S${paymentId}`, amount: kes(amount), effectiveOn: '2026-02-28' },
});
const takeBack = (paymentId: string): LoanCommand => ({
  type: 'ReverseRepayment',
  data: { paymentId, providerReference: 'RV1', reason: 'a mistake', effectiveOn: '2026-03-05' },
});
const run = (...commands: LoanCommand[]): { events: LoanEvent[]; loan: Loan } =>
  commands.reduce<{ events: LoanEvent[]; loan: Loan }>(
    ({ events, loan }, command) => {
      const decision = decideLoan(command, loan);
      if (!decision.accepted) throw new Error(decision.rejection);
      const after = decision.events.reduce(evolveLoan, loan);
      return { events: [...events, ...decision.events], loan: after };
    },
    { events: [], loan: initialLoan },
  );
const minor = (amount: string): bigint => parseMoney(kes(amount)).minor;
const PARTS = ['principal', 'interest', 'fees', 'penalties', 'overpayment'] as const;
/** What the ledger holds of each part: allocations less what was taken back. */
const booked = (events: readonly LoanEvent[], part: (typeof PARTS)[number] | 'amount'): bigint =>
  events.reduce((sum, event) => {
    if (event.type === 'RepaymentAllocated') return sum + minor(event.data[part]);
    if (event.type === 'RepaymentReversed') return sum - minor(event.data[part]);
    return sum;
  }, 0n);

describe('a payment that is taken back', () => {
  it('where interest follows the payments, gives the loan as it was; later payments go first', () => {
    const recalculation = { preClosure: 'till_pre_close_date' as const };
    const terms = { ...facts.terms, recalculation };
    const [, ...rest] = ACTIVE;
    const active: LoanCommand[] = [{ type: 'CreateLoan', data: { ...facts, terms } }, ...rest];
    const paid = run(...active, pay('1', '9000.00'), pay('2', '100.00')).loan;
    expect(decideLoan(takeBack('1'), paid)).toEqual({
      accepted: false,
      rejection: 'loan/later-payments-first',
    });
    const back = run(
      ...active,
      pay('1', '9000.00'),
      pay('2', '100.00'),
      takeBack('2'),
      takeBack('1'),
    );
    expect(back.loan.math).toEqual(run(...active).loan.math);
    expect(booked(back.events, 'amount')).toBe(0n);
  });

  it('is owed again, part by part, and the loan is as if it had never been', () => {
    const { loan, events } = run(...ACTIVE, pay('1', '9000.00'), takeBack('1'));
    expect(loan.math).toEqual(run(...ACTIVE).loan.math);
    expect([loan.allocations, loan.shares]).toEqual([[], {}]);
    expect(events.at(-1)).toMatchObject({
      type: 'RepaymentReversed',
      data: {
        ...{ paymentId: '1', receipt: 'S1', providerReference: 'RV1', reason: 'a mistake' },
        ...{ amount: '9000.00', effectiveOn: '2026-03-05', reopened: false },
      },
    });
  });

  it('leaves what came after where it is, and the next payment fills the gap', () => {
    const two = run(...ACTIVE, pay('1', '8668.00'), pay('2', '8668.00'), takeBack('1'));
    const [first, second] = two.loan.math?.rows ?? [];
    // The second payment had paid the 87 cents that the first one left over.
    expect([first?.completedOn, first?.paid.principalMinor]).toEqual([null, 87n]);
    expect(second?.paid.principalMinor).toBeGreaterThan(0n);
    const three = run(
      ...ACTIVE,
      pay('1', '8668.00'),
      pay('2', '8668.00'),
      takeBack('1'),
      pay('3', '8668.00'),
    );
    expect(three.loan.math?.rows[0]?.completedOn).toBe('2026-02-28');
  });

  it('opens a completed loan again, and a full payment completes it again', () => {
    const done = run(...ACTIVE, pay('1', '20000.00'), pay('2', '10000.00'));
    expect(done.loan.status).toBe('completed');
    const again = run(...ACTIVE, pay('1', '20000.00'), pay('2', '10000.00'), takeBack('1'));
    expect(again.loan.status).toBe('active');
    expect(again.events.at(-1)).toMatchObject({ data: { reopened: true } });
    const owed = outstanding(again.loan.math ?? raise()).totalMinor;
    expect(owed).toBe(2_000_000n);
    const paidOff = run(
      ...[...ACTIVE, pay('1', '20000.00'), pay('2', '10000.00'), takeBack('1')],
      pay('3', '20000.00'),
    );
    expect(paidOff.loan.status).toBe('completed');
  });

  it('is taken back once, never allocated again, and unknown when it never came', () => {
    const { loan } = run(...ACTIVE, pay('1', '100.00'), takeBack('1'));
    for (const repeat of [takeBack('1'), pay('1', '100.00')])
      expect(decideLoan(repeat, loan)).toEqual({ accepted: true, events: [] });
    expect(decideLoan(takeBack('2'), loan)).toMatchObject({
      accepted: false,
      rejection: 'loan/payment-unknown',
    });
    expect(decideLoan(takeBack('1'), initialLoan)).toMatchObject({ accepted: false });
  });

  it('in any order with payments: the loan and the books agree to the cent, and replay agrees with both', () => {
    const step = fc.record({
      payment: fc.integer({ min: 0, max: 5 }),
      cents: fc.integer({ min: 1, max: 1_500_000 }),
      back: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 14 }), (steps) => {
        let { events, loan } = run(...ACTIVE);
        for (const { payment, cents, back } of steps) {
          const amount = `${String(Math.floor(cents / 100))}.${String(cents % 100).padStart(2, '0')}`;
          const id = String(payment);
          const decision = decideLoan(back ? takeBack(id) : pay(id, amount), loan);
          if (!decision.accepted) continue;
          loan = decision.events.reduce(evolveLoan, loan);
          events = [...events, ...decision.events];
        }
        const rows = loan.math?.rows ?? [];
        const paid = (key: 'principalMinor' | 'interestMinor'): bigint =>
          rows.reduce((sum, row) => sum + row.paid[key], 0n);
        expect(paid('principalMinor')).toBe(booked(events, 'principal'));
        expect(paid('interestMinor')).toBe(booked(events, 'interest'));
        expect(loan.math?.overpaidMinor).toBe(booked(events, 'overpayment'));
        const parts = PARTS.reduce((sum, part) => sum + booked(events, part), 0n);
        expect(parts).toBe(booked(events, 'amount'));
        for (const { due, paid: part } of rows) {
          expect(part.principalMinor >= 0n && part.principalMinor <= due.principalMinor).toBe(true);
          expect(part.interestMinor >= 0n && part.interestMinor <= due.interestMinor).toBe(true);
        }
        const stored = JSON.parse(JSON.stringify(events)) as LoanEvent[];
        expect(stored.reduce(evolveLoan, initialLoan)).toEqual(loan);
      }),
      { seed: 7, numRuns: 150 },
    );
  });
});

const raise = (): never => {
  throw new Error('an active loan has figures');
};
