import type { ErrorCode, Thing } from './error-codes.js';

/** One wrong field: where it is, what is wrong (a stable code), and a sentence for people. */
export interface FieldError {
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

/** Every error that Daftari raises on purpose has a stable machine code of the catalogue, `noun/why-not`. */
export abstract class DaftariError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A rule said no. `status` is the HTTP status the code maps to: 409 for a state, 422 for a value. */
export class Rejected extends DaftariError {
  constructor(
    code: ErrorCode,
    message: string,
    readonly status: 400 | 401 | 403 | 404 | 409 | 421 | 422 | 429 = 409,
    readonly fields: readonly FieldError[] = [],
  ) {
    super(code, message);
  }
}

/** The caller sent something that breaks the contract: a wrong type, an unknown field. HTTP 422; dead letter on the bus. */
export class ContractViolation extends DaftariError {
  constructor(
    message: string,
    readonly fields: readonly FieldError[] = [],
    code: ErrorCode = 'request/invalid',
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** Nothing with this id, or nothing that this caller may know of. HTTP 404. */
export class NotFound extends DaftariError {
  constructor(what: Thing) {
    super(`${what}/not-found`, `No such ${what}`);
  }
}

/** The caller is known but may not do this. HTTP 403. */
export class Forbidden extends DaftariError {
  constructor(message = 'You may not do this', code: ErrorCode = 'auth/forbidden') {
    super(code, message);
  }
}

/** Two writers raced; reading again and retrying may succeed. HTTP 409. */
export class ConcurrencyConflict extends DaftariError {
  constructor(message: string, options?: ErrorOptions) {
    super('concurrency/conflict', message, options);
  }
}

/** A dependency does not answer; try again after `retryAfterMs`. HTTP 503; retried on the bus. */
export class Unavailable extends DaftariError {
  constructor(
    message: string,
    readonly retryAfterMs = 1_000,
    options?: ErrorOptions,
  ) {
    super('service/unavailable', message, options);
  }
}

/** Our own fault: something that can never be, is. HTTP 500, alert; stops a consumer. */
export class InvariantViolation extends DaftariError {
  constructor(message: string) {
    super('server/invariant', message);
  }
}

/** Throws InvariantViolation unless `condition` holds. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message);
}
