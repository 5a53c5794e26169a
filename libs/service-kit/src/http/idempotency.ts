import { createHash } from 'node:crypto';
import {
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  SetMetadata,
} from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { crashPoint, type ErrorCode, Rejected } from '@daftari/kernel';
import canonicalize from 'canonicalize';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Pool } from 'pg';
import { catchError, finalize, from, mergeMap, type Observable, of, throwError } from 'rxjs';
import { describeError } from './errors.js';
import { idempotencyKeyOf, requestMeta } from './request-meta.js';

/** Metadata key of routes that need an Idempotency-Key. */
export const IDEMPOTENT = 'daftari:idempotent';
const SAFE = ['GET', 'HEAD', 'OPTIONS'];
/** The route needs an Idempotency-Key and has its effect once per key. */
export const Idempotent = (): MethodDecorator => SetMetadata(IDEMPOTENT, true);

interface Stored {
  readonly fingerprint: string;
  readonly status: number | null;
  readonly body: unknown;
  readonly error: {
    code: ErrorCode;
    message: string;
    status: Rejected['status'];
    fields: Rejected['fields'];
  } | null;
  readonly mine: boolean;
}

const LEASE = `now() + interval '10 seconds'`;
const RENEW_EVERY_MS = 2_000;
// The one who inserts the row, or takes over a lease whose holder died, runs the request; `mine` says who.
const CLAIM = `
  with taken as (
    insert into idempotency(key, fingerprint, lease_until) values ($1, $2, ${LEASE})
    on conflict (key) do update set lease_until = ${LEASE}
      where idempotency.status is null and idempotency.lease_until < now() and idempotency.fingerprint = $2
    returning key, fingerprint, status, body, error)
  select fingerprint, status, body, error, true as mine from taken
  union all
  select fingerprint, status, body, error, false from idempotency where key = $1 and not exists (select 1 from taken)`;
const RENEW = `update idempotency set lease_until = ${LEASE} where key = $1 and status is null`;

/**
 * A digest of a body, by which a repeat is known. Passwords are left out: a plain digest of one could be guessed by whoever
 * reads the table.
 */
export const fingerprintOf = (body: unknown): string => {
  const hasPassword = typeof body === 'object' && body !== null && 'password' in body;
  const told: unknown = hasPassword ? { ...body, password: undefined } : (body ?? null);
  return createHash('sha256')
    .update(canonicalize(told) ?? '')
    .digest('hex');
};

const inProgress = (): Rejected =>
  new Rejected('idempotency/in-progress', 'The first request with this key is still running', 409);

/**
 * Idempotency-Key on writes of known users (IETF draft-ietf-httpapi-idempotency-key-header): same body, first answer;
 * other body, 422; running, 409. Routes marked `Idempotent` refuse a request without a key.
 */
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly pool: Pool,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    if (context.getType() !== 'http') return next.handle();
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const needsKey = this.reflector.get<boolean>(IDEMPOTENT, context.getHandler());
    if (!needsKey && (SAFE.includes(request.method) || !request.claims)) return next.handle();
    if (idempotencyKeyOf(request) === undefined) {
      if (!needsKey) return next.handle();
      throw new Rejected(
        'idempotency/key-missing',
        'Send an Idempotency-Key header: this request has an effect that must not happen twice',
        400,
      );
    }
    const key = requestMeta(request).commandId;
    const fingerprint = fingerprintOf(request.body);
    const stored = await this.claim(key, fingerprint);
    if (!stored.mine) return this.replay(stored, fingerprint, reply);
    const stopRenewing = this.renew(key);
    return next.handle().pipe(
      mergeMap((body: unknown) =>
        from(this.keep(key, reply.statusCode, body)).pipe(mergeMap(() => of(body))),
      ),
      catchError((error: unknown) =>
        from(this.keepError(key, error)).pipe(mergeMap(() => throwError(() => error))),
      ),
      finalize(stopRenewing),
    );
  }

  /**
   * Claims the key, or gives what stands there. A row that another request commits while this one waits for it is
   * outside the statement's snapshot: it is neither taken nor seen, and asking again sees it.
   */
  private async claim(key: string, fingerprint: string): Promise<Stored> {
    for (let attempt = 1; attempt <= 3; attempt++) {
      const { rows } = await this.pool.query<Stored>(CLAIM, [key, fingerprint]);
      if (rows[0]) return rows[0];
    }
    throw inProgress();
  }

  /** Keeps the claim while the request runs, however long that takes; the claim of a process that died is soon free. */
  private renew(key: string): () => void {
    const timer = setInterval(() => {
      this.pool.query(RENEW, [key]).catch(() => undefined);
    }, RENEW_EVERY_MS);
    return () => {
      clearInterval(timer);
    };
  }

  private replay(stored: Stored, fingerprint: string, reply: FastifyReply): Observable<unknown> {
    if (stored.fingerprint !== fingerprint)
      throw new Rejected(
        'idempotency/key-reused',
        'This Idempotency-Key was used with another body',
        422,
      );
    if (stored.status === null) {
      void reply.header('retry-after', '1');
      throw inProgress();
    }
    void reply.header('idempotent-replayed', 'true');
    if (stored.error)
      throw new Rejected(
        stored.error.code,
        stored.error.message,
        stored.error.status,
        stored.error.fields,
      );
    void reply.status(stored.status);
    return of(stored.body);
  }

  private async keep(key: string, status: number, body: unknown): Promise<void> {
    crashPoint('answer-before');
    await this.pool.query('update idempotency set status = $2, body = $3 where key = $1', [
      key,
      status,
      JSON.stringify(body ?? null),
    ]);
    crashPoint('answer-after');
  }

  /** A refusal by a rule is kept and repeated; anything else (bad input, a failure) leaves the key free. */
  private async keepError(key: string, error: unknown): Promise<void> {
    if (!(error instanceof Rejected)) {
      await this.pool.query('delete from idempotency where key = $1 and status is null', [key]);
      return;
    }
    const { status, code, message, fields } = describeError(error);
    await this.pool.query('update idempotency set status = $2, error = $3 where key = $1', [
      key,
      status,
      JSON.stringify({ code, message, status, fields }),
    ]);
  }
}
