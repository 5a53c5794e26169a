import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { jest } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { ERROR_CODES, type ErrorCode } from '@daftari/kernel';
import { createPgBus, toBusMessage } from '@daftari/messaging';
import { type ApiAnswer, ApiUser, type CallOptions, eventually, LoanWalk } from '@daftari/testing';
import {
  type ApiDocument,
  badBodies,
  complaintsOf,
  gapsOf,
  type Operation,
  operationsOf,
  readDocument,
} from './api-document.js';
import { ALLOWED, PUBLIC } from './roles.js';
import { RunningPlatform } from './running-platform.js';

jest.setTimeout(240_000);
const PORT_BASE = 30_100;
const SLOW = { withinMs: 120_000, everyMs: 200 };
const ROLES = ['customer', 'vendor', 'agent', 'staff', 'admin', 'auditor', 'operator'] as const;
const NOBODY = '0198c2f0-0000-7000-8000-0000000000ff';
const PASSWORD = 'correct horse battery staple';

let platform: RunningPlatform;
let walk: LoanWalk;
let document: ApiDocument;
let operations: Operation[];
/** One user per role of the demo tenant. */
const demo = new Map<string, ApiUser>();
/** One user per role of another tenant. */
const other = new Map<string, ApiUser>();

/** The customer whose records nobody else may see, and the ids of them. */
interface Owned {
  readonly user: ApiUser;
  readonly ids: Readonly<Record<string, string>>;
  readonly reviewId: string;
}
let owned: Owned;
let neighbour: ApiUser;

const who = (users: ReadonlyMap<string, ApiUser>, role: string): ApiUser => {
  const user = users.get(role);
  if (!user) throw new Error(`nobody is ${role}`);
  return user;
};
const rolesOf = (operation: Operation): string[] => (ALLOWED[operation.name] ?? '').split(' ');

/** One call; an error must be an envelope whose code stands in the catalogue with the status that it came with. */
const call = async (user: ApiUser, path: string, options: CallOptions = {}): Promise<ApiAnswer> => {
  const answer = await user.call(path, options);
  if (answer.status < 400) return answer;
  const { success, message, errors, metadata, ...rest } = answer.body;
  expect([success, typeof message, Array.isArray(errors), rest]).toEqual([
    false,
    'string',
    true,
    {},
  ]);
  const code = metadata.code as ErrorCode;
  expect([code, ERROR_CODES[code]?.status]).toEqual([code, answer.status]);
  return answer;
};
const goodBody = (operation: Operation): Record<string, unknown> => ({
  ...(operation.body?.example as Record<string, unknown> | undefined),
});

/** The command of an operator that makes a tenant; gives the password of its admin. */
const makeTenant = (slug: string): string => {
  const words = ['create', '--slug', slug, '--name', 'Acme Credit', '--currency', 'KES'];
  const more = ['--time-zone', 'Africa/Kampala', '--admin-email', `admin@${slug}.test`];
  const env = { ...process.env, DATA_DIR: platform.dataDir, PORT_BASE: String(PORT_BASE) };
  const script = resolve('apps/standalone/dist/tenant.js');
  const { stdout, stderr } = spawnSync(process.execPath, [script, ...words, ...more], {
    env: { ...env, NODE_OPTIONS: '' },
    encoding: 'utf8',
  });
  const password = / password (\S+)/.exec(stdout)?.[1];
  if (password === undefined) throw new Error(`${stdout}${stderr}`);
  return password;
};

/** Makes a user of a tenant by its admin, and opens the link that it is sent. */
const makeUser = async (admin: ApiUser, tenant: string, role: string): Promise<ApiUser> => {
  const email = `${role}-${randomUUID()}@${tenant}.test`;
  const body = { email, password: PASSWORD, name: `Other ${role}`, roles: [role] };
  await admin.ok('/v1/users', { body });
  const mail = await eventually(async () => (await walk.mails(email))[0], SLOW);
  const link = /https?:\S+token=\S+/.exec(mail.text)?.[0] ?? '';
  expect((await fetch(link)).status).toBe(200);
  return ApiUser.login(platform.state.gateway, email, PASSWORD, tenant);
};

