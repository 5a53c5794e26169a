import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Rejected } from '@daftari/kernel';
import { Database, newId, type Tx } from '@daftari/service-kit';
import { SessionEntity, UserEntity } from '../persistence/entities.js';
import { SigningKeys } from './signing-keys.js';

/** What a login gives. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly tokenType: 'Bearer';
  readonly expiresIn: number;
}

const REFRESH_DAYS = 30;
/** SHA-256 of a random token: what is stored of it. */
export const hashToken = (token: string): string =>
  createHash('sha256').update(token).digest('hex');
const refused = (): Rejected =>
  new Rejected('auth/invalid-refresh-token', 'The refresh token is not valid; log in again', 401);

/** Sessions and their rotating refresh tokens. A refresh token that is used twice ends its session (RFC 9700 §4.14). */
@Injectable()
export class Sessions {
  constructor(
    private readonly db: Database,
    private readonly keys: SigningKeys,
  ) {}

  /** A new session for a user whose password was right. */
  async open(user: UserEntity, caller: { ip: string; userAgent: string }): Promise<Tokens> {
    const id = newId();
    const refreshToken = await this.db.transaction(async (tx) => {
      await tx.manager.insert(SessionEntity, { id, userId: user.id, ...caller, revokedAt: null });
      return this.issue(tx, id);
    });
    return this.tokens(user, id, refreshToken);
  }

  /** New tokens for a refresh token; the old one is used up. */
  async refresh(refreshToken: string): Promise<Tokens> {
    const outcome = await this.db.transaction(async (tx) => this.rotate(tx, refreshToken));
    if (!outcome) throw refused();
    return this.tokens(outcome.user, outcome.sessionId, outcome.next);
  }

  /** Ends a session: its access and refresh tokens work no more. */
  async revoke(sessionId: string): Promise<void> {
    await this.db.pool.query(
      'update session set revoked_at = now() where id = $1 and revoked_at is null',
      [sessionId],
    );
  }

  /** Is the session alive? Notes that it was seen. */
  async isActive(sessionId: string): Promise<boolean> {
    const { rowCount } = await this.db.pool.query(
      "update session set last_seen_at = now() where id = $1 and revoked_at is null and last_seen_at < now() - interval '30 seconds'",
      [sessionId],
    );
    if (rowCount === 1) return true;
    const { rows } = await this.db.pool.query(
      'select 1 from session where id = $1 and revoked_at is null',
      [sessionId],
    );
    return rows.length === 1;
  }

  async list(userId: string): Promise<SessionEntity[]> {
    return this.db.dataSource
      .getRepository(SessionEntity)
      .find({ where: { userId }, order: { createdAt: 'DESC' }, take: 50 });
  }

  private async rotate(
    tx: Tx,
    refreshToken: string,
  ): Promise<{ user: UserEntity; sessionId: string; next: string } | undefined> {
    const { rows } = await tx.client.query<{
      session_id: string;
      used: boolean;
      live: boolean;
      user_id: string;
    }>(
      `select t.session_id, t.used_at is not null as used, s.user_id, t.expires_at > now() and s.revoked_at is null as live
       from refresh_token t join session s on s.id = t.session_id where t.hash = $1 for update of t, s`,
      [hashToken(refreshToken)],
    );
    const row = rows[0];
    if (!row?.live) return undefined;
    if (row.used) {
      await tx.client.query('update session set revoked_at = now() where id = $1', [
        row.session_id,
      ]);
      return undefined;
    }
    await tx.client.query('update refresh_token set used_at = now() where hash = $1', [
      hashToken(refreshToken),
    ]);
    const user = await tx.manager.findOneByOrFail(UserEntity, { id: row.user_id });
    return { user, sessionId: row.session_id, next: await this.issue(tx, row.session_id) };
  }

  private async issue(tx: Tx, sessionId: string): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    await tx.client.query(
      `insert into refresh_token(hash, session_id, expires_at) values ($1, $2, now() + interval '${String(REFRESH_DAYS)} days')`,
      [hashToken(token), sessionId],
    );
    return token;
  }

  private async tokens(user: UserEntity, sessionId: string, refreshToken: string): Promise<Tokens> {
    const subject = {
      userId: user.id,
      tenantId: user.tenantId,
      sessionId,
      roles: user.roles,
      emailVerified: user.emailVerified,
    };
    const { token, expiresIn } = await this.keys.accessToken(subject);
    return { accessToken: token, refreshToken, tokenType: 'Bearer', expiresIn };
  }
}
