import { AfricasTalkingSms, ProviderHttp, SmtpMailer } from '@daftari/integrations';
import { sandboxConfig } from '../config.js';
import { Sandbox } from '../sandbox.js';
import { GOLDEN, shapeOf } from '../testing/golden.js';

const sandbox = new Sandbox(sandboxConfig({ SANDBOX_HTTP_PORT: '0', SANDBOX_SMTP_PORT: '0' }));
const http = new ProviderHttp();
let base: string;
let mailer: SmtpMailer;

beforeAll(async () => {
  base = await sandbox.start();
  const from = 'Daftari <no-reply@daftari.test>';
  mailer = new SmtpMailer({ host: '127.0.0.1', port: sandbox.smtpPort, from });
});
afterAll(async () => {
  mailer.close();
  await http.close();
  await sandbox.stop();
});

const get = async (path: string): Promise<unknown> => (await fetch(base + path)).json();

describe("Africa's Talking", () => {
  const smsOf = (apiKey: string): AfricasTalkingSms =>
    new AfricasTalkingSms({ baseUrl: base, username: 'sandbox', apiKey }, http);

  it('takes an SMS, answers 201 in the documented format, and shows it', async () => {
    const message = 'Received KES 8,668.00 & thanks <3';
    const sent = await smsOf('key').send({ to: '+254700000001', message });
    expect(sent).toMatchObject({
      kind: 'accepted',
      providerRef: expect.stringMatching(/^ATXid_[0-9a-f]{32}$/) as string,
    });
    expect(await get(`/sandbox/sms?to=${encodeURIComponent('+254700000001')}`)).toEqual([
      expect.objectContaining({ to: '+254700000001', text: message }),
    ]);
    const raw = await fetch(`${base}/version1/messaging`, {
      method: 'POST',
      headers: { apikey: 'key', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ username: 'sandbox', to: '+254700000002', message }).toString(),
    });
    expect(raw.status).toBe(201);
    expect(shapeOf(await raw.json())).toEqual(shapeOf(GOLDEN.sms));
  });

  it('judges each recipient: a 201 can carry a refusal', async () => {
    const outcomes = await Promise.all(
      ['403', '405', '406', '500'].map((code) =>
        smsOf('key').send({ to: `+254700000${code}`, message: 'x' }),
      ),
    );
    expect(outcomes).toEqual([
      { kind: 'declined', code: '403', reason: 'InvalidPhoneNumber' },
      { kind: 'declined', code: '405', reason: 'InsufficientBalance' },
      { kind: 'declined', code: '406', reason: 'UserInBlacklist' },
      { kind: 'unknown', reason: 'InternalServerError' },
    ]);
    expect(await get('/sandbox/sms?to=%2B254700000403')).toEqual([]);
  });

  it('refuses a call without a key', async () => {
    expect(await smsOf('').send({ to: '+254700000003', message: 'x' })).toMatchObject({
      kind: 'rejected',
      config: true,
    });
  });
});

describe('mail', () => {
  const mail = (to: string, more: object = {}) => ({
    to,
    subject: 'Your loan has been paid out',
    text: 'KES 25,000.00',
    html: '<p>KES 25,000.00</p>',
    messageId: '<d1@daftari>',
    ...more,
  });

  it('arrives as it was sent, with the Message-ID of the sender', async () => {
    expect(await mailer.send(mail('asha@example.test'))).toEqual({
      kind: 'accepted',
      providerRef: '<d1@daftari>',
    });
    expect(await get('/sandbox/mails?to=asha@example.test')).toEqual([
      expect.objectContaining({
        messageId: '<d1@daftari>',
        from: '"Daftari" <no-reply@daftari.test>',
        to: 'asha@example.test',
        subject: 'Your loan has been paid out',
        text: expect.stringContaining('KES 25,000.00') as string,
        html: expect.stringContaining('<p>KES 25,000.00</p>') as string,
      }),
    ]);
  });

  it('is declined for good by a 5xx, and not sent by a 4xx', async () => {
    expect(await mailer.send(mail('asha+550@example.test'))).toMatchObject({
      kind: 'declined',
      code: '550',
    });
    expect((await mailer.send(mail('asha+451@example.test'))).kind).toBe('notSent');
    expect(await get('/sandbox/mails?to=asha%2B')).toEqual([]);
  });

  it('is not sent while nobody listens', async () => {
    const nobody = new SmtpMailer({ host: '127.0.0.1', port: 1, from: 'a@daftari.test' });
    expect((await nobody.send(mail('asha@example.test'))).kind).toBe('notSent');
    nobody.close();
  });

  it('shows mails and SMS on a page that nothing in them can break', async () => {
    const evil = '<script>alert(1)</script>';
    await mailer.send(mail('page@example.test', { subject: evil, text: evil }));
    const sms = new AfricasTalkingSms({ baseUrl: base, username: 'sandbox', apiKey: 'k' }, http);
    await sms.send({ to: '+254700000009', message: evil });
    const response = await fetch(`${base}/`);
    const page = await response.text();
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(page).toContain('page@example.test');
    expect(page).toContain('+254700000009');
    expect(page).not.toContain('<script>');
    expect(page.split('&#60;script&#62;alert(1)')).toHaveLength(4);
  });
});
