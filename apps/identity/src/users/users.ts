import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { emailVerificationRequested, userChanged } from '@daftari/contracts';
import { CLOCK, type Clock, deterministicId, Rejected } from '@daftari/kernel';
import { Outbox } from '@daftari/messaging';
import { CONFIG, Database, messageFrom, newId, type Tx } from '@daftari/service-kit';
import { Passwords } from '../auth/passwords.js';
import { hashToken } from '../auth/sessions.js';
import type { IdentityConfig } from '../config.js';
import { TenantEntity, UserEntity } from '../persistence/entities.js';

/** What makes a user. */
export interface NewUser {
  readonly email: string;
  readonly password: string;
  readonly name: string;
  readonly phone: string | null;
  readonly roles: readonly string[];
  readonly emailVerified: boolean;
}

const LINKS_PER_HOUR = 3;
const LINK_HOURS = 24;

/** Users: made, verified, changed; every change is published with the row. */
@Injectable()
export class Users {
  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
    private readonly passwords: Passwords,
    @Inject(CONFIG) private readonly config: IdentityConfig,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async find(tenantSlug: string, email: string): Promise<UserEntity | null> {
    const tenant = await this.db.dataSource
      .getRepository(TenantEntity)
      .findOneBy({ slug: tenantSlug });
    if (!tenant) return null;
    return this.db.dataSource
      .getRepository(UserEntity)
      .findOneBy({ tenantId: tenant.id, email: email.toLowerCase() });
  }

  async byId(id: string): Promise<UserEntity | null> {
    return this.db.dataSource.getRepository(UserEntity).findOneBy({ id });
  }

  /** Makes a user; false when the address is taken in the tenant, and then nothing changes. */
  async create(
    tenantId: string,
    input: NewUser,
    correlationId: string,
    id: string,
  ): Promise<boolean> {
    const passwordHash = await this.passwords.hash(input.password);
    return this.db.transaction(async (tx) => {
      const { rowCount } = await tx.client.query(
        `insert into app_user(id, tenant_id, email, password_hash, name, phone, roles, email_verified) values ($1,$2,$3,$4,$5,$6,$7,$8) on conflict do nothing`,
        [
          id,
          tenantId,
          input.email.toLowerCase(),
          passwordHash,
          input.name,
          input.phone,
          [...input.roles],
          input.emailVerified,
        ],
      );
      if (rowCount === 0) return false;
      await this.publish(tx, id, correlationId);
      if (!input.emailVerified) await this.sendLink(tx, id, correlationId);
      return true;
    });
  }

  /** Sends another link, at most three an hour; 409 when there is nothing left to verify. */
  async resendLink(userId: string, correlationId: string): Promise<void> {
    await this.db.transaction(async (tx) => this.sendLink(tx, userId, correlationId));
  }

  /** Marks the address of a link's user as verified; a link works once and for a day. */
  async verifyEmail(token: string, correlationId: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      const { rows } = await tx.client.query<{ user_id: string }>(
        'update email_verification set used_at = $2 where hash = $1 and used_at is null and expires_at > $2 returning user_id',
        [hashToken(token), this.clock.now()],
      );
      const userId = rows[0]?.user_id;
      if (userId === undefined)
        throw new Rejected(
          'auth/invalid-verification-token',
          'The link is wrong, used or too old; ask for another',
          422,
        );
      await tx.client.query('update app_user set email_verified = true where id = $1', [userId]);
      await this.publish(tx, userId, correlationId);
    });
  }

  async changeProfile(
    userId: string,
    name: string,
    phone: string | null,
    profile: Record<string, unknown>,
    correlationId: string,
  ): Promise<void> {
    await this.db.transaction(async (tx) => {
      await tx.manager.update(
        UserEntity,
        { id: userId },
        { name, phone, profile: profile as object },
      );
      await this.publish(tx, userId, correlationId);
    });
  }

  private async publish(tx: Tx, id: string, correlationId: string): Promise<void> {
    const user = await tx.manager.findOneByOrFail(UserEntity, { id });
    const data = {
      userId: id,
      email: user.email,
      phone: user.phone,
      name: user.name,
      roles: user.roles,
      emailVerified: user.emailVerified,
    };
    await this.outbox.add(
      tx.client,
      messageFrom(userChanged, {
        id: newId(),
        key: id,
        tenantId: user.tenantId,
        correlationId,
        source: '/daftari/identity',
        time: this.clock.now(),
        data,
      }),
    );
  }

  private async sendLink(tx: Tx, userId: string, correlationId: string): Promise<void> {
    const now = this.clock.now();
    // The lock makes two requests at once count each other's link.
    const user = await tx.manager.findOneOrFail(UserEntity, {
      where: { id: userId },
      lock: { mode: 'pessimistic_write' },
    });
    if (user.emailVerified)
      throw new Rejected('auth/already-verified', 'The e-mail address is verified already', 409);
    const { rows } = await tx.client.query<{ n: number }>(
      "select count(*)::int as n from email_verification where user_id = $1 and created_at > $2::timestamptz - interval '1 hour'",
      [userId, now],
    );
    if ((rows[0]?.n ?? 0) >= LINKS_PER_HOUR)
      throw new Rejected('auth/too-many-verifications', 'Three links an hour at most', 429);
    const token = randomBytes(32).toString('base64url');
    const expiresAt = new Date(now.getTime() + LINK_HOURS * 3_600_000).toISOString();
    await tx.client.query(
      'insert into email_verification(hash, user_id, created_at, expires_at) values ($1, $2, $3, $4)',
      [hashToken(token), userId, now, expiresAt],
    );
    const data = {
      userId,
      email: user.email,
      name: user.name,
      verifyUrl: `${this.config.PUBLIC_URL}/api/v1/auth/verify-email?token=${token}`,
      expiresAt,
    };
    const id = deterministicId('verification', hashToken(token));
    await this.outbox.add(
      tx.client,
      messageFrom(emailVerificationRequested, {
        id,
        key: userId,
        tenantId: user.tenantId,
        correlationId,
        source: '/daftari/identity',
        time: now,
        data,
      }),
    );
  }
}
