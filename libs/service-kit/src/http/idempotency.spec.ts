import { fingerprintOf } from './idempotency.js';

describe('the fingerprint of a body', () => {
  it('is the same whatever the order of its fields, and another for another value', () => {
    const one = fingerprintOf({ amount: '1.00', to: { phone: '254', name: 'A' } });
    expect(fingerprintOf({ to: { name: 'A', phone: '254' }, amount: '1.00' })).toBe(one);
    expect(fingerprintOf({ to: { name: 'B', phone: '254' }, amount: '1.00' })).not.toBe(one);
  });

  it('tells nothing of a password', () => {
    const bodies = [
      { email: 'a@b.test', password: 'one' },
      { email: 'a@b.test', password: 'two' },
    ];
    const [one, two] = bodies.map(fingerprintOf);
    expect(two).toBe(one);
    expect(fingerprintOf({ email: 'a@b.test' })).toBe(one);
  });

  it.each([[undefined], [null], [[1, 2]], ['text'], [7], [{}]])('is there for %j', (body) => {
    expect(fingerprintOf(body)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('tells lists apart', () => {
    expect(fingerprintOf([1, 2])).not.toBe(fingerprintOf([2, 1]));
  });
});
