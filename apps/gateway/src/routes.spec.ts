import { loggablePath, routeOf, VERSIONS } from './routes.js';

describe('routes', () => {
  it.each([
    ['/api/v1/loans/1?x=2', { upstream: 'origination', path: '/v1/loans/1?x=2', access: 'token' }],
    ['/api/v1/auth/login/', { upstream: 'identity', path: '/v1/auth/login', access: 'public' }],
    ['/api/v1/ledger/journal', { upstream: 'ledger', path: '/v1/ledger/journal', access: 'token' }],
    [
      '/hooks/daraja/token/s',
      { upstream: 'payments', path: '/hooks/daraja/token/s', access: 'callback' },
    ],
  ])('%s', (url, route) => {
    expect(routeOf(url)).toEqual(route);
  });

  it('serves a second version beside the first, which stays as it is', () => {
    const both = { ...VERSIONS, v2: { loans: 'reporting', auth: 'identity' } } as const;
    expect(routeOf('/api/v2/loans/1/?x=2', both)).toEqual({
      ...{ upstream: 'reporting', path: '/v2/loans/1?x=2', access: 'token' },
    });
    expect(routeOf('/api/v2/payments', both)).toBeUndefined();
    expect(routeOf('/api/v2/auth/login', both)?.access).toBe('token');
    for (const url of ['/api/v1/loans/1', '/api/v1/auth/login', '/api/v1/nothing'])
      expect(routeOf(url, both)).toEqual(routeOf(url));
  });

  it.each([
    '/api/v1/internal/users/1',
    '/internal/sessions/1',
    '/api/v1/loans/../../internal',
    '/api/v2/loans',
    '/api/v1/constructor',
    '/',
  ])('%s leads nowhere', (url) => {
    expect(routeOf(url)).toBeUndefined();
  });

  it.each([
    ['/api/v1/auth/verify-email?token=abc', '/api/v1/auth/verify-email'],
    ['/hooks/daraja/0123456789abcdef/s/7', '/hooks/daraja/:token/s/7'],
    ['/hooks/daraja/0123456789abcdef', '/hooks/daraja/:token'],
  ])('%s is logged without its secret', (url, path) => {
    expect(loggablePath(url)).toBe(path);
  });
});