/** Puts a message of the demo tenant on the bus that no service can read; gives the id of a dead letter of it. */
const makeDeadLetter = async (key: string): Promise<string> => {
  const { postgres } = JSON.parse(
    readFileSync(join(platform.dataDir, 'secrets.json'), 'utf8'),
  ) as Record<string, string>;
  const address = `127.0.0.1:${String(PORT_BASE + 32)}`;
  const bus = createPgBus({
    connectionString: `postgres://postgres:${postgres ?? ''}@${address}/bus`,
  });
  const { id: tenantId } = await walk.staff.ok('/v1/tenant');
  const message = toBusMessage({
    id: randomUUID(),
    type: 'daftari.payments.payment-settled.v1',
    topic: 'daftari.payments.payment.v1',
    key,
    source: '/daftari/payments',
    subject: key,
    time: new Date().toISOString(),
    tenantId: String(tenantId),
    correlationId: randomUUID(),
    data: { unlike: 'its schema' },
  });
  await (await bus.producer()).send([message]);
  await bus.close();
  return eventually(async () => {
    const [cause] = (await walk.operator.ok('/v1/dead-letters')) as { letters: { id: string }[] }[];
    return cause?.letters[0]?.id;
  }, SLOW);
};

/** Tells all customers something in the app; gives the id of its batch when that is completed. */
const announce = async (): Promise<string> => {
  const body = { subject: 'Closed on Monday', text: 'Pay by M-Pesa.', channels: ['in-app'] };
  const { id } = await walk.staff.ok('/v1/announcements', { body });
  await eventually(
    async () => (await walk.staff.ok(`/v1/job-batches/${String(id)}`)).state === 'completed',
    SLOW,
  );
  return String(id);
};

const prepareOwned = async (): Promise<Owned> => {
  const phone = '254711120000';
  const user = await walk.customer(phone);
  const loan = await walk.lend(user, phone);
  const loanId = String(loan.loanId);
  const schedule = loan.schedule as { outstanding: string }[];
  const paymentId = await walk.payByPush(user, loanId, schedule[0]?.outstanding ?? '', phone);
  const { disbursementId } = await walk.staff.ok(`/v1/disbursements/${loanId}`);
  const receipt = await walk.confirmAtPaybill('NOSUCHLOAN', '700.00', { skipValidation: true });
  const item = await walk.reviewOf(receipt);
  const me = await user.ok('/v1/auth/me');
  const batchId = await announce();
  const [job] = (await walk.operator.ok('/v1/jobs?state=succeeded')) as { id: string }[];
  const ids = {
    ...{ batchId, jobId: job?.id ?? '' },
    ...{ loanId, paymentId, disbursementId: String(disbursementId) },
    applicationId: String(loan.applicationId),
    accountReference: String(loan.accountReference),
    suspenseId: String((item.subject as { id: string }).id),
    deadLetterId: await makeDeadLetter(loanId),
    customerId: String(me.userId),
    email: String(me.email),
  };
  return { user, ids, reviewId: String(item.id) };
};

beforeAll(async () => {
  platform = await RunningPlatform.start(PORT_BASE);
  const { gateway, password } = platform.state;
  walk = await LoanWalk.prepare(platform.state);
  document = await readDocument(gateway);
  operations = operationsOf(document);
  for (const role of ROLES)
    demo.set(role, await ApiUser.login(gateway, `${role}@demo.daftari.test`, password));
  owned = await prepareOwned();
  neighbour = await walk.customer('254711121000');
  const adminPassword = makeTenant('acme');
  const admin = await ApiUser.login(gateway, 'admin@acme.test', adminPassword, 'acme');
  other.set('admin', admin);
  await Promise.all(
    ROLES.filter((role) => role !== 'admin').map(async (role) => {
      other.set(role, await makeUser(admin, 'acme', role));
    }),
  );
  // Every service has heard of the tenant when each answers it about today.
  await eventually(async () => {
    const paths = ['/v1/payments', '/v1/reports/portfolio'];
    const answers = await Promise.all(paths.map((p) => who(other, 'staff').call(p)));
    return answers.every(({ status }) => status === 200);
  }, SLOW);
}, 600_000);

