import { withoutAddresses } from './addresses.js';

describe('what a provider said', () => {
  it.each([
    ['550 5.1.1 <Asha.O@example.test> no such user', '550 5.1.1 <[address]> no such user'],
    ['asha+loans@example.test, off@example.test', '[address] [address]'],
    ['Invalid phone number +254700000001', 'Invalid phone number [number]'],
    ['connect ECONNREFUSED 127.0.0.1:3025', 'connect ECONNREFUSED 127.0.0.1:3025'],
  ])('%s is kept without whom it is about', (said, kept) => {
    expect(withoutAddresses(said)).toBe(kept);
  });
});
