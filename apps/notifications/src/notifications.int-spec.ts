import { createServer, type Server } from 'node:http';
import {
  applicationDecided,
  emailVerificationRequested,
  loanActivated,
  type MessageDefinition,
  repaymentAllocated,
  tenantChanged,
  TOPIC,
  userChanged,
} from '@daftari/contracts';
import { deterministicId } from '@daftari/kernel';
import { toBusMessage } from '@daftari/messaging';
import { createService, messageFrom, type RunningService } from '@daftari/service-kit';
import {
  eventually,
  startPostgres,
  startTokenIssuer,
  type TestPostgres,
  type TokenIssuer,
} from '@daftari/testing';
import { Pool } from 'pg';
import { service } from './service.js';
import { MailServer } from './testing/mail-server.js';

type Json = Readonly<Record<string, unknown>>;
const SLOW = { withinMs: 50_000 };
const tenantId = deterministicId('tenant', 'notifications');
const asha = deterministicId('user', 'asha');
const shop = deterministicId('user', 'shop');
const loanId = deterministicId('loan', '1');
const EVIL = '<script>alert("x")</script>';

const mail = new MailServer();
const sms: { to: string; message: string }[] = [];
let smsServer: Server;
let postgres: TestPostgres;
let issuer: TokenIssuer;
let bus: Pool;
let running: RunningService;

const startSms = async (): Promise<string> => {
  smsServer = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      sms.push({ to: form.get('to') ?? '', message: form.get('message') ?? '' });
      const Recipients = [{ statusCode: 101, status: 'Success', messageId: 'ATXid_1' }];
      response.writeHead(201, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ SMSMessageData: { Recipients } }));
    });
  });
  await new Promise<void>((resolve) => smsServer.listen(0, '127.0.0.1', resolve));
  const address = smsServer.address();
  return `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`;
};
const publish = async (
  definition: MessageDefinition,
  id: string,
  data: Json,
  times = 1,
): Promise<void> => {
  const producer = await running.resources.bus.producer();
  const about = { key: String(data.userId ?? data.customerId ?? tenantId), correlationId: 'c' };
  const message = messageFrom(definition, {
    ...{ id, tenantId, source: '/daftari/test', time: new Date(0), ...about, data },
  });
  for (let i = 0; i < times; i++) await producer.send([toBusMessage(message)]);
};
const user = (userId: string, email: string, name: string, roles: string[]): Promise<void> =>
  publish(userChanged, `user-${userId}`, {
    ...{ userId, email, name, roles, emailVerified: true },
    phone: roles.includes('customer') ? '254700000001' : null,
  });
const rows = async (sql: string, values: readonly unknown[] = []): Promise<Json[]> =>
  (await running.pool.query<Json>(sql, [...values])).rows;
const deliveriesOf = (cause: string): Promise<Json[]> =>
  rows(
    'select channel, template, recipient, status, subject, body_text, body_html from delivery where cause_message_id = $1 order by channel, recipient',
    [cause],
  );
const delivered = (cause: string, count: number): Promise<Json[]> =>
  eventually(async () => {
    const found = await deliveriesOf(cause);
    return found.length === count && found.every(({ status }) => status === 'accepted') && found;
  }, SLOW);
const recorded = async (cause: string): Promise<number> => {
  const { rows: found } = await bus.query<{ value: Buffer }>(
    'select value from bus.message where topic = $1',
    [TOPIC.deliveryV1],
  );
  return found.filter(({ value }) => value.toString().includes(cause)).length;
};
/** Until a message behind all that were sent before has been handled. */
let barriers = 0;
const handledSoFar = async (topicOf: MessageDefinition, data: Json): Promise<void> => {
  const id = `barrier-${String(++barriers)}`;
  await publish(topicOf, id, data);
  await eventually(
    async () => (await rows('select 1 from inbox where message_id = $1', [id])).length > 0,
    SLOW,
  );
};

beforeAll(async () => {
  await mail.start();
  postgres = await startPostgres();
  issuer = await startTokenIssuer();
  const busUrl = await postgres.createDatabase('bus');
  running = await createService(service, {
    NODE_ENV: 'test',
    PORT: '0',
    LOG_LEVEL: 'silent',
    JWKS_URL: issuer.jwksUrl,
    INTERNAL_KEY: 'k'.repeat(40),
    DATABASE_URL: await postgres.createDatabase('notifications'),
    BUS_URL: busUrl,
    SMTP_PORT: String(mail.port),
    SMS_BASE_URL: await startSms(),
    DELIVERY_POLL_MS: '20',
  });
  bus = new Pool({ connectionString: busUrl, max: 1 });
  bus.on('error', () => undefined);
  await publish(tenantChanged, 'tenant', { ...tenantChanged.example, tenantId });
  await user(asha, 'asha@example.test', 'Asha Otieno', ['customer']);
  await user(shop, 'shop@example.test', 'Duka Moja', ['vendor']);
  await eventually(async () => (await rows('select 1 from contact')).length === 2, SLOW);
});
afterAll(async () => {
  await running.close();
  await bus.end();
  await mail.kill();
  smsServer.closeAllConnections();
  smsServer.close();
  await issuer.close();
  await postgres.stop();
});

