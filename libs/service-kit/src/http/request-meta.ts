import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { deterministicId, Rejected } from '@daftari/kernel';
import type { FastifyRequest } from 'fastify';
import { v7 } from 'uuid';
import { type Permission, permissionsOf } from '../auth/permissions.js';
import type { EventMeta } from '../event-sourcing.js';

/** A new UUIDv7. */
export const newId = (): string => v7();

/** Who asks for what, from where: everything a handler may know of its request. */
export interface RequestMeta {
  readonly tenantId: string;
  readonly userId: string;
  readonly roles: readonly string[];
  readonly permissions: ReadonlySet<Permission>;
  readonly sessionId: string;
  readonly emailVerified: boolean;
  readonly correlationId: string;
  readonly requestId: string;
  /** The same Idempotency-Key of the same user on the same route gives the same id, for ever. */
  readonly commandId: string;
  readonly now: Date;
  readonly ip: string;
  readonly userAgent: string;
}

const header = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
};

/** The Idempotency-Key without its optional structured-field quotes; undefined when there is none. */
export const idempotencyKeyOf = (request: FastifyRequest): string | undefined => {
  const key = header(request, 'idempotency-key')?.replace(/^"(.*)"$/, '$1');
  if (key !== undefined && !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new Rejected(
      'idempotency/key-malformed',
      'Idempotency-Key must be 1 to 255 visible characters',
      400,
    );
  }
  return key;
};

/** The address and agent of the caller, as the gateway saw them. */
export const callerOf = (request: FastifyRequest): { ip: string; userAgent: string } => ({
  ip: header(request, 'x-client-ip') ?? request.ip,
  userAgent: (header(request, 'user-agent') ?? '').slice(0, 300),
});

/** The meta of an authenticated request; throws 401 when the route let in somebody without a token. */
export const requestMeta = (request: FastifyRequest): RequestMeta => {
  const { claims } = request;
  if (!claims) throw new Rejected('auth/missing-token', 'Send an access token', 401);
  const key = idempotencyKeyOf(request);
  const route = `${request.method} ${request.routeOptions.url ?? request.url}`;
  const params = JSON.stringify(request.params ?? {});
  return {
    ...claims,
    permissions: permissionsOf(claims.roles),
    correlationId: request.id,
    requestId: request.id,
    commandId:
      key === undefined
        ? newId()
        : deterministicId('command', claims.tenantId, claims.userId, route, params, key),
    now: new Date(),
    ...callerOf(request),
  };
};

/** Injects the RequestMeta into a controller method. */
export const Meta = createParamDecorator((_: unknown, context: ExecutionContext): RequestMeta =>
  requestMeta(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** The metadata that events caused by this request carry. */
export const eventMeta = (meta: RequestMeta): EventMeta => ({
  tenantId: meta.tenantId,
  actorId: meta.userId,
  correlationId: meta.correlationId,
  causationId: meta.commandId,
  ip: meta.ip,
  userAgent: meta.userAgent,
});