afterAll(async () => {
  await platform.stop();
}, 60_000);

describe('the document of the API', () => {
  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(
      structuredClone(document) as unknown as Record<string, unknown>,
    );
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
    expect(document.openapi).toBe('3.1.0');
  });

  it('describes every route whole: summary, access, examples of body and parameters, each answer', () => {
    const gaps = operations.flatMap((operation) =>
      gapsOf(operation).map((gap) => `${operation.name} ${gap}`),
    );
    expect(gaps).toEqual([]);
  });

  it('shows the answers that really come', async () => {
    const { ids } = owned;
    const filled = (path: string): string =>
      path
        .replace('/loans/{id}', `/loans/${ids.loanId ?? ''}`)
        .replace('/applications/{id}', `/applications/${ids.applicationId ?? ''}`)
        .replace('/payments/{id}', `/payments/${ids.paymentId ?? ''}`)
        .replace('/disbursements/{id}', `/disbursements/${ids.disbursementId ?? ''}`)
        .replace('/products/{id}', `/products/${walk.productId}`)
        .replace('/dead-letters/{id}', `/dead-letters/${ids.deadLetterId ?? ''}`)
        .replace('/jobs/{id}', `/jobs/${ids.jobId ?? ''}`)
        .replace('/job-batches/{id}', `/job-batches/${ids.batchId ?? ''}`)
        .replace('{account}', 'asset:float')
        .replace(/trail$/, (end) =>
          path.includes('ledger') ? `${end}?loanId=${ids.loanId ?? ''}` : end,
        );
    const shape = (value: unknown): unknown => {
      const one: unknown = Array.isArray(value) ? value[0] : value;
      return typeof one === 'object' && one !== null ? Object.keys(one).sort() : typeof one;
    };
    const reads = operations.filter(({ method, isPublic }) => method === 'GET' && !isPublic);
    for (const operation of reads) {
      const [role = ''] = rolesOf(operation).slice(-1);
      const user = operation.path === '/v1/notifications' ? owned.user : who(demo, role);
      const { body, status } = await call(user, filled(operation.path));
      const example = operation.responses['200']?.content?.['application/json']?.example as {
        data: unknown;
        metadata: object;
      };
      expect([operation.name, status, shape(body.data)]).toEqual([
        operation.name,
        200,
        shape(example.data),
      ]);
      expect(Object.keys(body.metadata).sort()).toEqual(Object.keys(example.metadata).sort());
    }
  });

  it('takes every path with and without a trailing slash', async () => {
    const reads = operations.filter(({ method, isPublic }) => method === 'GET' && !isPublic);
    for (const operation of reads) {
      const user = who(demo, rolesOf(operation)[0] ?? '');
      const path = operation.path.replaceAll('{id}', NOBODY).replace('{account}', 'asset:float');
      const plain = await call(user, path);
      const slashed = await call(user, `${path}/`);
      expect([operation.name, slashed.status, slashed.body.metadata.code]).toEqual([
        operation.name,
        plain.status,
        plain.body.metadata.code,
      ]);
    }
  });
});

