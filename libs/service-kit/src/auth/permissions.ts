const OFFICER = [
  'products:manage',
  'products:read',
  'applications:read',
  'applications:review',
  'applications:decide',
  'loans:read',
  'loans:disburse',
  'payments:read',
  'reports:read',
  'customers:read',
  'profile:manage',
  'notifications:read',
  'announcements:send',
] as const;

/** What each role may do. Every route names the permission that it needs. */
export const ROLE_PERMISSIONS = {
  customer: [
    'products:read',
    'applications:create',
    'applications:read-own',
    'loans:read-own',
    'payments:create-own',
    'payments:read-own',
    'profile:manage',
    'notifications:read',
  ],
  vendor: ['products:read', 'profile:manage'],
  agent: ['products:read', 'profile:manage'],
  staff: OFFICER,
  admin: [...OFFICER, 'users:manage', 'ledger:post', 'ledger:read'],
  auditor: [
    'products:read',
    'ledger:read',
    'ledger:verify',
    'audit:read',
    'applications:read',
    'loans:read',
    'payments:read',
    'reports:read',
    'profile:manage',
  ],
  operator: [
    'products:read',
    'calendar:advance',
    'dead-letters:manage',
    'jobs:manage',
    'payments:operate',
    'payments:read',
    'loans:read',
    'reports:read',
    'profile:manage',
    'ledger:read',
  ],
} as const satisfies Record<string, readonly string[]>;

/** A role's name. */
export type Role = keyof typeof ROLE_PERMISSIONS;
/** A permission's name, `<what>:<verb>`. */
export type Permission = (typeof ROLE_PERMISSIONS)[Role][number];

/** Permissions that move money or bind somebody to move it: only for users whose e-mail address is verified. */
export const MONEY_PERMISSIONS: ReadonlySet<Permission> = new Set<Permission>([
  'applications:create',
  'applications:decide',
  'loans:disburse',
  'payments:create-own',
  'payments:operate',
  'ledger:post',
]);

/** Every role. */
export const ROLES = Object.keys(ROLE_PERMISSIONS) as readonly Role[];

/** All that a user with these roles may do; unknown roles give nothing. */
export const permissionsOf = (roles: readonly string[]): ReadonlySet<Permission> =>
  new Set(
    ROLES.filter((role) => roles.includes(role)).flatMap(
      (role): readonly Permission[] => ROLE_PERMISSIONS[role],
    ),
  );
