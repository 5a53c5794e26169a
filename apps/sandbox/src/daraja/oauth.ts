import { hex } from './wire.js';
import type { Answer } from './wire.js';

/** Which credentials the simulator takes, and for how long a token lasts. */
export interface OauthOptions {
  /** Empty: any key that is not empty. */
  readonly consumerKey: string;
  /** Empty: any secret that is not empty. */
  readonly consumerSecret: string;
  readonly tokenSeconds: number;
}

/** Access tokens of the gateway (client credentials); a token that is over or unknown is refused by every other call. */
export class AccessTokens {
  private readonly expiries = new Map<string, number>();

  constructor(private readonly options: OauthOptions) {}

  /** Answers `GET /oauth/v1/generate`. Wrong credentials are HTTP 400 without a body; `expires_in` is a string. */
  issue(authorization: string, grantType: string): Answer {
    if (grantType !== 'client_credentials' || !this.knows(authorization))
      return { status: 400, body: '', contentType: 'text/plain' };
    const token = hex(14);
    const { tokenSeconds } = this.options;
    this.forgetOld();
    this.expiries.set(token, Date.now() + tokenSeconds * 1_000);
    return { status: 200, body: { access_token: token, expires_in: String(tokenSeconds) } };
  }

  /** Is `Bearer <token>` good now? */
  accepts(authorization: string): boolean {
    const until = this.expiries.get(authorization.replace(/^Bearer /, ''));
    return until !== undefined && until > Date.now();
  }

  /** Every token ends at once, as when the provider restarts. Gives how many there were. */
  revokeAll(): number {
    const { size } = this.expiries;
    this.expiries.clear();
    return size;
  }

  private knows(authorization: string): boolean {
    const pair = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
    const [key = '', secret = ''] = pair.split(':');
    const { consumerKey, consumerSecret } = this.options;
    return (
      key !== '' &&
      secret !== '' &&
      (consumerKey === '' || key === consumerKey) &&
      (consumerSecret === '' || secret === consumerSecret)
    );
  }

  private forgetOld(): void {
    for (const [token, until] of this.expiries)
      if (until <= Date.now()) this.expiries.delete(token);
  }
}
