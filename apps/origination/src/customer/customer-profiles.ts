import { Inject, Injectable } from '@nestjs/common';
import { NotFound } from '@daftari/kernel';
import { CONFIG, Database, ServiceHttp } from '@daftari/service-kit';
import type { CustomerFigures } from '../application/domain/application.js';
import { OriginationConfig } from '../config.js';

/** What a decision needs to know of a customer. */
export interface CustomerProfile extends CustomerFigures {
  readonly tenantId: string | null;
  readonly emailVerified: boolean;
}

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const text = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

/** Reads identity's answer. Only figures are taken from it; what is missing or not understood is null. */
export const parseProfile = (answer: unknown): Omit<CustomerProfile, 'completedLoans'> => {
  const user = objectOf(answer);
  const profile = objectOf(user['profile']);
  const income = objectOf(profile['monthlyIncome']);
  const amount = text(income['amount']);
  const currency = text(income['currency']);
  return {
    tenantId: text(user['tenantId']),
    emailVerified: user['emailVerified'] === true,
    monthlyIncome: amount === null || currency === null ? null : { amount, currency },
    employed: /^(self-)?employed$/.test(text(profile['employment']) ?? ''),
  };
};

/** The figures of a customer: from identity over HTTP, and its history of loans from here. */
@Injectable()
export class CustomerProfiles {
  constructor(
    private readonly http: ServiceHttp,
    private readonly db: Database,
    @Inject(CONFIG) private readonly config: OriginationConfig,
  ) {}

  /** Errors: NotFound for a user of another tenant or none, Unavailable when identity does not answer. */
  async of(customerId: string, tenantId: string): Promise<CustomerProfile> {
    const url = `${this.config.IDENTITY_URL}/internal/users/${encodeURIComponent(customerId)}`;
    const answer = await this.http.get<unknown>(url, {
      headers: { 'x-internal-key': this.config.INTERNAL_KEY },
    });
    const profile = parseProfile(answer);
    if (profile.tenantId !== tenantId) throw new NotFound('customer');
    const { rows } = await this.db.pool.query<{ completed: number }>(
      `select count(*)::int as completed from read_loans where tenant_id = $1 and customer_id = $2 and status = 'completed'`,
      [tenantId, customerId],
    );
    return { ...profile, completedLoans: rows[0]?.completed ?? 0 };
  }
}
