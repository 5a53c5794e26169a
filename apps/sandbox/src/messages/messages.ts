import { createServer } from 'node:net';
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

interface Mail {
  readonly id: string;
  readonly messageId: string;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly receivedAt: string;
}
interface Sms {
  readonly id: string;
  readonly to: string;
  readonly text: string;
  readonly receivedAt: string;
}

const MOST = 20_000;
const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => `&#${String(c.charCodeAt(0))};`);
const keep = <T>(list: T[], item: T): void => {
  list.push(item);
  if (list.length > MOST) list.shift();
};

/** Numbers that the SMS provider refuses, by their last three digits, as Africa's Talking says it. */
const SMS_REFUSALS: Readonly<Record<string, string>> = {
  '401': 'RiskHold',
  '403': 'InvalidPhoneNumber',
  '405': 'InsufficientBalance',
  '406': 'UserInBlacklist',
  '407': 'CouldNotRoute',
  '500': 'InternalServerError',
};

/** `anybody+451@...` and `anybody+550@...` are refused with that code, for a while or for good. */
const refusalOf = (address: string): number | undefined => {
  const code = /\+([45]\d\d)@/.exec(address)?.[1];
  return code === undefined ? undefined : Number(code);
};

/** A mail server and an SMS provider that keep what they get, and the page that shows it. */
export class Messages {
  private readonly mails: Mail[] = [];
  private readonly sms: Sms[] = [];
  private readonly smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    size: 5 * 1024 * 1024,
    onRcptTo: ({ address }, _session, done) => {
      const responseCode = refusalOf(address);
      done(
        responseCode === undefined
          ? null
          : Object.assign(new Error('mailbox refused'), { responseCode }),
      );
    },
    onData: (stream, _session, done) => {
      simpleParser(stream).then(
        (mail) => {
          this.keepMail(mail);
          done();
        },
        (error: unknown) => {
          done(error instanceof Error ? error : new Error(String(error)));
        },
      );
    },
  });

  /** The mail server's port; 0 while it does not listen. */
  get port(): number {
    const address = this.smtp.server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  listen(port: number, host: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.smtp.on('error', reject);
      this.smtp.listen(port, host, resolve);
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.smtp.close(() => {
        resolve();
      });
    });
  }

  mount(server: FastifyInstance): void {
    const to = (query: unknown): string => String((query as { to?: string }).to ?? '').trim();
    server.post('/version1/messaging', async (request, reply) => {
      if (typeof request.headers.apikey !== 'string' || request.headers.apikey === '')
        return reply.status(401).send('The supplied authentication is invalid');
      const form = new URLSearchParams(String(request.body));
      return reply.status(201).send(this.receiveSms(form));
    });
    server.get('/sandbox/mails', async (request) =>
      this.mails.filter((mail) => mail.to.includes(to(request.query))),
    );
    server.get('/sandbox/sms', async (request) =>
      this.sms.filter((sms) => sms.to.includes(to(request.query))),
    );
    server.get('/', async (_request, reply) => reply.type('text/html').send(this.page()));
  }

  private keepMail(mail: ParsedMail): void {
    const to = Array.isArray(mail.to) ? mail.to[0] : mail.to;
    keep(this.mails, {
      id: randomUUID(),
      messageId: mail.messageId ?? '',
      from: mail.from?.text ?? '',
      to: to?.text ?? '',
      subject: mail.subject ?? '',
      text: mail.text ?? '',
      html: typeof mail.html === 'string' ? mail.html : '',
      receivedAt: new Date().toISOString(),
    });
  }

  /** One recipient can be refused while the others are served; the HTTP status says nothing of that. */
  private receiveSms(form: URLSearchParams): object {
    const numbers = (form.get('to') ?? '').split(',').filter((number) => number !== '');
    const recipients = numbers.map((number) => {
      const refused = SMS_REFUSALS[number.slice(-3)];
      if (refused !== undefined)
        return {
          statusCode: Number(number.slice(-3)),
          number,
          status: refused,
          cost: '0',
          messageId: 'None',
        };
      const id = `ATXid_${randomUUID().replaceAll('-', '')}`;
      const receivedAt = new Date().toISOString();
      keep(this.sms, { id, to: number, text: form.get('message') ?? '', receivedAt });
      return { statusCode: 101, number, status: 'Success', cost: 'KES 0.8000', messageId: id };
    });
    const sent = recipients.filter(({ statusCode }) => statusCode === 101).length;
    const cost = `KES ${(sent * 0.8).toFixed(4)}`;
    const Message = `Sent to ${String(sent)}/${String(numbers.length)} Total Cost: ${cost}`;
    return { SMSMessageData: { Message, Recipients: recipients } };
  }

  private page(): string {
    const mails = this.mails
      .slice(-100)
      .reverse()
      .map(
        (m) =>
          `<details><summary>${escape(m.receivedAt.slice(11, 19))} <b>${escape(m.to)}</b> ${escape(m.subject)}</summary><pre>${escape(m.text)}</pre></details>`,
      );
    const sms = this.sms
      .slice(-100)
      .reverse()
      .map(
        (s) =>
          `<p>${escape(s.receivedAt.slice(11, 19))} <b>${escape(s.to)}</b> ${escape(s.text)}</p>`,
      );
    return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sandbox: mails and SMS</title><style>body{font-family:sans-serif;margin:2rem;max-width:60rem}pre{white-space:pre-wrap;background:#f4f4f4;padding:1rem}</style></head><body><h1>Mails</h1>${mails.join('') || '<p>None yet.</p>'}<h1>SMS</h1>${sms.join('') || '<p>None yet.</p>'}</body></html>`;
  }
}

/** Is a port free? Asked before the mail server takes it, for a clear message. */
export const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => {
      resolve(false);
    });
    probe.listen(port, '127.0.0.1', () =>
      probe.close(() => {
        resolve(true);
      }),
    );
  });
