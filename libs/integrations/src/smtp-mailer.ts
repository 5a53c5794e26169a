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
      connectionTimeout: 5_000,
      socketTimeout: 30_000,
      ...(config.user === undefined
        ? {}
        : { auth: { user: config.user, pass: config.password ?? '' } }),
    });
  }

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
      const { responseCode, code } = error as { responseCode?: number; code?: string };
      const reason = error instanceof Error ? error.message : String(error);
      if (responseCode !== undefined && responseCode >= 500)
        return { kind: 'declined', code: String(responseCode), reason };
      if (code === 'ECONNECTION' || code === 'EDNS' || code === 'ESOCKET')
        return { kind: 'notSent', reason };
      return { kind: 'unknown', reason };
    }
  }
}
