import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { type ErrorCode, Rejected, Unavailable } from '@daftari/kernel';
import type { EdgeConfig } from '../config/edge-config.js';

/** What an access token says. */
export interface Claims {
  readonly userId: string;
  readonly tenantId: string;
  readonly sessionId: string;
  readonly roles: readonly string[];
  readonly emailVerified: boolean;
}

const invalid = (message: string, code: ErrorCode = 'auth/invalid-token'): Rejected =>
  new Rejected(code, message, 401);
const text = (value: unknown): string => {
  if (typeof value !== 'string' || value === '') throw invalid('The access token lacks a claim');
  return value;
};

/** Verifies access tokens: EdDSA only, from our own JWKS, typed, issued for us, not expired (RFC 9068, RFC 8725). */
export class TokenVerifier {
  private readonly keys: ReturnType<typeof createRemoteJWKSet>;
  private readonly issuer: string;

  constructor(config: EdgeConfig) {
    this.issuer = config.JWT_ISSUER;
    this.keys = createRemoteJWKSet(new URL(config.JWKS_URL), {
      timeoutDuration: 3_000,
      cooldownDuration: 1_000,
      cacheMaxAge: 60_000,
    });
  }

  /** Gives the claims; throws Rejected 401 for a missing or wrong token, Unavailable when the keys cannot be read. */
  async verify(authorization: string | undefined): Promise<Claims> {
    const token = /^Bearer ([\w.~+/=-]+)$/.exec(authorization ?? '')?.[1];
    if (token === undefined) throw invalid('Send an access token', 'auth/missing-token');
    try {
      const options = {
        algorithms: ['EdDSA'],
        issuer: this.issuer,
        audience: 'daftari',
        typ: 'at+jwt',
        clockTolerance: 5,
      };
      const { payload } = await jwtVerify(token, this.keys, options);
      const roles = Array.isArray(payload.roles)
        ? payload.roles.filter((r): r is string => typeof r === 'string')
        : [];
      return {
        userId: text(payload.sub),
        tenantId: text(payload.tid),
        sessionId: text(payload.sid),
        roles,
        emailVerified: payload.email_verified === true,
      };
    } catch (error) {
      if (error instanceof Rejected) throw error;
      if (
        error instanceof errors.JOSEError &&
        !(error instanceof errors.JWKSTimeout) &&
        error.code !== 'ERR_JOSE_GENERIC'
      ) {
        throw invalid('The access token is not valid');
      }
      throw new Unavailable('The token keys cannot be read', 1_000, { cause: error });
    }
  }
}