describe('access', () => {
  const request = ({ method, path }: Operation): [string, CallOptions] => [
    path.replaceAll('{id}', NOBODY).replace('{account}', 'asset:float'),
    method === 'GET' ? {} : { method, body: {} },
  ];

  it('is written down for exactly the routes that there are', () => {
    const names = operations.map(({ name }) => name).sort();
    expect(names).toEqual([...Object.keys(ALLOWED), ...PUBLIC].sort());
    const open = operations.filter(({ isPublic }) => isPublic).map(({ name }) => name);
    expect(open.sort()).toEqual([...PUBLIC].sort());
  });

  it('is allowed and denied to every role as written down, on every route', async () => {
    const guarded = operations.filter(({ isPublic }) => !isPublic);
    const wrong: string[] = [];
    const checks = ROLES.map(async (role) => {
      for (const operation of guarded) {
        if (operation.path === '/v1/auth/logout') continue;
        const [path, options] = request(operation);
        const { status, body } = await call(who(demo, role), path, options);
        const denied = status === 403 && body.metadata.code === 'auth/forbidden';
        if (denied === rolesOf(operation).includes(role) || status === 401)
          wrong.push(`${role}: ${operation.name} ${String(status)} ${String(body.metadata.code)}`);
      }
    });
    await Promise.all(checks);
    expect(wrong).toEqual([]);
  });

  it('needs a token everywhere but on the public routes', async () => {
    const anonymous = new ApiUser(platform.state.gateway, undefined);
    for (const operation of operations) {
      const [path, options] = request(operation);
      if (operation.isPublic) {
        const { status } = await anonymous.call(path, options);
        expect([operation.name, status === 401 || status === 403]).toEqual([operation.name, false]);
        continue;
      }
      const { status, body } = await call(anonymous, path, options);
      expect([operation.name, status, body.metadata.code]).toEqual([
        operation.name,
        401,
        'auth/missing-token',
      ]);
    }
  });

  it('ends with the session, at every service', async () => {
    const { gateway, password } = platform.state;
    const login = await new ApiUser(gateway, undefined).ok('/v1/auth/login', {
      body: { email: 'staff@demo.daftari.test', password },
    });
    const user = new ApiUser(gateway, String(login.accessToken));
    const paths = [
      ...['/v1/auth/me', '/v1/loans', '/v1/payments', '/v1/notifications'],
      ...['/v1/reports/check', '/v1/ledger/accounts'],
    ];
    await user.ok('/v1/auth/logout', { body: {} });
    for (const path of paths) {
      const { status, body } = await call(user, path);
      expect([path, status, body.metadata.code]).toEqual([path, 401, 'auth/session-ended']);
    }
  });

  it('to money waits for a verified address', async () => {
    const email = `fresh-${randomUUID()}@example.test`;
    const anonymous = new ApiUser(platform.state.gateway, undefined);
    const body = { email, password: PASSWORD, name: 'Fresh', phone: '254711122000' };
    await anonymous.ok('/v1/auth/register', { body });
    const user = await ApiUser.login(platform.state.gateway, email, PASSWORD);
    for (const path of ['/v1/applications', '/v1/payments']) {
      const operation = operations.find(({ name }) => name === `POST ${path}`);
      const sent = { body: operation ? goodBody(operation) : {}, key: randomUUID() };
      const answer = await call(user, path, sent);
      expect([answer.status, answer.body.metadata.code]).toEqual([403, 'auth/email-not-verified']);
    }
    expect((await call(user, '/v1/products')).status).toBe(200);
  });
});

