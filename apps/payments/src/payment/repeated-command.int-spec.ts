import { deterministicId } from '@daftari/kernel';
import { PaymentsDriver } from '../testing/payments-driver.js';

const driver = new PaymentsDriver();

beforeAll(() => driver.start(), 120_000);
afterAll(() => driver.stop(), 30_000);

it('gives a repeat its answer, although the payment that it started has paid the loan off meanwhile', async () => {
  const loanId = deterministicId('loan', 'paid-off');
  const body = { loanId, amount: { amount: '100.00', currency: 'KES' }, phone: '254700000000' };
  const pay = (key: string) => driver.call('customer', '/v1/payments', body, { key });
  await driver.loan(loanId, 'LN10000009', 'active', '1');
  const first = await pay('the-key');
  expect(first.status).toBe(202);

  // The process died after the effect and before the answer was kept: its claim of the key runs out.
  await driver.rows(
    "update idempotency set status = null, body = null, lease_until = now() - interval '1 second'",
  );
  await driver.loan(loanId, 'LN10000009', 'completed', '2');

  const again = await pay('the-key');
  expect([again.status, again.body.data]).toEqual([202, first.body.data]);
  expect(
    (await driver.eventsOf(`payment-${String(first.body.data.paymentId)}`)).slice(0, 1),
  ).toEqual(['PaymentInitiated']);
  expect((await pay('another-key')).body.metadata.code).toBe('payment/loan-not-active');
});
