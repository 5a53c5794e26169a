import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import {
  ConcurrencyConflict,
  ContractViolation,
  DaftariError,
  type ErrorCode,
  Forbidden,
  type FieldError,
  NotFound,
  Rejected,
  Unavailable,
} from '@daftari/kernel';
import { isTransient } from '@daftari/messaging';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { throwError } from 'rxjs';
import type { Logger } from '../logging.js';
import type { Envelope } from './envelope.js';

/** Codes for errors that come from the HTTP layer itself rather than from a rule. */
const HTTP_CODES: Readonly<Record<number, readonly [code: ErrorCode, message: string]>> = {
  400: ['request/malformed', 'The request cannot be read'],
  401: ['auth/invalid-token', 'Authentication is needed'],
  403: ['auth/forbidden', 'You may not do this'],
  404: ['route/not-found', 'No such route'],
  405: ['route/method-not-allowed', 'This method is not allowed here'],
  408: ['request/timeout', 'The request took too long'],
  409: ['concurrency/conflict', 'Somebody else was faster'],
  413: ['request/too-large', 'The body is too large'],
  415: ['request/unsupported-media-type', 'Send application/json'],
  422: ['request/invalid', 'Validation failed'],
  429: ['request/too-many', 'Too many requests'],
  503: ['service/unavailable', 'A part of the platform does not answer'],
  504: ['service/timeout', 'A part of the platform does not answer in time'],
};

/** Status and error of anything that was thrown. */
export const describeError = (
  error: unknown,
): {
  status: number;
  code: ErrorCode;
  message: string;
  fields: readonly FieldError[];
  retryAfterMs?: number;
} => {
  const of = (status: number, known: DaftariError, fields: readonly FieldError[] = []) => ({
    status,
    code: known.code,
    message: known.message,
    fields,
  });
  if (error instanceof Rejected) return of(error.status, error, error.fields);
  if (error instanceof ContractViolation)
    return {
      ...of(422, error, error.fields),
      message: error.code === 'request/invalid' ? 'Validation failed' : error.message,
    };
  if (error instanceof NotFound) return of(404, error);
  if (error instanceof Forbidden) return of(403, error);
  if (error instanceof ConcurrencyConflict) return of(409, error);
  if (error instanceof Unavailable) return { ...of(503, error), retryAfterMs: error.retryAfterMs };
  if (isTransient(error))
    return {
      status: 503,
      code: 'service/unavailable',
      message: 'The database does not answer',
      fields: [],
      retryAfterMs: 1_000,
    };
  const status = error instanceof HttpException ? error.getStatus() : statusCodeOf(error);
  const [code, message] =
    HTTP_CODES[status] ?? (['server/error', 'Something went wrong on our side'] as const);
  return { status: HTTP_CODES[status] ? status : 500, code, message, fields: [] };
};

const statusCodeOf = (error: unknown): number =>
  typeof error === 'object' &&
  error !== null &&
  'statusCode' in error &&
  typeof error.statusCode === 'number'
    ? error.statusCode
    : 500;

/** The envelope of an error. Never holds a stack, SQL or a path. */
export const errorBody = (
  error: unknown,
  requestId: string,
): { status: number; body: Envelope; retryAfterMs?: number } => {
  const { status, code, message, fields, retryAfterMs } = describeError(error);
  const errors = fields.length > 0 ? fields.map((f) => `${f.field}: ${f.message}`) : [message];
  const body = {
    success: false,
    message,
    errors,
    metadata: { requestId, code, ...(fields.length > 0 ? { fields } : {}) },
  };
  return { status, body, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
};

const PROBLEM = 'application/problem+json';
/** The same error as a problem document. Source: RFC 9457 §3; `type` leads to the catalogue that the gateway serves. */
const problemOf = (status: number, { message, metadata }: Envelope, path: string): object => ({
  type: `/api/errors#${String(metadata.code)}`,
  title: message,
  status,
  instance: path,
  ...metadata,
});

/** Answers a request with its error: the envelope, or a problem document for those who ask for one. Gives the status. */
export const sendError = (error: unknown, request: FastifyRequest, reply: FastifyReply): number => {
  const { status, body, retryAfterMs } = errorBody(error, request.id);
  if (retryAfterMs !== undefined)
    void reply.header('retry-after', String(Math.ceil(retryAfterMs / 1_000)));
  const asked = request.headers.accept?.includes(PROBLEM) === true;
  const path = request.url.split('?')[0] ?? '';
  void reply
    .status(status)
    .type(asked ? PROBLEM : 'application/json')
    .send(asked ? problemOf(status, body, path) : body);
  return status;
};

/** The one way out for errors over HTTP. Errors of message handlers pass through to the bus's own policy. */
@Catch()
export class EnvelopeFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): unknown {
    if (host.getType() !== 'http') return throwError(() => error);
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const status = sendError(error, request, reply);
    if (status >= 500) this.logger.error({ err: error, requestId: request.id }, 'request failed');
    return undefined;
  }
}
