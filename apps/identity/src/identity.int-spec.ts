import { createHash } from 'node:crypto';
import { jest } from '@jest/globals';
import { tenantChanged, userChanged } from '@daftari/contracts';
import { addDays, deterministicId, localDate } from '@daftari/kernel';
import { purgeTable } from '@daftari/messaging';
import { createService, ROLES } from '@daftari/service-kit';
import { eventually } from '@daftari/testing';
import { service } from './service.js';
import { tenantCommand } from './tenant/create-tenant.js';
import { IdentityDriver, PASSWORD } from './testing/identity-driver.js';

const DEMO = deterministicId('tenant', 'demo');
const HOUR_MS = 3_600_000;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

let identity: IdentityDriver;
beforeAll(async () => {
  identity = await IdentityDriver.start();
});
afterAll(async () => {
  await identity.stop();
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** From now on the clock of the first instance is this much ahead. */
const later = (ms: number): void => {
  jest.spyOn(identity.clock, 'now').mockImplementation(() => new Date(Date.now() + ms));
};
const tokenOf = async (role: string): Promise<string> =>
  String((await identity.login(`${role}@demo.daftari.test`)).data.accessToken);
const refresh = (refreshToken: string, at: 0 | 1 = 0) =>
  identity.call('/v1/auth/refresh', { body: { refreshToken }, at });
const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;

describe('a login', () => {
  it('gives an access token of fifteen minutes and a refresh token, and the token opens every instance', async () => {
    const { status, data } = await identity.login('Staff@Demo.daftari.test');
    expect(status).toBe(200);
    expect(data).toMatchObject({ tokenType: 'Bearer', expiresIn: 900 });
    const { tid, roles, email_verified, exp, iat } = claimsOf(data.accessToken);
    expect([tid, roles, email_verified]).toEqual([DEMO, ['staff'], true]);
    expect(Number(exp) - Number(iat)).toBe(900);
    for (const at of [0, 1] as const) {
      const me = await identity.call('/v1/auth/me', { token: data.accessToken, at });
      expect([me.status, me.data.email]).toEqual([200, 'staff@demo.daftari.test']);
    }
  });

  it('refuses a wrong password, a wrong address and a wrong tenant with one answer', async () => {
    const answers = [
      await identity.login('agent@demo.daftari.test', { password: 'wrong' }),
      await identity.login('nobody@demo.daftari.test'),
      await identity.login('agent@demo.daftari.test', { tenant: 'other' }),
    ];
    expect(answers.map(({ status, code }) => [status, code])).toEqual(
      answers.map(() => [401, 'auth/invalid-credentials']),
    );
  });

  it('is throttled by account and address over all instances, and nobody else is locked out by it', async () => {
    const victim = 'vendor@demo.daftari.test';
    const headers = { 'x-client-ip': '198.51.100.1' };
    for (let i = 0; i < 10; i++) {
      const at = i % 2 === 0 ? 0 : 1;
      expect((await identity.login(victim, { password: 'guess', headers, at })).status).toBe(401);
    }
    for (const at of [0, 1] as const) {
      const right = await identity.login(victim, { headers, at });
      expect([right.status, right.code]).toEqual([429, 'auth/too-many-attempts']);
    }
    expect((await identity.login(victim)).status).toBe(200);
    expect((await identity.login('agent@demo.daftari.test', { headers })).status).toBe(200);
  });

  it('counts failures for a minute, under a digest, and purges them', async () => {
    const { email } = await identity.register('throttled');
    const headers = { 'x-client-ip': '198.51.100.2' };
    for (let i = 0; i < 10; i++) await identity.login(email, { password: 'guess', headers });
    expect((await identity.login(email, { headers })).status).toBe(429);
    const key = sha256(`198.51.100.2|demo|${email}`);
    const age = (ms: number) =>
      identity.db.query('update login_failure set expire = expire - $2 where key = $1', [key, ms]);
    expect((await age(60_000)).rowCount).toBe(1);
    expect((await identity.login(email, { headers })).status).toBe(200);
    await age(2 * 24 * HOUR_MS);
    const [failures] = service.expiring ?? [];
    if (!failures) throw new Error('failures are kept for ever');
    expect(await purgeTable(identity.db, failures)).toBe(1);
    expect(await purgeTable(identity.db, failures)).toBe(0);
  });

  it('keeps no password and no refresh token that could be read', async () => {
    const { data } = await identity.login('agent@demo.daftari.test');
    const { rows } = await identity.db.query<{ dump: string }>(
      `select (select string_agg(u::text, ' ') from app_user u) || (select string_agg(r::text, ' ') from refresh_token r)
         || (select string_agg(s::text, ' ') from session s) || (select string_agg(k::text, ' ') from signing_key k) as dump`,
    );
    const dump = rows[0]?.dump ?? '';
    expect(dump).toContain('$argon2id$v=19$m=19456,t=2,p=1$');
    expect(dump).toContain(sha256(data.refreshToken));
    for (const secret of [PASSWORD, data.refreshToken, '"d":']) expect(dump).not.toContain(secret);
  });
});

describe('a refresh token', () => {
  it('works once, at any instance, and gives the next one', async () => {
    const first = (await identity.login('agent@demo.daftari.test')).data;
    const second = await refresh(first.refreshToken, 1);
    expect(second.status).toBe(200);
    expect(claimsOf(second.data.accessToken).sid).toBe(claimsOf(first.accessToken).sid);
    expect((await refresh(second.data.refreshToken)).status).toBe(200);
  });

  it('that is used again ends its session: the thief and the owner are both out', async () => {
    const first = (await identity.login('agent@demo.daftari.test')).data;
    const second = (await refresh(first.refreshToken)).data;
    const reused = await refresh(first.refreshToken, 1);
    expect([reused.status, reused.code]).toEqual([401, 'auth/invalid-refresh-token']);
    const next = await refresh(second.refreshToken);
    expect([next.status, next.code]).toEqual([401, 'auth/invalid-refresh-token']);
    expect(await isActive(String(claimsOf(second.accessToken).sid))).toEqual([false, false]);
  });

  it('that two send at once is taken once', async () => {
    const { refreshToken } = (await identity.login('agent@demo.daftari.test')).data;
    const answers = await Promise.all([0, 1, 0, 1].map((at) => refresh(refreshToken, at as 0 | 1)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('that is wrong, or expired, is refused', async () => {
    expect((await refresh('x'.repeat(43))).code).toBe('auth/invalid-refresh-token');
    const { refreshToken } = (await identity.login('agent@demo.daftari.test')).data;
    await identity.db.query('update refresh_token set expires_at = now() where hash = $1', [
      sha256(refreshToken),
    ]);
    expect((await refresh(refreshToken)).code).toBe('auth/invalid-refresh-token');
  });
});

/** What each instance says of a session to the gateway. */
const isActive = async (sessionId: string): Promise<boolean[]> => {
  const headers = { 'x-internal-key': identity.env.INTERNAL_KEY ?? '' };
  const answers = await Promise.all(
    ([0, 1] as const).map((at) =>
      identity.call(`/internal/sessions/${sessionId}`, { headers, at }),
    ),
  );
  return answers.map(({ data }) => data.active as boolean);
};

describe('a session', () => {
  it('has device, address, user agent and when it was last seen, for its owner alone', async () => {
    const headers = { 'x-client-ip': '198.51.100.20', 'user-agent': 'Phone/1' };
    const { accessToken } = (await identity.login('auditor@demo.daftari.test', { headers })).data;
    const { data } = await identity.call('/v1/auth/sessions', { token: accessToken });
    expect(data).toEqual([
      {
        ...{ id: claimsOf(accessToken).sid, ip: '198.51.100.20', userAgent: 'Phone/1' },
        ...{ createdAt: expect.any(String), lastSeenAt: expect.any(String) },
        ...{ revokedAt: null, current: true },
      },
    ]);
  });

  it('notes when it was last seen', async () => {
    const { accessToken } = (await identity.login('auditor@demo.daftari.test')).data;
    const id = String(claimsOf(accessToken).sid);
    const seen = async (): Promise<number> =>
      (
        await identity.db.query<{ at: Date }>(
          'select last_seen_at as at from session where id = $1',
          [id],
        )
      ).rows[0]?.at.getTime() ?? 0;
    await identity.db.query(
      "update session set last_seen_at = now() - interval '1 hour' where id = $1",
      [id],
    );
    const before = await seen();
    expect(await isActive(id)).toEqual([true, true]);
    expect(await seen()).toBeGreaterThan(before + HOUR_MS - 60_000);
  });

  it('that logs out is over for every instance, its refresh token too, and no other session is', async () => {
    const one = (await identity.login('auditor@demo.daftari.test')).data;
    const other = (await identity.login('auditor@demo.daftari.test')).data;
    const out = await identity.call('/v1/auth/logout', { method: 'POST', token: one.accessToken });
    expect(out.status).toBe(200);
    expect(await isActive(String(claimsOf(one.accessToken).sid))).toEqual([false, false]);
    expect((await refresh(one.refreshToken, 1)).status).toBe(401);
    expect(await isActive(String(claimsOf(other.accessToken).sid))).toEqual([true, true]);
  });

  it('is told to nobody without the key of the platform', async () => {
    const path = `/internal/sessions/${deterministicId('session', 'x')}`;
    for (const headers of [{}, { 'x-internal-key': 'guessed' }])
      expect((await identity.call(path, { headers })).status).toBe(401);
    const token = await tokenOf('admin');
    expect((await identity.call(path, { token })).status).toBe(401);
  });
});

describe('the verification of an e-mail address', () => {
  const verify = (token: string) =>
    identity.call(`/v1/auth/verify-email?token=${encodeURIComponent(token)}`);
  const resend = (token: string) =>
    identity.call('/v1/auth/verify-email/resend', { method: 'POST', token });
  const isVerified = async (email: string): Promise<boolean> =>
    Boolean(
      (
        await identity.call('/v1/auth/me', {
          token: (await identity.login(email)).data.accessToken,
        })
      ).data.emailVerified,
    );
  const REFUSED = [422, 'auth/invalid-verification-token'];

  it('works by the link, and the next token says so', async () => {
    const { email, userId, token } = await identity.register('v-works');
    expect(claimsOf(token).email_verified).toBe(false);
    const [link = ''] = await identity.links(email);
    expect(await verify(link)).toMatchObject({ status: 200, data: { verified: true } });
    expect(claimsOf((await identity.login(email)).data.accessToken).email_verified).toBe(true);
    expect(await identity.published(userChanged.type, userId)).toBe(2);
  });

  it('keeps of its token the SHA-256 alone', async () => {
    const { email, userId } = await identity.register('v-hash');
    const [link = ''] = await identity.links(email);
    await eventually(async () => (await identity.db.query('select 1 from outbox')).rowCount === 0);
    const { rows } = await identity.db.query<{ hash: string; dump: string }>(
      'select hash, v::text as dump from email_verification v where user_id = $1',
      [userId],
    );
    expect(rows.map(({ hash }) => hash)).toEqual([sha256(link)]);
    expect(rows[0]?.dump).not.toContain(link);
  });

  it('is over after 24 hours, and not before', async () => {
    const late = await identity.register('v-late');
    const [lateLink = ''] = await identity.links(late.email);
    later(24 * HOUR_MS + 1_000);
    const answer = await verify(lateLink);
    expect([answer.status, answer.code]).toEqual(REFUSED);
    later(24 * HOUR_MS - 60_000);
    expect((await verify(lateLink)).status).toBe(200);
  });

  it('works once', async () => {
    const { email } = await identity.register('v-once');
    const [link = ''] = await identity.links(email);
    const answers = await Promise.all([verify(link), verify(link), verify(link)]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const again = await verify(link);
    expect([again.status, again.code]).toEqual(REFUSED);
    expect(await isVerified(email)).toBe(true);
  });

  it('refuses a token that nobody was sent, and what is no token', async () => {
    const unknown = await verify('A'.repeat(43));
    expect([unknown.status, unknown.code]).toEqual(REFUSED);
    const none = await identity.call('/v1/auth/verify-email');
    expect([none.status, none.code]).toEqual([422, 'request/invalid']);
  });

  it('verifies the user of the link and nobody else', async () => {
    const one = await identity.register('v-one');
    const two = await identity.register('v-two');
    const [link = ''] = await identity.links(one.email);
    await verify(link);
    expect([await isVerified(one.email), await isVerified(two.email)]).toEqual([true, false]);
  });

  it('sends three links an hour at most, however many ask at once, and more an hour later', async () => {
    const { email, token } = await identity.register('v-limit');
    const answers = await Promise.all(Array.from({ length: 6 }, () => resend(token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 202, 429, 429, 429, 429]);
    expect(answers.find(({ status }) => status === 429)?.code).toBe('auth/too-many-verifications');
    expect(await identity.links(email, 3)).toHaveLength(3);
    later(HOUR_MS + 1_000);
    expect((await resend(token)).status).toBe(202);
    expect(await identity.links(email, 4)).toHaveLength(4);
  });

  it('works by a link that was sent again, and then has nothing more to send', async () => {
    const { email, token } = await identity.register('v-again');
    expect((await resend(token)).status).toBe(202);
    const [, second = ''] = await identity.links(email, 2);
    expect((await verify(second)).status).toBe(200);
    const more = await resend(token);
    expect([more.status, more.code]).toEqual([409, 'auth/already-verified']);
  });
});

describe('a user', () => {
  it('learns who it is and what it may do', async () => {
    const { data } = await identity.call('/v1/auth/me', { token: await tokenOf('customer') });
    expect(data).toMatchObject({
      ...{ userId: deterministicId('user', 'demo', 'customer'), roles: ['customer'] },
      ...{ name: 'Demo customer', emailVerified: true, profile: {} },
    });
    expect(data.permissions).toContain('payments:create-own');
    expect(JSON.stringify(data)).not.toContain('argon2');
  });

  it('fills in a profile that the others hear of', async () => {
    const { token, userId } = await identity.register('profile');
    const monthlyIncome = { amount: '60000.00', currency: 'KES' };
    const body = {
      ...{ name: 'Asha', phone: '254700000098', dateOfBirth: '1990-05-17' },
      ...{ monthlyIncome, employment: 'employed' },
    };
    const saved = await identity.call('/v1/me/profile', { method: 'PUT', body, token });
    expect(saved.status).toBe(200);
    const { data } = await identity.call('/v1/auth/me', { token });
    expect(data).toMatchObject({ name: 'Asha', phone: '254700000098', profile: { monthlyIncome } });
    expect(await identity.published(userChanged.type, userId)).toBe(2);
  });

  it('that registers with an address that is taken changes nothing, and learns nothing', async () => {
    const { email, userId } = await identity.register('taken');
    const body = { email, password: 'another long password', name: 'Thief', phone: '254700000097' };
    const again = await identity.call('/v1/auth/register', { body });
    expect(again.status).toBe(201);
    expect(again.data.userId).not.toBe(userId);
    expect((await identity.login(email)).status).toBe(200);
    const thief = await identity.login(email, { password: 'another long password' });
    expect(thief.status).toBe(401);
    expect(await identity.published(userChanged.type, userId)).toBe(1);
  });

  it('cannot give itself a role or a verified address', async () => {
    const body = {
      ...{ email: 'sly@example.test', password: PASSWORD, name: 'Sly', phone: '254700000097' },
      ...{ roles: ['admin'], emailVerified: true },
    };
    const answer = await identity.call('/v1/auth/register', { body });
    expect([answer.status, answer.code]).toEqual([422, 'request/invalid']);
  });
});

describe('an admin', () => {
  it('makes the users of its tenant, unverified, once per address', async () => {
    const token = await tokenOf('admin');
    const body = { email: 'new@demo.test', password: PASSWORD, name: 'New', roles: ['staff'] };
    const made = await identity.call('/v1/users', { body, token });
    expect(made.status).toBe(201);
    const { accessToken } = (await identity.login(body.email)).data;
    expect(claimsOf(accessToken)).toMatchObject({
      ...{ sub: made.data.userId, tid: DEMO, roles: ['staff'], email_verified: false },
    });
    const again = await identity.call('/v1/users', { body, token });
    expect([again.status, again.code]).toEqual([409, 'user/already-exists']);
    const odd = await identity.call('/v1/users', { body: { ...body, roles: ['root'] }, token });
    expect(odd.status).toBe(422);
    const other = await identity.call('/v1/users', { body, token: await tokenOf('staff') });
    expect(other.status).toBe(403);
  });
});

describe('a tenant', () => {
  const make = async (slug: string, change: readonly string[] = []): Promise<string[]> => {
    const said: string[] = [];
    const words = ['create', '--slug', slug, '--name', 'Acme', '--time-zone', 'Africa/Kampala'];
    const more = ['--currency', 'UGX', '--admin-email', 'admin@acme.test', ...change];
    await tenantCommand([...words, ...more], identity.env, (line) => void said.push(line));
    return said;
  };

  it('is made by a command with its first admin, once, and shares nothing with another', async () => {
    const [made, admin = ''] = await make('acme');
    const id = deterministicId('tenant', 'acme');
    expect(made).toBe(`tenant acme ${id} made`);
    const password = admin.split(' password ')[1] ?? '';
    expect(await make('acme')).toEqual([
      `tenant acme ${id} is there already`,
      'admin admin@acme.test is there already',
    ]);
    const { data } = await identity.login('admin@acme.test', { password, tenant: 'acme' });
    expect(claimsOf(data.accessToken)).toMatchObject({ tid: id, roles: ['admin'] });
    expect((await identity.login('admin@acme.test', { password })).status).toBe(401);
    const own = await identity.call('/v1/tenant', { token: data.accessToken });
    expect(own.data).toMatchObject({ id, slug: 'acme', currency: 'UGX' });
    expect(await identity.published(tenantChanged.type, id)).toBe(1);
  });

  it.each([
    ['--currency', 'XYZ'],
    ['--time-zone', 'Mars/Olympus'],
    ['--admin-email', 'nobody'],
    ['--slug', 'No Slug'],
  ])('is not made with %s %s', async (option, value) => {
    await expect(make('bad', [option, value])).rejects.toThrow(option);
    const { rowCount } = await identity.db.query("select 1 from tenant where slug = 'bad'");
    expect(rowCount).toBe(0);
  });
});

describe('the seed', () => {
  it('makes one user per role, once, however often and wherever the service starts', async () => {
    const { rows } = await identity.db.query<{ roles: string[] }>(
      "select roles from app_user where tenant_id = $1 and email like '%@demo.daftari.test'",
      [DEMO],
    );
    expect(rows.flatMap(({ roles }) => roles).sort()).toEqual([...ROLES].sort());
    expect(await identity.published(tenantChanged.type, DEMO)).toBe(1);
    expect(
      await identity.published(userChanged.type, deterministicId('user', 'demo', 'staff')),
    ).toBe(1);
  });

  it('does not start in production, and neither do test mode and weak keys', async () => {
    const env = { ...identity.env, NODE_ENV: 'production' };
    for (const name of ['SEED_DEMO', 'TEST_MODE', 'INTERNAL_KEY', 'KEY_ENCRYPTION_KEY'])
      await expect(createService(service, env)).rejects.toThrow(name);
  });
});

describe('the business date', () => {
  const advance = (to: string, token: string) =>
    identity.call('/v1/business-date/advance', { body: { to }, token });

  it('moves forward by an operator, never back, and the others hear of it', async () => {
    const token = await tokenOf('operator');
    const { clockDate } = (await identity.call('/v1/business-date', { token })).data;
    const ahead = addDays(localDate(clockDate), 40);
    expect((await advance(ahead, token)).data).toEqual({ date: ahead, clockDate });
    const back = await advance(addDays(ahead, -1), token);
    expect([back.status, back.code]).toEqual([409, 'business-date/only-forward']);
    const seen = await identity.call('/v1/business-date', {
      token: await tokenOf('customer'),
      at: 1,
    });
    expect(seen.data.date).toBe(ahead);
    expect(await identity.published(tenantChanged.type, DEMO)).toBe(2);
    const wrong = await advance('2026-02-30', token);
    expect(wrong.status).toBe(422);
    expect((await advance(addDays(ahead, 1), await tokenOf('admin'))).status).toBe(403);
  });

  it('moves by itself outside test mode', async () => {
    const live = await createService(service, {
      ...identity.env,
      ...{ TEST_MODE: 'false', SEED_DEMO: 'false', PORT: '0' },
    });
    try {
      const response = await fetch(`${live.url}/v1/business-date/advance`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await tokenOf('operator')}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ to: '2999-01-01' }),
      });
      const body = (await response.json()) as { metadata: { code: string } };
      expect([response.status, body.metadata.code]).toEqual([
        403,
        'business-date/not-in-test-mode',
      ]);
    } finally {
      await live.close();
    }
  });
});
