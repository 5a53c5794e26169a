/** The services behind the gateway. */
export type Upstream =
  'identity' | 'origination' | 'ledger' | 'payments' | 'notifications' | 'reporting';

/** Which service answers which first path segment below /api/<version>. */
export type Owners = Readonly<Record<string, Upstream>>;

const V1: Owners = {
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
  announcements: 'notifications',
  jobs: 'notifications',
  'job-batches': 'notifications',
  reports: 'reporting',
  'dead-letters': 'reporting',
};

/** Every version of the API that is served; another one is another entry. */
export const VERSIONS: Readonly<Record<string, Owners>> = { v1: V1 };

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
export const routeOf = (url: string, versions = VERSIONS): Route | undefined => {
  const [rawPath = '', query] = url.split('?', 2);
  const path = rawPath.replace(/\/+$/, '');
  const suffix = query === undefined ? '' : `?${query}`;
  if (path.includes('..') || path.includes('//')) return undefined;
  if (path.startsWith('/hooks/'))
    return { upstream: 'payments', path: path + suffix, access: 'callback' };
  const [, own = '', version = '', first = ''] =
    /^\/api(\/(v\d+)\/([a-z-]+)(?:\/.*)?)$/.exec(path) ?? [];
  const owners = Object.hasOwn(versions, version) ? versions[version] : undefined;
  const upstream = owners && Object.hasOwn(owners, first) ? owners[first] : undefined;
  if (!upstream) return undefined;
  return { upstream, path: own + suffix, access: PUBLIC.has(own) ? 'public' : 'token' };
};

/** A request's path as it may stand in a log: without its query, and without the token of a callback. */
export const loggablePath = (url: string): string =>
  (url.split('?', 1)[0] ?? '').replace(/^(\/hooks\/[^/]+\/)[^/]+/, '$1:token');
