import { parseProfile } from './customer-profiles.js';

describe("identity's answer", () => {
  it('gives figures, and nothing that names the person', () => {
    const figures = parseProfile({
      userId: 'u',
      tenantId: 't',
      email: 'asha@example.test',
      name: 'Asha Otieno',
      phone: '254700000001',
      emailVerified: true,
      profile: { monthlyIncome: { amount: '50000.00', currency: 'KES' }, employment: 'employed' },
    });
    expect(figures).toEqual({
      tenantId: 't',
      emailVerified: true,
      monthlyIncome: { amount: '50000.00', currency: 'KES' },
      employed: true,
    });
  });

  it.each([
    ['employed', true],
    ['self-employed', true],
    ['unemployed', false],
    ['retired', false],
    [undefined, false],
  ])('counts %s as employed: %s', (employment, employed) => {
    expect(parseProfile({ profile: { employment } }).employed).toBe(employed);
  });

  it.each([[null], ['text'], [{}], [{ profile: null }], [{ profile: { monthlyIncome: '5' } }]])(
    'that lacks the figures (%j) gives none',
    (answer) => {
      expect(parseProfile(answer)).toMatchObject({ emailVerified: false, monthlyIncome: null });
    },
  );
});