describe("another's records", () => {
  /** Every id of the owner that a path may hold, by the words before it. */
  const targets = ({ path }: Operation): string[] => {
    const { ids, reviewId } = owned;
    if (path.includes('/review/{id}')) return [reviewId];
    const of: Readonly<Record<string, (string | undefined)[]>> = {
      loans: [ids.loanId],
      applications: [ids.applicationId],
      payments: [ids.paymentId, ids.suspenseId, ids.disbursementId],
      disbursements: [ids.disbursementId, ids.loanId],
      products: [walk.productId],
      'dead-letters': [ids.deadLetterId],
      jobs: [ids.jobId],
      'job-batches': [ids.batchId],
    };
    return (of[path.split('/')[2] ?? ''] ?? []).flatMap((id) => id ?? []);
  };
  /** All that the owner, its lender and its books know: what an intruder must leave as it is. */
  const everything = async (): Promise<unknown> => {
    const { ids, user } = owned;
    const read = (reader: ApiUser, path: string): Promise<unknown> => reader.ok(path);
    const { asOf: _, ...loan } = (await read(
      walk.staff,
      `/v1/loans/${ids.loanId ?? ''}`,
    )) as Record<string, unknown>;
    return [
      loan,
      await read(user, `/v1/applications/${ids.applicationId ?? ''}`),
      await read(user, `/v1/payments/${ids.paymentId ?? ''}`),
      await read(walk.staff, `/v1/payments/${ids.suspenseId ?? ''}`),
      await read(walk.staff, `/v1/disbursements/${ids.disbursementId ?? ''}`),
      await read(user, '/v1/payments'),
      await read(walk.operator, '/v1/payments/review'),
      await read(walk.operator, `/v1/dead-letters/${ids.deadLetterId ?? ''}`),
      await read(walk.operator, `/v1/jobs/${ids.jobId ?? ''}`),
      await read(walk.staff, `/v1/job-batches/${ids.batchId ?? ''}`),
      await read(walk.auditor, '/v1/ledger/accounts'),
    ];
  };
  const intruders = (): [string, ApiUser][] => [
    ['a customer of the same lender', neighbour],
    ...[...other].map(([role, user]): [string, ApiUser] => [`${role} of another lender`, user]),
  ];
  const bodyFor = (operation: Operation): Record<string, unknown> => {
    const body = goodBody(operation);
    if ('loanId' in body) body.loanId = owned.ids.loanId;
    delete body.accountReference;
    return body;
  };

  it('are not there for anybody else by their id, on any route, and stay as they are', async () => {
    const before = await everything();
    const byId = operations.filter(({ path }) => path.includes('{id}'));
    expect(byId.length).toBeGreaterThan(20);
    const leaks: string[] = [];
    /** Routes that let somebody in who may use them, and still did not find the record. */
    const lookedUp = new Set<string>();
    let tried = 0;
    for (const [name, user] of intruders())
      for (const operation of byId)
        for (const id of targets(operation)) {
          if (name.includes('same') && operation.path.startsWith('/v1/products')) continue;
          const path = operation.path.replace('{id}', id);
          const { method } = operation;
          const options =
            method === 'GET' ? {} : { method, body: bodyFor(operation), key: randomUUID() };
          const { status } = await call(user, path, options);
          tried++;
          if (status === 404) lookedUp.add(operation.name);
          if (status !== 404 && status !== 403)
            leaks.push(`${name}: ${method} ${path} ${String(status)}`);
        }
    expect(leaks).toEqual([]);
    expect([...lookedUp].sort()).toEqual(byId.map(({ name }) => name).sort());
    expect(tried).toBeGreaterThan(200);
    expect(await everything()).toEqual(before);
  });

  it('cannot be named in a body or a filter', async () => {
    const { ids } = owned;
    const loanId = ids.loanId ?? '';
    const before = await everything();
    const pay = { loanId, amount: { amount: '100.00', currency: 'KES' }, phone: '254711121000' };
    for (const user of [neighbour, who(other, 'customer'), who(other, 'operator')]) {
      const { status } = await call(user, '/v1/payments', { body: pay, key: randomUUID() });
      expect(status).toBe(404);
    }
    const apply = { productId: walk.productId, principal: { amount: '2000.00', currency: 'KES' } };
    const applied = await call(who(other, 'customer'), '/v1/applications', {
      body: { ...apply, numberOfInstallments: 3, phone: '254711121000' },
      key: randomUUID(),
    });
    expect([404, 422]).toContain(applied.status);
    const auditor = who(other, 'auditor');
    const filters = [
      `/v1/payments?loanId=${loanId}`,
      `/v1/ledger/journal?loanId=${loanId}`,
      `/v1/ledger/journal?paymentId=${ids.paymentId ?? ''}`,
      `/v1/audit/events?actorId=${ids.customerId ?? ''}`,
      `/v1/ledger/accounts/${encodeURIComponent(`asset:loans:${loanId}`)}/statement`,
      '/v1/ledger/accounts/asset:float/statement',
    ];
    for (const path of filters) {
      const { status, body } = await call(auditor, path);
      expect([path, status, body.data]).toEqual([path, 200, []]);
    }
    // Of the owner's records an auditor of another lender sees the attempts of its own people, all of them refused.
    const refused = (events: readonly { operation: { result: string } | null }[]): boolean =>
      events.every(({ operation }) => /^40[34] /.test(operation?.result ?? ''));
    const attempts = await call(auditor, `/v1/audit/events?target=${loanId}`);
    expect(refused(attempts.body.data as [])).toBe(true);
    for (const query of [`loanId=${loanId}`, `paymentId=${ids.paymentId ?? ''}`]) {
      const { body } = await call(auditor, `/v1/ledger/trail?${query}`);
      const { entries, audit } = body.data as { entries: unknown[]; audit: [] };
      expect([entries, refused(audit)]).toEqual([[], true]);
    }
    const own = await call(neighbour, `/v1/payments?loanId=${loanId}`);
    expect(own.body.data).toEqual([]);
    expect(await everything()).toEqual(before);
  });

  it('stand in no list, report or statement that anybody else reads', async () => {
    const secrets = Object.entries(owned.ids);
    // The audit trail names what its own people asked for in vain; the test before looks at that.
    const lists = operations.filter(
      ({ method, path, isPublic }) =>
        method === 'GET' && !path.includes('{') && !isPublic && path !== '/v1/audit/events',
    );
    const leaks: string[] = [];
    for (const [name, user] of intruders())
      for (const { path, name: route } of lists) {
        const { body } = await call(user, path);
        const text = JSON.stringify(body.data ?? null);
        for (const [what, id] of secrets)
          if (text.includes(id)) leaks.push(`${name}: ${route} shows ${what}`);
      }
    expect(leaks).toEqual([]);
    const shown = JSON.stringify((await walk.staff.call('/v1/loans?limit=100')).body.data);
    expect(shown).toContain(owned.ids.loanId);
  });

  it('of another lender do not count in its books: they are its own, and closed', async () => {
    const body = { amount: { amount: '500.00', currency: 'KES' }, reference: 'own capital' };
    const balance = async (user: ApiUser): Promise<string | undefined> =>
      ((await user.ok('/v1/ledger/accounts')) as { account: string; balance: string }[]).find(
        ({ account }) => account === 'asset:float',
      )?.balance;
    const before = await balance(walk.auditor);
    await who(other, 'admin').ok('/v1/ledger/capital', { body });
    expect(await eventually(() => balance(who(other, 'auditor')), SLOW)).toBe('500.00');
    expect(await balance(walk.auditor)).toBe(before);
    const report = await who(other, 'auditor').ok('/v1/ledger/verify');
    expect(report.ok).toBe(true);
  });
});

