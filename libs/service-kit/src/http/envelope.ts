import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';

/** The body of every answer. */
export interface Envelope {
  readonly success: boolean;
  readonly data?: unknown;
  readonly message?: string;
  readonly errors?: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A list with the cursor of its next page (null: no more). */
export class Page<T> {
  constructor(
    readonly items: readonly T[],
    readonly nextCursor: string | null,
    readonly extra: Readonly<Record<string, unknown>>,
  ) {}
}

/** What a list route returns. */
export const page = <T>(
  items: readonly T[],
  nextCursor: string | null = null,
  extra: Readonly<Record<string, unknown>> = {},
): Page<T> => new Page(items, nextCursor, extra);

/** Metadata key of routes that answer without the envelope. */
export const RAW = 'daftari:raw-response';
/** The route answers exactly what it returns, without the envelope (provider callbacks). */
export const RawResponse = (): MethodDecorator & ClassDecorator => SetMetadata(RAW, true);

/** Wraps what a controller returns. */
export const successBody = (value: unknown, requestId: string): Envelope =>
  value instanceof Page
    ? {
        success: true,
        data: value.items,
        metadata: { requestId, nextCursor: value.nextCursor, ...value.extra },
      }
    : {
        success: true,
        ...(value === undefined || value === null ? {} : { data: value as unknown }),
        metadata: { requestId },
      };

/** Puts every successful answer into the envelope. */
@Injectable()
export class EnvelopeInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const raw = this.reflector.getAllAndOverride<boolean>(RAW, [
      context.getHandler(),
      context.getClass(),
    ]);
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    return next
      .handle()
      .pipe(map((value: unknown) => (raw ? value : successBody(value, request.id))));
  }
}
