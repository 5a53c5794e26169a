import { disbursementRequested, transactionPosted } from '@daftari/contracts';
import { deterministicId } from '@daftari/kernel';
import { eventually } from '@daftari/testing';
import { PaymentsDriver } from './testing/payments-driver.js';

const driver = new PaymentsDriver();
const { daraja, loanId } = driver;
beforeAll(() => driver.start({ DARAJA_TENANT_ID: deterministicId('tenant', 'of the merchant') }));
afterAll(() => driver.stop());

describe('a tenant that the merchant account does not belong to', () => {
  it('collects nothing through it', async () => {
    const amount = { amount: '100.00', currency: 'KES' };
    const { status, body } = await driver.call('customer', '/v1/payments', {
      ...{ loanId, amount, phone: '254700000000' },
    });
    expect([status, body.metadata.code]).toEqual([409, 'payment/no-merchant-account']);
    expect(await driver.rows('select 1 from read_payments')).toEqual([]);
  });

  it('pays nobody out of it: the payout is declined, and its reservation released', async () => {
    const loan = deterministicId('loan', 'not ours');
    const asked = {
      ...disbursementRequested.example,
      loanId: loan,
      accountReference: 'LN10000009',
    };
    await driver.publish(disbursementRequested, asked, 'ask', '7');
    const when = (wanted: string) =>
      eventually(async () => {
        const { data } = (await driver.call('staff', `/v1/disbursements/${loan}`)).body;
        return data?.status === wanted && data;
      });
    const id = String((await when('reserving')).disbursementId);
    await driver.publish(transactionPosted, {
      ...{ ...transactionPosted.example, kind: 'disbursement-reserved', loanId: loan },
      ...{ transactionId: deterministicId('disbursement-reserved', id), paymentId: id },
    });
    expect((await when('releasing')).reason).toContain('no merchant account');
    expect(daraja.asked).toEqual([]);
  });
});
