import type { RecordedEvent } from '@daftari/event-store';
import { deterministicId } from '@daftari/kernel';
import { MESSAGES } from '@daftari/contracts';
import { translate } from './translate.js';

const id = deterministicId('payment', '1');
const loanId = deterministicId('loan', '1');
const customerId = deterministicId('user', '1');
const tenantId = deterministicId('tenant', '1');
const order = {
  paymentId: id,
  ...{ loanId, customerId, method: 'mpesa-c2b', phone: '', accountReference: 'LN1' },
  amount: { amount: '60.00', currency: 'KES' },
};
const payout = {
  disbursementId: id,
  ...{ loanId, customerId, phone: '254700000001', effectiveOn: '2026-01-31' },
  amount: { amount: '25000.00', currency: 'KES' },
};
const recorded = (stream: string, type: string, data: object): RecordedEvent =>
  ({
    id: deterministicId('event', type),
    stream: `${stream}-${id}`,
    revision: 3n,
    type,
    data,
    metadata: { tenantId, correlationId: 'c' },
    recordedAt: new Date(0),
  }) as unknown as RecordedEvent;
const said = (event: RecordedEvent) =>
  translate(event).map(({ type, key, data }) => ({
    type: type.split('.').at(-2),
    key,
    data: data as Record<string, unknown>,
    known: MESSAGES.has(type),
  }));

const reversal = {
  ...{ receipt: 'R1', providerReference: 'RV1', reason: 'by mistake', effectiveOn: '2026-03-01' },
};

describe('what payments tells the others', () => {
  it('of a reversal: the ledger posts it back, and the loan owes it again', () => {
    const messages = said(recorded('payment', 'PaymentReversed', { ...order, ...reversal }));
    expect(messages.map(({ type, key, known }) => [type, key, known])).toEqual([
      ['post-transaction', tenantId, true],
      ['payment-reversed', loanId, true],
      ['payment-status-changed', id, true],
    ]);
    expect(messages[0]?.data).toMatchObject({
      transactionId: deterministicId('repayment-reversed', id),
      kind: 'repayment-reversed',
      amounts: { amount: '60.00' },
      effectiveOn: '2026-03-01',
      reference: 'RV1',
    });
    expect(messages[1]?.data).toMatchObject({ paymentId: id, loanId, ...reversal });
  });

  it('of a reversal out of suspense: no loan hears of it', () => {
    const nobodys = { ...order, ...reversal, loanId: null, customerId: null };
    const types = said(recorded('payment', 'PaymentReversed', nobodys)).map(({ type }) => type);
    expect(types).toEqual(['post-transaction', 'payment-status-changed']);
  });

  it('of an allocation: the loan gets the money, and the ledger, which has it, posts nothing again', () => {
    const data = { ...order, receipt: 'R1', effectiveOn: '2026-02-28', reason: 'a typo' };
    const messages = said(recorded('payment', 'PaymentAllocated', data));
    expect(messages.map(({ type, key }) => [type, key])).toEqual([
      ['payment-settled', loanId],
      ['payment-status-changed', id],
    ]);
  });

  it('of a recovered payout: its money is reserved a second time, under an id of its own', () => {
    const data = { ...payout, receipt: 'R1', note: 'seen' };
    const [ask, ...more] = said(recorded('disbursement', 'PayoutRecovered', data));
    expect(more).toEqual([]);
    expect(ask?.data).toMatchObject({
      kind: 'disbursement-reserved',
      transactionId: deterministicId('disbursement-reserved', id, 'recovery'),
    });
    const [paid] = said(recorded('disbursement', 'RecoveryReserved', data));
    expect(paid?.data).toMatchObject({
      kind: 'disbursement-paid',
      transactionId: deterministicId('disbursement-paid', id),
      reference: 'R1',
    });
  });

  it.each(['RefundMarked', 'CallbackReported'])('nothing of %s', (type) => {
    expect(translate(recorded('payment', type, { ...order, reason: 'x' }))).toEqual([]);
  });
});