const installment = (number: number, dueOn: string): Json => ({
  ...{ number, dueOn, principal: '8168.00', interest: '500.00', fees: '0.00', penalties: '0.00' },
  ...{ paidPrincipal: '0.00', paidInterest: '0.00', paidFees: '0.00', paidPenalties: '0.00' },
});
const activated: Json = {
  ...loanActivated.example,
  ...{ loanId, customerId: asha },
  installments: [installment(1, '2026-02-28'), installment(2, '2026-03-31')],
};
const allocated: Json = { ...repaymentAllocated.example, loanId, customerId: asha };
const rejected: Json = {
  ...applicationDecided.example,
  ...{ customerId: asha, vendorId: shop, reason: 'Income too low', nextSteps: 'Apply in 30 days' },
};

describe('a loan that was paid out', () => {
  it('is told by mail with its schedule as a table, in the app and by SMS, once however often it comes', async () => {
    await publish(loanActivated, 'activated', activated, 3);
    const [email, inApp, text] = await delivered('activated', 3);
    expect(email).toMatchObject({
      ...{ channel: 'email', template: 'loan-disbursed', recipient: 'asha@example.test' },
      subject: 'Your loan LN10000001 has been paid out',
    });
    const [received] = mail.to('asha@example.test');
    for (const part of [
      'Dear Asha Otieno',
      'KES 25000.00 on 2026-01-31 (reference SGR7X1ABCD)',
      '1. 2026-02-28  KES 8668.00 (principal 8168.00, interest 500.00)',
      '2. 2026-03-31  KES 8668.00',
      'account number LN10000001',
    ])
      expect(received?.text).toContain(part);
    const cells = [...(received?.html ?? '').matchAll(/<td[^>]*>([^<]*)<\/td>/g)].map(([, c]) => c);
    expect(cells).toEqual([
      ...['1', '2026-02-28', '8168.00', '500.00', 'KES 8668.00'],
      ...['2', '2026-03-31', '8168.00', '500.00', 'KES 8668.00'],
    ]);
    expect(inApp).toMatchObject({ channel: 'in-app', body_text: received?.text.trimEnd() });
    expect(text).toMatchObject({ channel: 'sms', recipient: '254700000001' });
    expect(sms).toEqual([
      {
        to: '+254700000001',
        message:
          'Loan LN10000001: KES 25000.00 paid out, ref SGR7X1ABCD. First due 2026-02-28: KES 8668.00.',
      },
    ]);
    await handledSoFar(loanActivated, { ...activated, customerId: asha });
    expect(
      mail.to('asha@example.test').filter(({ subject }) => subject === email?.subject).length,
    ).toBeLessThanOrEqual(2);
    expect(await deliveriesOf('activated')).toHaveLength(3);
    await eventually(async () => (await recorded('activated')) === 2, SLOW);
  });
});

describe('a payment that was allocated', () => {
  it('is told with what it paid, what is left and what is due next', async () => {
    await publish(repaymentAllocated, 'allocated', allocated, 2);
    const [email, inApp] = await delivered('allocated', 3);
    for (const part of [
      'KES 8668.00 on 2026-02-28 (receipt SGR7X1ABCD)',
      'Principal 8168.00, interest 500.00, fees 0.00, penalties 0.00.',
      'Remaining balance: KES 17000.00.',
      'Next due: KES 8668.00 on 2026-03-31.',
    ])
      for (const told of [email, inApp]) expect(told?.body_text).toContain(part);
    expect(email?.body_text).not.toContain('credit');
    expect(sms.at(-1)?.message).toBe(
      'Received KES 8668.00, ref SGR7X1ABCD. Balance KES 17000.00. Next KES 8668.00 on 2026-03-31.',
    );
  });

  it('of a loan that is done says so, and names the credit', async () => {
    const last = {
      outstanding: '0.00',
      nextDueOn: null,
      nextDueAmount: null,
      overpayment: '32.00',
    };
    await publish(repaymentAllocated, 'last', { ...allocated, ...last });
    const [email] = await delivered('last', 3);
    expect(email?.body_text).toContain('Remaining balance: KES 0.00.');
    expect(email?.body_text).toContain('credit in your favour 32.00');
    expect(email?.body_text).toContain('Nothing more is due.');
    expect(email?.body_text).not.toContain('Next due');
  });
});

