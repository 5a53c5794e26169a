import { assertMessage } from '@daftari/contracts';
import type { GlobalPosition, RecordedEvent } from '@daftari/event-store';
import { deterministicId } from '@daftari/kernel';
import type { LoanEvent } from './loan/domain/loan.js';
import { translate } from './translate.js';

const id = (name: string): string => deterministicId('test', name);
const ref = { loanId: id('loan'), customerId: id('customer'), accountReference: 'LN00000001' };
const tenantId = id('tenant');
const recorded = (type: string, data: unknown): RecordedEvent => ({
  id: id(type),
  type,
  data,
  metadata: { tenantId, correlationId: id('correlation') },
  stream: `loan-${ref.loanId}`,
  revision: 3n,
  position: 'pg:00000000000000000001' as GlobalPosition,
  recordedAt: new Date('2026-02-28T08:00:00Z'),
});
const kes = { amount: '100.00', currency: 'KES' };
const paid = { disbursedOn: '2026-01-31', disbursementReference: 'R1' };
const allocated: Extract<LoanEvent, { type: 'RepaymentAllocated' }>['data'] = {
  ...ref,
  paymentId: id('payment'),
  receipt: 'S1',
  effectiveOn: '2026-02-28',
  currency: 'KES',
  amount: '100.00',
  principal: '80.00',
  interest: '20.00',
  fees: '0.00',
  penalties: '0.00',
  overpayment: '0.00',
  outstanding: '0.00',
  nextDueOn: null,
  nextDueAmount: null,
  installments: [],
};
const reversed = {
  ...allocated,
  ...{ providerReference: 'RV1', reason: 'by mistake', effectiveOn: '2026-03-01' },
};
const submitted = {
  applicationId: id('application'),
  customerId: ref.customerId,
  product: { productId: id('product') },
  principal: kes,
  numberOfInstallments: 3,
};
const decided = { applicationId: id('application'), customerId: ref.customerId };

describe('what is published', () => {
  it.each([
    ['ApplicationSubmitted', submitted, ['application-submitted']],
    ['ApplicationScored', {}, []],
    ['ApplicationReviewStarted', {}, []],
    ['ApplicationApproved', { ...decided, loanId: ref.loanId }, ['application-decided']],
    ['ApplicationRejected', { ...decided, reason: 'a', nextSteps: 'b' }, ['application-decided']],
    ['LoanCreated', { ...ref, approvedOn: '2026-01-30' }, ['loan-status-changed']],
    [
      'DisbursementRequested',
      { ...ref, commandId: 'c', principal: kes, phone: '254700000001', effectiveOn: '2026-01-31' },
      ['disbursement-requested'],
    ],
    ['DisbursementFailed', { ...ref, reason: 'r', on: '2026-01-31' }, ['loan-status-changed']],
    ['LoanDisbursed', { ...ref, ...paid }, ['loan-status-changed']],
    [
      'LoanActivated',
      { ...ref, ...paid, currency: 'KES', principal: '100.00', installments: [] },
      ['loan-activated', 'loan-status-changed'],
    ],
    ['RepaymentAllocated', allocated, ['repayment-allocated', 'post-transaction']],
    [
      'RepaymentReversed',
      { ...reversed, reopened: false },
      ['repayment-reversed', 'post-transaction'],
    ],
    [
      'RepaymentReversed',
      { ...reversed, reopened: true },
      ['repayment-reversed', 'post-transaction', 'loan-status-changed'],
    ],
    ['LoanCompleted', { ...ref, completedOn: '2026-02-28' }, ['loan-status-changed']],
    ['LoanDefaulted', { ...ref, defaultedOn: '2026-02-28', reason: 'r' }, ['loan-status-changed']],
    ['ProductPublished', {}, []],
  ])('of %s keeps the published schemas', (type, data, names) => {
    const messages = translate(recorded(type, data));
    for (const message of messages) assertMessage(message);
    expect(messages.map((m) => m.type.split('.')[2])).toEqual(names);
    expect(new Set(messages.map((m) => m.id)).size).toBe(messages.length);
  });

  it('asks the ledger once per payment, in the order of the tenant', () => {
    const [, command] = translate(recorded('RepaymentAllocated', allocated));
    expect(command?.key).toBe(tenantId);
    expect(command?.data).toMatchObject({
      transactionId: deterministicId('repayment-allocated', allocated.paymentId),
      kind: 'repayment-allocated',
      amounts: { amount: '100.00', principal: '80.00', interest: '20.00', overpayment: '0.00' },
    });
  });

  it('asks the ledger for the mirror of what a payment had paid when it is taken back', () => {
    const event = recorded('RepaymentReversed', { ...reversed, reopened: true });
    const [, command, status] = translate(event);
    expect(command?.data).toMatchObject({
      transactionId: deterministicId('repayment-deallocated', allocated.paymentId),
      kind: 'repayment-deallocated',
      amounts: { amount: '100.00', principal: '80.00', interest: '20.00', overpayment: '0.00' },
      effectiveOn: '2026-03-01',
      reference: 'RV1',
    });
    expect(status?.data).toMatchObject({ status: 'active', on: '2026-03-01' });
  });

  it('names the vendor of an application', () => {
    const vendorId = id('vendor');
    const [sent] = translate(recorded('ApplicationSubmitted', { ...submitted, vendorId }));
    const [decision] = translate(
      recorded('ApplicationRejected', { ...decided, vendorId, reason: 'a', nextSteps: 'b' }),
    );
    expect([sent, decision].map((message) => message?.data)).toEqual([
      expect.objectContaining({ vendorId }),
      expect.objectContaining({ vendorId }),
    ]);
  });

  it('is the same for the same event', () => {
    const event = recorded('RepaymentAllocated', allocated);
    expect(translate(event)).toEqual(translate(event));
  });
});
