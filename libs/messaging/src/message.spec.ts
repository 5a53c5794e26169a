import { ContractViolation } from '@daftari/kernel';
import { fromBusMessage, PoisonMessage, toBusMessage } from './message.js';
import { delivered, integrationMessage } from './test-messages.js';

describe('a message on the bus', () => {
  const full = integrationMessage('m-1', {
    subject: 'payment/1',
    causationId: 'm-0',
    sequence: '7',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    data: { amount: { amount: '25.00', currency: 'EUR' }, note: 'ünïcode' },
  });

  it('comes back as it was sent, with and without what is optional', () => {
    for (const message of [full, integrationMessage('m-2')])
      expect(fromBusMessage(delivered(toBusMessage(message)))).toEqual(message);
  });

  it('is CloudEvents 1.0 in binary mode', () => {
    const { key, value, headers } = toBusMessage(full);
    expect(key).toBe('payment-1');
    expect(JSON.parse(String(value))).toEqual(full.data);
    expect(headers).toEqual({
      ce_specversion: '1.0',
      ce_id: 'm-1',
      ce_source: '/daftari/payments',
      ce_type: 'daftari.payments.payment-settled.v1',
      ce_time: '2026-01-02T03:04:05.000Z',
      ce_subject: 'payment/1',
      ce_tenantid: 'acme',
      ce_correlationid: 'c-1',
      ce_causationid: 'm-0',
      ce_sequence: '7',
      ce_partitionkey: 'payment-1',
      'content-type': 'application/json',
      traceparent: full.traceparent,
    });
  });

  const sent = toBusMessage(full);
  const malformed = [
    ['without an id', { headers: { ce_specversion: '1.0' } }],
    ['with an empty tenant', { headers: { ...sent.headers, ce_tenantid: '' } }],
    ['of another CloudEvents version', { headers: { ...sent.headers, ce_specversion: '0.3' } }],
    ['with a time that is none', { headers: { ...sent.headers, ce_time: 'yesterday' } }],
    ['without a value', { value: null }],
    ['with broken JSON', { value: Buffer.from('{"a":') }],
  ] as const;
  it.each(malformed)('%s is poison', (_, change) => {
    const read = (): unknown => fromBusMessage(delivered({ ...sent, ...change }));
    expect(read).toThrow(PoisonMessage);
    expect(read).toThrow(ContractViolation);
  });
});
