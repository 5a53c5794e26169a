import { Type } from '@sinclair/typebox';
import { type DataOf, defineMessage, Id, Text } from './define.js';
import { TOPIC } from './topics.js';

const userId = '0198c2f0-0000-7000-8000-000000000001';

/** A user exists or its contact details changed; carries the whole contact. */
export const userChanged = defineMessage({
  type: 'daftari.identity.user-changed.v1',
  topic: TOPIC.userV1,
  summary: 'A user was registered, verified, or changed its profile.',
  schema: Type.Object({
    userId: Id,
    email: Text,
    phone: Type.Union([Text, Type.Null()]),
    name: Text,
    roles: Type.Array(Text),
    emailVerified: Type.Boolean(),
  }),
  example: {
    userId,
    email: 'asha@example.test',
    phone: '254700000001',
    name: 'Asha Otieno',
    roles: ['customer'],
    emailVerified: true,
  },
});
export type UserChanged = DataOf<typeof userChanged>;

/** A mail with a verification link is to be sent. */
export const emailVerificationRequested = defineMessage({
  type: 'daftari.identity.email-verification-requested.v1',
  topic: TOPIC.userV1,
  summary: 'A user must confirm the e-mail address by the link.',
  schema: Type.Object({
    userId: Id,
    email: Text,
    name: Text,
    verifyUrl: Text,
    expiresAt: Type.String(),
  }),
  example: {
    userId,
    email: 'asha@example.test',
    name: 'Asha Otieno',
    verifyUrl: 'http://127.0.0.1:3000/api/v1/auth/verify-email?token=x',
    expiresAt: '2026-01-02T00:00:00Z',
  },
});
export type EmailVerificationRequested = DataOf<typeof emailVerificationRequested>;

/** A tenant exists or its settings or business date changed; carries the whole setting. */
export const tenantChanged = defineMessage({
  type: 'daftari.identity.tenant-changed.v1',
  topic: TOPIC.tenantV1,
  summary: 'A tenant was made, or its calendar moved.',
  schema: Type.Object({
    tenantId: Id,
    name: Text,
    timeZone: Text,
    currency: Text,
    businessDateOffsetDays: Type.Integer(),
  }),
  example: {
    tenantId: userId,
    name: 'Demo Lender',
    timeZone: 'Africa/Nairobi',
    currency: 'KES',
    businessDateOffsetDays: 0,
  },
});
export type TenantChanged = DataOf<typeof tenantChanged>;
