import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Rejected } from '@daftari/kernel';
import { Database } from '@daftari/service-kit';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';

const FAILURES = 10;
const WINDOW_S = 60;

/** Who tries to log in as whom. */
export interface Attempt {
  readonly ip: string;
  readonly tenant: string;
  readonly email: string;
}

/** Of addresses only a digest is kept. */
const keyOf = ({ ip, tenant, email }: Attempt): string =>
  createHash('sha256').update(`${ip}|${tenant}|${email.toLowerCase()}`).digest('hex');

/**
 * Counts failed logins of one account from one address: ten a minute, at whichever instance (ADR 11). The right password
 * works again when the minute is over, and elsewhere all the time.
 */
@Injectable()
export class LoginThrottle {
  private readonly failures: RateLimiterPostgres;

  constructor(db: Database) {
    this.failures = new RateLimiterPostgres({
      storeClient: db.pool,
      storeType: 'pool',
      tableName: 'login_failure',
      tableCreated: true,
      clearExpiredByTimeout: false, // the service's purge does it
      keyPrefix: '',
      points: FAILURES,
      duration: WINDOW_S,
    });
  }

  /** Throws 429 when there were too many failures. */
  async assertOpen(attempt: Attempt): Promise<void> {
    const counted = await this.failures.get(keyOf(attempt));
    if (counted !== null && counted.remainingPoints <= 0)
      throw new Rejected('auth/too-many-attempts', 'Too many attempts; wait a minute', 429);
  }

  /** Counts one more. */
  async failed(attempt: Attempt): Promise<void> {
    await this.failures.consume(keyOf(attempt)).catch((error: unknown) => {
      if (!(error instanceof RateLimiterRes)) throw error;
    });
  }
}
