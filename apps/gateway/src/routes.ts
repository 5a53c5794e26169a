/** The services behind the gateway. */
export type Upstream =
  'identity' | 'origination' | 'ledger' | 'payments' | 'notifications' | 'reporting';

/** Which service answers which first path segment below /api/v1. */
const OWNERS: Readonly<Record<string, Upstream>> = {
  auth: 'identity',
  me: 'identity',
  users: 'identity',
  tenant: 'identity',
  'business-date': 'identity',
  products: 'origination',
  applications: 'origination',
  loans: 'origination',
  ledger: 'ledger',
  audit: 'ledger',
  payments: 'payments',
  disbursements: 'payments',
  notifications: 'notifications',
  reports: 'reporting',
  'dead-letters': 'reporting',
};

/** Paths that need no token. */
const PUBLIC = new Set([
  '/v1/auth/login',
  '/v1/auth/register',
  '/v1/auth/refresh',
  '/v1/auth/verify-email',
  '/v1/auth/jwks',
]);

/** Where a request goes. */
export interface Route {
  readonly upstream: Upstream;
  /** Path and query at the service. */
  readonly path: string;
  readonly access: 'token' | 'public' | 'callback';
}

/** The route of a request's path and query; undefined when there is none. Trailing slashes do not count. */
export const routeOf = (url: string): Route | undefined => {
  const [rawPath = '', query] = url.split('?', 2);
  const path = rawPath.replace(/\/+$/, '');
  const suffix = query === undefined ? '' : `?${query}`;
  if (path.includes('..') || path.includes('//')) return undefined;
  if (path.startsWith('/hooks/'))
    return { upstream: 'payments', path: path + suffix, access: 'callback' };
  const match = /^\/api(\/v1\/([a-z-]+)(?:\/.*)?)$/.exec(path);
  const upstream = Object.hasOwn(OWNERS, match?.[2] ?? '') ? OWNERS[match?.[2] ?? ''] : undefined;
  if (!match?.[1] || !upstream) return undefined;
  return { upstream, path: match[1] + suffix, access: PUBLIC.has(match[1]) ? 'public' : 'token' };
};

/** A request's path as it may stand in a log: without its query, and without the token of a callback. */
export const loggablePath = (url: string): string =>
  (url.split('?', 1)[0] ?? '').replace(/^(\/hooks\/[^/]+\/)[^/]+/, '$1:token');
