import { timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { Forbidden, Rejected } from '@daftari/kernel';
import type { FastifyRequest } from 'fastify';
import { MONEY_PERMISSIONS, type Permission, permissionsOf } from './permissions.js';
import type { Claims, TokenVerifier } from './token-verifier.js';

/** Metadata key under which a route says who may call it. */
export const ACCESS = 'daftari:access';
/** Who may call a route. */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'internal' }
  | { readonly kind: 'permissions'; readonly any: readonly Permission[] };

/** Anybody may call it. */
export const Public = (): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, { kind: 'public' } satisfies Access);
/** Only other services, by the shared key. */
export const InternalOnly = (): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, { kind: 'internal' } satisfies Access);
/** Only users with at least one of these permissions. */
export const Requires = (...any: [Permission, ...Permission[]]): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, { kind: 'permissions', any } satisfies Access);

declare module 'fastify' {
  interface FastifyRequest {
    claims?: Claims;
  }
}

/** Header of calls between services. */
export const INTERNAL_HEADER = 'x-internal-key';
const sameKey = (given: unknown, expected: string): boolean => {
  const a = Buffer.from(typeof given === 'string' ? given : '');
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
};

/** Lets a request in only when its route's declared access holds; a route without a declaration is closed. */
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: TokenVerifier,
    private readonly internalKey: string,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (!access) throw new Forbidden('This route declares no access');
    if (access.kind === 'public') return true;
    if (access.kind === 'internal') {
      if (!sameKey(request.headers[INTERNAL_HEADER], this.internalKey))
        throw new Rejected('auth/missing-token', 'Not for callers from outside', 401);
      return true;
    }
    const claims = await this.tokens.verify(request.headers.authorization);
    request.claims = claims;
    const granted = permissionsOf(claims.roles);
    const held = access.any.filter((permission) => granted.has(permission));
    if (held.length === 0) throw new Forbidden();
    if (!claims.emailVerified && held.every((permission) => MONEY_PERMISSIONS.has(permission)))
      throw new Forbidden(
        'Verify your e-mail address first, then refresh your token',
        'auth/email-not-verified',
      );
    return true;
  }
}
