import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { invariant } from '@daftari/kernel';
import { CONFIG, Database, newId } from '@daftari/service-kit';
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import type { IdentityConfig } from '../config.js';

const ACCESS_TOKEN_SECONDS = 900;

/** What an access token says of its user. */
export interface TokenSubject {
  readonly userId: string;
  readonly tenantId: string;
  readonly sessionId: string;
  readonly roles: readonly string[];
  readonly emailVerified: boolean;
}

/** The EdDSA keys that sign access tokens (RFC 8037); private ones are sealed with AES-256-GCM at rest. */
@Injectable()
export class SigningKeys {
  private current: Promise<{ id: string; key: Awaited<ReturnType<typeof importJWK>> }> | undefined;

  constructor(
    private readonly db: Database,
    @Inject(CONFIG) private readonly config: IdentityConfig,
  ) {}

  /** The public keys, as a JWKS. */
  async jwks(): Promise<{ keys: unknown[] }> {
    await this.signer();
    const { rows } = await this.db.pool.query<{ public_jwk: unknown }>(
      'select public_jwk from signing_key order by created_at desc',
    );
    return { keys: rows.map((row) => row.public_jwk) };
  }

  /** A signed access token (RFC 9068) and its life in seconds. */
  async accessToken(subject: TokenSubject): Promise<{ token: string; expiresIn: number }> {
    const { id, key } = await this.signer();
    const token = await new SignJWT({
      tid: subject.tenantId,
      sid: subject.sessionId,
      roles: subject.roles,
      email_verified: subject.emailVerified,
    })
      .setProtectedHeader({ alg: 'EdDSA', kid: id, typ: 'at+jwt' })
      .setSubject(subject.userId)
      .setIssuer(this.config.JWT_ISSUER)
      .setAudience('daftari')
      .setJti(newId())
      .setIssuedAt()
      .setExpirationTime(`${String(ACCESS_TOKEN_SECONDS)}s`)
      .sign(key);
    return { token, expiresIn: ACCESS_TOKEN_SECONDS };
  }

  private signer(): NonNullable<typeof this.current> {
    this.current ??= this.load().catch((error: unknown) => {
      this.current = undefined;
      throw error;
    });
    return this.current;
  }

  /** The newest key, made at the first use; instances that start together agree on one. */
  private async load(): Promise<{ id: string; key: Awaited<ReturnType<typeof importJWK>> }> {
    return this.db.transaction(async ({ client }) => {
      await client.query('select pg_advisory_xact_lock(727003)');
      const known = await client.query<{ id: string; private_sealed: string }>(
        'select id, private_sealed from signing_key order by created_at desc limit 1',
      );
      const row = known.rows[0];
      if (row)
        return {
          id: row.id,
          key: await importJWK(JSON.parse(this.open(row.private_sealed)) as JWK, 'EdDSA'),
        };
      const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
      const id = newId();
      const publicJwk = { ...(await exportJWK(publicKey)), kid: id, alg: 'EdDSA', use: 'sig' };
      await client.query(
        'insert into signing_key(id, public_jwk, private_sealed) values ($1, $2, $3)',
        [id, publicJwk, this.seal(JSON.stringify(await exportJWK(privateKey)))],
      );
      return { id, key: privateKey };
    });
  }

  private seal(text: string): string {
    const iv = randomBytes(12);
    const cipher = createCipheriv(
      'aes-256-gcm',
      Buffer.from(this.config.KEY_ENCRYPTION_KEY, 'hex'),
      iv,
    );
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return [iv, cipher.getAuthTag(), sealed].map((part) => part.toString('base64url')).join('.');
  }

  private open(text: string): string {
    const [iv, tag, sealed] = text.split('.').map((part) => Buffer.from(part, 'base64url'));
    invariant(
      iv !== undefined && tag !== undefined && sealed !== undefined,
      'a signing key is damaged',
    );
    const decipher = createDecipheriv(
      'aes-256-gcm',
      Buffer.from(this.config.KEY_ENCRYPTION_KEY, 'hex'),
      iv,
    );
    decipher.setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8');
  }
}
