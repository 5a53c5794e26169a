import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { type AuditRecorded, auditRecorded } from '@daftari/contracts';
import type { Outbox } from '@daftari/messaging';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { catchError, from, mergeMap, type Observable, of, throwError } from 'rxjs';
import { messageFrom } from './event-sourcing.js';
import { describeError } from './http/errors.js';
import { callerOf, newId } from './http/request-meta.js';
import type { Database } from './persistence/database.js';

/** Records every authenticated request, reads of business data included, with its result (LG-08, LG-09). */
export class AuditInterceptor implements NestInterceptor {
  constructor(
    private readonly service: string,
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request =
      context.getType() === 'http'
        ? context.switchToHttp().getRequest<FastifyRequest>()
        : undefined;
    if (!request?.claims) return next.handle();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      mergeMap((body: unknown) =>
        from(this.record(request, String(reply.statusCode))).pipe(mergeMap(() => of(body))),
      ),
      catchError((error: unknown) => {
        const { status, code } = describeError(error);
        return from(this.record(request, `${String(status)} ${code}`).catch(() => undefined)).pipe(
          mergeMap(() => throwError(() => error)),
        );
      }),
    );
  }

  private async record(request: FastifyRequest, result: string): Promise<void> {
    const { claims } = request;
    if (!claims) return;
    const params = Object.values((request.params ?? {}) as Record<string, string>);
    const now = new Date();
    const data: AuditRecorded = {
      action: `${request.method} ${request.routeOptions.url ?? request.url}`,
      service: this.service,
      actorId: claims.userId,
      roles: [...claims.roles],
      target: params[0] ?? null,
      result,
      ...callerOf(request),
      requestId: request.id,
      at: now.toISOString(),
    };
    const message = messageFrom(auditRecorded, {
      id: newId(),
      key: claims.tenantId,
      tenantId: claims.tenantId,
      correlationId: request.id,
      source: `/daftari/${this.service}`,
      time: now,
      data,
    });
    await this.db.transaction(async (tx) => {
      await this.outbox.add(tx.client, message);
    });
  }
}
