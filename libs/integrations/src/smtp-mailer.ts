import { createTransport, type Transporter } from 'nodemailer';
import type { Outcome } from './outcome.js';

/** A mail server. */
export interface SmtpConfig {
  readonly host: string;
  readonly port: number;
  readonly secure?: boolean;
  readonly user?: string;
  readonly password?: string;
  readonly from: string;
}

/** What nodemailer says about a failure. */
interface SmtpFailure {
  readonly responseCode?: number;
  readonly code?: string;
  readonly originalCode?: string;
  readonly syscall?: string;
  readonly timeoutType?: string;
}

/** Before the message was offered: nothing can have been delivered. */
const isBeforeSending = ({ code, syscall, timeoutType }: SmtpFailure): boolean =>
  code === 'EDNS' ||
  syscall === 'connect' ||
  timeoutType === 'CONNECTION_TIMEOUT' ||
  timeoutType === 'GREETING_TIMEOUT';

const outcomeOf = (error: unknown): Outcome => {
  const failure = error as SmtpFailure;
  const { responseCode = 0, code = '' } = failure;
  const reason = error instanceof Error ? error.message : String(error);
  if (code === 'EAUTH')
    return { kind: 'rejected', code: String(responseCode), reason, config: true };
  if (responseCode >= 500) return { kind: 'declined', code: String(responseCode), reason };
  if (responseCode >= 400 || isBeforeSending(failure)) return { kind: 'notSent', reason };
  return { kind: 'unknown', reason };
};

/** Mail by SMTP. The Message-ID comes from the caller, so that a repeat after an unknown outcome can be recognised. */
export class SmtpMailer {
  private readonly transport: Transporter;

  constructor(private readonly config: SmtpConfig) {
    this.transport = createTransport({
      host: config.host,
      port: config.port,
      secure: config.secure ?? false,
      pool: true,
      maxConnections: 5,
      // A message whose connection broke may have been taken: whether to send it again is the caller's to decide.
      maxRequeues: 0,
      connectionTimeout: 5_000,
      greetingTimeout: 5_000,
      socketTimeout: 30_000,
      ...(config.user === undefined
        ? {}
        : { auth: { user: config.user, pass: config.password ?? '' } }),
    });
  }

  /** Never throws: a failure says whether the mail can have been taken. */
  async send(mail: {
    to: string;
    subject: string;
    text: string;
    html: string;
    messageId: string;
  }): Promise<Outcome> {
    try {
      await this.transport.sendMail({ from: this.config.from, ...mail });
      return { kind: 'accepted', providerRef: mail.messageId };
    } catch (error) {
      return outcomeOf(error);
    }
  }

  /** Lets go of its connections. */
  close(): void {
    this.transport.close();
  }
}