describe('bad input', () => {
  const writes = (): Operation[] =>
    operations.filter(({ body, isPublic }) => body !== undefined && !isPublic);
  const send = (operation: Operation, body: unknown): Promise<ApiAnswer> => {
    const user = operation.isPublic
      ? new ApiUser(platform.state.gateway, undefined)
      : who(demo, rolesOf(operation)[0] ?? '');
    const path = operation.path.replace('{id}', NOBODY);
    return call(user, path, { method: operation.method, body, key: randomUUID() });
  };

  it('of every body is refused field by field: the unknown one, and each of a wrong type', async () => {
    const wrong: string[] = [];
    let tried = 0;
    const bodies = operations.filter(({ body }) => body !== undefined);
    expect(bodies.length).toBeGreaterThan(15);
    for (const operation of bodies)
      for (const { field, body } of badBodies(
        operation.body?.schema ?? {},
        goodBody(operation),
        document,
      )) {
        const answer = await send(operation, body);
        tried++;
        const named = complaintsOf(answer).some(
          (name) => name === field || name.startsWith(`${field}.`),
        );
        if (answer.status !== 422 || answer.body.message !== 'Validation failed' || !named)
          wrong.push(
            `${operation.name} ${field}: ${String(answer.status)} ${complaintsOf(answer).join()}`,
          );
      }
    expect(wrong).toEqual([]);
    expect(tried).toBeGreaterThan(100);
  });

  it('of every query parameter is refused', async () => {
    const wrong: string[] = [];
    const reads = operations.filter(
      ({ method, parameters = [], isPublic }) =>
        method === 'GET' && !isPublic && parameters.some((parameter) => parameter.in === 'query'),
    );
    expect(reads.length).toBeGreaterThan(8);
    for (const operation of reads) {
      const user = who(demo, rolesOf(operation)[0] ?? '');
      const path = operation.path.replace('{account}', 'asset:float');
      const names = (operation.parameters ?? []).flatMap((p) => (p.in === 'query' ? [p.name] : []));
      for (const name of [...names, 'unknownParameter']) {
        const { status, body } = await call(user, `${path}?${name}=${'%00'.padEnd(330, 'x')}`);
        if (status !== 422)
          wrong.push(`${operation.name} ${name}: ${String(status)} ${String(body.metadata.code)}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('of every path is refused: an id that is none', async () => {
    const wrong: string[] = [];
    for (const operation of operations.filter(({ path }) => path.includes('{id}'))) {
      const user = who(demo, rolesOf(operation)[0] ?? '');
      for (const id of ['not-an-id', "1' or '1'='1", '..%2F..%2Finternal']) {
        const options =
          operation.method === 'GET'
            ? {}
            : { method: operation.method, body: goodBody(operation), key: randomUUID() };
        const { status } = await call(
          user,
          operation.path.replace('{id}', encodeURIComponent(id)),
          options,
        );
        if (![400, 404, 422].includes(status))
          wrong.push(`${operation.name} ${id}: ${String(status)}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('is told as a problem document to those who ask for one, by the gateway and the services', async () => {
    const headers = { accept: 'application/problem+json' };
    for (const path of ['/v1/nothing', `/v1/loans/${NOBODY}`]) {
      const response = await walk.staff.call(path, { headers });
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(response.body).toMatchObject({
        status: 404,
        code: expect.stringMatching(/not-found/),
      });
    }
  });

  it('of other kinds than JSON is refused on every route with a body', async () => {
    for (const operation of writes()) {
      const user = who(demo, rolesOf(operation)[0] ?? '');
      const path = operation.path.replace('{id}', NOBODY);
      const headers = { 'content-type': 'multipart/form-data; boundary=x' };
      const answer = await call(user, path, { method: operation.method, body: {}, headers });
      expect([operation.name, answer.status]).toEqual([operation.name, 415]);
    }
  });
});

describe('an Idempotency-Key', () => {
  const needy = (): Operation[] => operations.filter(({ needsKey }) => needsKey);

  it('is needed wherever money moves', async () => {
    const names = needy().map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        ...['POST /v1/applications', 'POST /v1/loans/{id}/disburse', 'POST /v1/payments'],
        ...['POST /v1/ledger/capital', 'POST /v1/payments/{id}/allocate'],
        ...['POST /v1/payments/{id}/mark-refund', 'POST /v1/payments/{id}/reverse'],
        ...['POST /v1/payments/{id}/confirm-received'],
        ...['POST /v1/disbursements/{id}/confirm-executed'],
        ...['POST /v1/disbursements/{id}/confirm-failed'],
      ]),
    );
    for (const operation of needy()) {
      const user = who(demo, rolesOf(operation)[0] ?? '');
      const path = operation.path.replace('{id}', NOBODY);
      const body = goodBody(operation);
      const none = await call(user, path, { body });
      const odd = await call(user, path, { body, key: 'k'.repeat(256) });
      expect([operation.name, none.body.metadata.code, odd.body.metadata.code]).toEqual([
        operation.name,
        'idempotency/key-missing',
        'idempotency/key-malformed',
      ]);
    }
  });

  const capital = (amount: string) => ({ amount: { amount, currency: 'KES' }, reference: 'twins' });
  const float = async (): Promise<number> =>
    Number(
      (
        (await walk.auditor.ok('/v1/ledger/accounts')) as { account: string; balance: string }[]
      ).find(({ account }) => account === 'asset:float')?.balance,
    );

  it('of twins at the same moment moves money once, and repeats say so', async () => {
    const before = await float();
    const key = randomUUID();
    const twins = await Promise.all(
      Array.from({ length: 6 }, () =>
        call(walk.admin, '/v1/ledger/capital', { body: capital('11.00'), key }),
      ),
    );
    const others = twins.filter(({ status }) => status !== 201);
    for (const { body } of others) expect(body.metadata.code).toBe('idempotency/in-progress');
    const first = twins.find(({ status }) => status === 201);
    const again = await call(walk.admin, '/v1/ledger/capital', { body: capital('11.00'), key });
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true']);
    expect(again.body.data).toEqual(first?.body.data);
    const changed = await call(walk.admin, '/v1/ledger/capital', { body: capital('12.00'), key });
    expect([changed.status, changed.body.metadata.code]).toEqual([422, 'idempotency/key-reused']);
    await eventually(async () => (await float()) === before + 11, SLOW);
  });

  it('belongs to its user, its lender and its route', async () => {
    const key = randomUUID();
    const operation = operations.find(({ name }) => name === 'POST /v1/products');
    const body = goodBody(operation as Operation);
    const made = await Promise.all(
      [walk.staff, walk.admin, who(other, 'admin')].map((user) =>
        call(user, '/v1/products', { body, key }),
      ),
    );
    expect(made.map(({ status }) => status)).toEqual([201, 201, 201]);
    const ids = made.map((answer) => String((answer.body.data as { productId: string }).productId));
    expect(new Set(ids).size).toBe(3);
    const elsewhere = await call(walk.admin, '/v1/ledger/capital', { body: capital('13.00'), key });
    expect(elsewhere.status).toBe(201);
  });

  it('is honoured where it is not needed too', async () => {
    const key = randomUUID();
    const email = `twin-${randomUUID()}@demo.test`;
    const body = { email, password: PASSWORD, name: 'Twin', roles: ['agent'] };
    const first = await call(walk.admin, '/v1/users', { body, key });
    const again = await call(walk.admin, '/v1/users', { body, key });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body.data).toEqual(first.body.data);
  });

  it('of a payment asks the phone once', async () => {
    const { user, ids } = owned;
    const phone = '254711120000';
    const body = { loanId: ids.loanId, amount: { amount: '50.00', currency: 'KES' }, phone };
    const key = randomUUID();
    const twins = await Promise.all(
      Array.from({ length: 4 }, () => call(user, '/v1/payments', { body, key })),
    );
    const made = twins.filter(({ status }) => status === 202);
    expect(made.length).toBeGreaterThan(0);
    const again = await call(user, '/v1/payments', { body, key });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body.data).toEqual(made[0]?.body.data);
    const { paymentId } = again.body.data as { paymentId: string };
    await eventually(
      async () => (await user.ok(`/v1/payments/${paymentId}`)).status === 'succeeded',
      SLOW,
    );
    const asked = (await walk.movements()).filter(
      ({ kind, msisdn, amount }) => kind === 'stk' && msisdn === phone && amount === 50,
    );
    expect(asked).toHaveLength(1);
  });
});
