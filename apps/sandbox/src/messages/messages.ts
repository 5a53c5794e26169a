import { createServer } from 'node:net';
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { simpleParser } from 'mailparser';
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

/** A mail server and an SMS provider that keep what they get, and the page that shows it. */
export class Messages {
  private readonly mails: Mail[] = [];
  private readonly sms: Sms[] = [];
  private readonly smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    size: 5 * 1024 * 1024,
    onData: (stream, _session, done) => {
      simpleParser(stream).then(
        (mail) => {
          const to = Array.isArray(mail.to) ? mail.to[0] : mail.to;
          keep(this.mails, {
            id: randomUUID(),
            messageId: mail.messageId ?? '',
            from: mail.from?.text ?? '',
            to: to?.text ?? '',
            subject: mail.subject ?? '',
            text: mail.text ?? '',
            html: mail.html === false ? '' : (mail.html ?? ''),
            receivedAt: new Date().toISOString(),
          });
          done();
        },
        (error: unknown) => {
          done(error instanceof Error ? error : new Error(String(error)));
        },
      );
    },
  });

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.smtp.on('error', reject);
      this.smtp.listen(port, '127.0.0.1', resolve);
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
    const to = (query: unknown): string => String((query as { to?: string }).to ?? '');
    server.post('/version1/messaging', async (request, reply) => {
      if (typeof request.headers.apikey !== 'string' || request.headers.apikey === '')
        return reply.status(401).send('The supplied authentication is invalid');
      const form = new URLSearchParams(String(request.body));
      const recipients = (form.get('to') ?? '').split(',').map((number) => {
        const id = `ATXid_${randomUUID().replaceAll('-', '')}`;
        keep(this.sms, {
          id,
          to: number,
          text: form.get('message') ?? '',
          receivedAt: new Date().toISOString(),
        });
        return { statusCode: 101, number, status: 'Success', cost: 'KES 0.8000', messageId: id };
      });
      return reply.status(201).send({
        SMSMessageData: {
          Message: `Sent to ${String(recipients.length)}/${String(recipients.length)} Total Cost: KES 0.8000`,
          Recipients: recipients,
        },
      });
    });
    server.get('/sandbox/mails', async (request) =>
      this.mails.filter((mail) => mail.to.includes(to(request.query))),
    );
    server.get('/sandbox/sms', async (request) =>
      this.sms.filter((sms) => sms.to.includes(to(request.query).trim())),
    );
    server.get('/', async (_request, reply) => reply.type('text/html').send(this.page()));
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
