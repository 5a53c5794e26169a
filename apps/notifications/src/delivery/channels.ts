import { AfricasTalkingSms, type Outcome, ProviderHttp, SmtpMailer } from '@daftari/integrations';
import { observeProviderCall, watchBreaker } from '@daftari/service-kit';
import type { NotificationsConfig } from '../config.js';

/** What a channel needs to know. */
export interface Outgoing {
  readonly id: string;
  readonly recipient: string;
  readonly subject: string;
  readonly body_text: string;
  readonly body_html: string;
}

/** One way out per channel. */
export interface Channels {
  readonly email: (message: Outgoing) => Promise<Outcome>;
  readonly sms: (message: Outgoing) => Promise<Outcome>;
  /** Lets go of connections. */
  readonly close: () => Promise<void>;
}

/** Injection token of the channels. */
export const CHANNELS = Symbol('Channels');

/** SMTP is not HTTP: the mailer's outcome stands in the metric's place of a status. */
const timedMail = async (send: () => Promise<Outcome>): Promise<Outcome> => {
  const started = performance.now();
  const outcome = await send();
  const durationMs = performance.now() - started;
  observeProviderCall({ provider: 'smtp', operation: 'send', durationMs, error: outcome.kind });
  return outcome;
};

/** The real providers, by configuration. The delivery's id becomes the mail's Message-ID, so that a repeat can be recognised. */
export const channelsOf = (config: NotificationsConfig): Channels => {
  const mailer = new SmtpMailer({
    host: config.SMTP_HOST,
    port: config.SMTP_PORT,
    from: config.MAIL_FROM,
    ...(config.SMTP_USER === '' ? {} : { user: config.SMTP_USER, password: config.SMTP_PASSWORD }),
  });
  const http = new ProviderHttp({ onBreaker: watchBreaker, onCall: observeProviderCall });
  const sms = new AfricasTalkingSms(
    { baseUrl: config.SMS_BASE_URL, username: config.SMS_USERNAME, apiKey: config.SMS_API_KEY },
    http,
  );
  return {
    email: (m) =>
      timedMail(() =>
        mailer.send({
          to: m.recipient,
          subject: m.subject,
          text: m.body_text,
          html: m.body_html,
          messageId: `<${m.id}@daftari>`,
        }),
      ),
    sms: (m) => sms.send({ to: `+${m.recipient}`, message: m.body_text }),
    close: async () => {
      mailer.close();
      await http.close();
    },
  };
};
