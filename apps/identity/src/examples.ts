// Answers as the platform gave them to one loan of KES 25,000: shown in the document of the API.

/** What a login gives. */
export const TOKENS = {
  accessToken: 'eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.…',
  refreshToken: 'the refresh token',
  tokenType: 'Bearer',
  expiresIn: 900,
};

/** Who somebody is. */
export const ME = {
  userId: '0198c2f0-0000-7000-8000-000000000001',
  email: 'asha@example.test',
  name: 'Asha Otieno',
  phone: '254700000001',
  roles: ['customer'],
  emailVerified: true,
  profile: {
    employment: 'employed',
    dateOfBirth: '1990-05-17',
    monthlyIncome: { amount: '60000.00', currency: 'KES' },
  },
  permissions: ['products:read'],
};

/** A session. */
export const SESSION = {
  id: '0198c2f0-0000-7000-8000-000000000003',
  ip: '127.0.0.1',
  userAgent: 'node',
  createdAt: '2026-01-31T09:22:39.471Z',
  lastSeenAt: '2026-01-31T09:22:39.471Z',
  revokedAt: null,
  current: true,
};

/** A tenant. */
export const TENANT = {
  id: '0198c2f0-0000-7000-8000-000000000004',
  slug: 'demo',
  name: 'Demo Lender',
  timeZone: 'Africa/Nairobi',
  currency: 'KES',
};

/** A business date beside the date of the clock. */
export const DATES = { date: '2026-02-28', clockDate: '2026-01-31' };

/** A public key (RFC 8037). */
export const KEY = {
  kty: 'OKP',
  crv: 'Ed25519',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  kid: '0198c2f0-0000-7000-8000-000000000009',
  alg: 'EdDSA',
  use: 'sig',
};