describe('a rejected application', () => {
  it('is told to the customer and to the vendor that it names, with reason and next steps', async () => {
    await publish(applicationDecided, 'rejected', rejected, 2);
    const all = await delivered('rejected', 5);
    expect(all.map(({ channel, template }) => [channel, template])).toEqual([
      ['email', 'application-rejected'],
      ['email', 'application-rejected-vendor'],
      ['in-app', expect.any(String)],
      ['in-app', expect.any(String)],
      ['sms', 'application-rejected'],
    ]);
    for (const { body_text: text, channel } of all)
      expect(text).toContain(channel === 'sms' ? 'Income too low' : 'Reason: Income too low');
    const [toShop] = mail.to('shop@example.test');
    expect(toShop?.text).toContain(`${String(rejected.applicationId)} of Asha Otieno`);
    expect(toShop?.text).toContain('Next steps: Apply in 30 days');
    expect(toShop?.text).not.toContain('asha@example.test');
  });

  it('tells nobody else: neither a user who is no vendor nor one who does not exist holds up the rest', async () => {
    const nobody = deterministicId('user', 'nobody');
    const staff = deterministicId('user', 'staff');
    await user(staff, 'staff@example.test', 'Some Staff', ['staff']);
    await eventually(async () => (await rows('select 1 from contact')).length === 3, SLOW);
    for (const vendorId of [nobody, staff, asha, null])
      await publish(applicationDecided, `to-${String(vendorId)}`, { ...rejected, vendorId });
    for (const vendorId of [nobody, staff, asha, null])
      await delivered(`to-${String(vendorId)}`, 3);
    expect(mail.to('staff@example.test')).toEqual([]);
  });

  it('cannot carry markup into a mail, and shows it as text in the app', async () => {
    await publish(applicationDecided, 'evil', { ...rejected, reason: EVIL, vendorId: null });
    const [email] = await delivered('evil', 3);
    const received = await eventually(() =>
      mail.to('asha@example.test').find(({ text }) => text.includes(EVIL)),
    );
    expect(received.html).not.toContain('<script>');
    expect(received.html).toContain('&lt;script&gt;');
    expect(email?.body_html).not.toContain('<script>');
  });
});

describe('what is read in the app', () => {
  const read = async (userId: string, role: string): Promise<Json[]> => {
    const token = await issuer.token({ userId, tenantId, roles: [role] });
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${running.url}/v1/notifications?limit=100`, { headers });
    return ((await response.json()) as { data: Json[] }).data;
  };

  it('is the text of in-app messages, by whom they are for alone', async () => {
    const link = { verifyUrl: 'http://x/?token=secret', expiresAt: '2026-01-02T00:00:00Z' };
    await publish(emailVerificationRequested, 'verify', {
      ...{ userId: asha, email: 'asha@example.test', name: 'Asha', ...link },
    });
    await delivered('verify', 1);
    const mine = await read(asha, 'customer');
    const bodies = mine.flatMap(({ body }) => (body === null ? [] : [String(body)]));
    expect(bodies.some((body) => body.includes('Remaining balance: KES 17000.00'))).toBe(true);
    expect(JSON.stringify(mine)).not.toContain('token=secret');
    const seenByStaff = await read(deterministicId('user', 'staff'), 'staff');
    expect(seenByStaff.length).toBeGreaterThan(mine.length);
    expect(seenByStaff.every(({ body }) => body === null)).toBe(true);
  });
});

describe('while the mail server is down', () => {
  it('mails wait, and go out once each when it is back', async () => {
    await mail.kill();
    const causes = ['down-1', 'down-2', 'down-3'];
    for (const cause of causes)
      await publish(repaymentAllocated, cause, { ...allocated, receipt: cause }, 2);
    await eventually(async () => {
      const waiting = await rows(
        "select 1 from delivery join job using (id) where channel = 'email' and status = 'queued' and job.attempts > 0 and job.last_error is not null",
      );
      return waiting.length === 3;
    }, SLOW);
    await mail.start();
    for (const cause of causes) await delivered(cause, 3);
    for (const cause of causes)
      expect(mail.mails.filter(({ subject }) => subject.endsWith(cause))).toHaveLength(1);
  });

  it('a mail whose answer was lost is sent again under the same Message-ID: a repeat that the receiver can tell', async () => {
    mail.dropAnswers = 1;
    await publish(repaymentAllocated, 'lost', { ...allocated, receipt: 'LOSTANSWER' });
    await delivered('lost', 3);
    const sent = mail.mails.filter(({ subject }) => subject.endsWith('LOSTANSWER'));
    expect(sent).toHaveLength(2);
    expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(1);
    expect(await rows("select 1 from delivery where status = 'failed'")).toEqual([]);
    await eventually(async () => (await recorded('lost')) === 2, SLOW);
  });

  it('never sent one Message-ID for two deliveries', () => {
    const known = new Map<string, string>();
    for (const { messageId, to, subject } of mail.mails) {
      expect(known.get(messageId) ?? `${to} ${subject}`).toBe(`${to} ${subject}`);
      known.set(messageId, `${to} ${subject}`);
    }
    expect(known.size).toBeGreaterThan(8);
  });
});
