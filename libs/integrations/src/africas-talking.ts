import type { Outcome } from './outcome.js';
import type { ProviderHttp } from './provider-http.js';

interface Recipient {
  readonly statusCode?: number;
  readonly status?: string;
  readonly messageId?: string;
}

/** SMS by Africa's Talking (africastalking.com/docs): form-encoded, HTTP 201, each recipient judged alone. */
export class AfricasTalkingSms {
  constructor(
    private readonly config: {
      readonly baseUrl: string;
      readonly username: string;
      readonly apiKey: string;
      readonly from?: string;
    },
    private readonly http: ProviderHttp,
  ) {}

  async send({ to, message }: { to: string; message: string }): Promise<Outcome> {
    const form = new URLSearchParams({
      username: this.config.username,
      to,
      message,
      bulkSMSMode: '1',
      ...(this.config.from === undefined ? {} : { from: this.config.from }),
    });
    const answer = await this.http.send({
      provider: 'africas-talking',
      operation: 'send',
      method: 'POST',
      url: `${this.config.baseUrl}/version1/messaging`,
      headers: {
        apikey: this.config.apiKey,
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: form.toString(),
      timeoutMs: 15_000,
    });
    if (answer.kind !== 'answer') return answer;
    if (answer.status === 401)
      return { kind: 'rejected', code: '401', reason: 'the API key is wrong', config: true };
    if (answer.status !== 201) return { kind: 'unknown', reason: `HTTP ${String(answer.status)}` };
    const recipient = recipientOf(answer.text);
    if (!recipient) return { kind: 'unknown', reason: 'the answer cannot be read' };
    const code = recipient.statusCode ?? 0;
    if (code >= 100 && code < 200)
      return { kind: 'accepted', providerRef: recipient.messageId ?? '' };
    if (code === 500 || code === 501)
      return { kind: 'unknown', reason: recipient.status ?? String(code) };
    return { kind: 'declined', code: String(code), reason: recipient.status ?? '' };
  }
}

const recipientOf = (text: string): Recipient | undefined => {
  try {
    const body = JSON.parse(text) as { SMSMessageData?: { Recipients?: Recipient[] } };
    return body.SMSMessageData?.Recipients?.[0];
  } catch {
    return undefined;
  }
};
