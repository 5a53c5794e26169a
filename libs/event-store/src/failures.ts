import { types } from 'node:util';
import { Unavailable } from '@daftari/kernel';
import { AmbiguousAppend, StoreUnavailable } from './errors.js';

/** Nothing was written: no connection, or the server cancelled or refused the statement. */
const REFUSED_CODES =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ETIMEDOUT|57P03|57014|53\d{3}|55P03|40001|40P01|25006|08001|08004)$/;
const REFUSED_TEXT =
  /timeout exceeded when trying to connect|terminated due to connection timeout|Cannot use a pool after calling end/;
/** The connection broke, so the outcome of what was running is unknown. */
const BROKEN_CODES = /^(ECONNRESET|EPIPE|57P01|57P02|08\w{3})$/;
const BROKEN_TEXT =
  /Connection terminated|Query read timeout|connection error and is not queryable|Client was closed/;

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : '');

/** The error as an Error. Not by `instanceof`: an error of another realm (a vm context) is one too. */
export const asError = (error: unknown): Error =>
  error instanceof Error || types.isNativeError(error) ? error : new Error(String(error));

/** Turns a driver's failure into the port's errors; anything else stays as it is. `writing`: a lost answer is ambiguous. */
export const normalise = (error: unknown, writing: boolean): Error => {
  const cause = asError(error);
  if (cause instanceof Unavailable) return cause;
  const code = codeOf(cause);
  if (REFUSED_CODES.test(code) || REFUSED_TEXT.test(cause.message))
    return new StoreUnavailable(`The event store does not answer: ${code} ${cause.message}`, 500, {
      cause,
    });
  if (!BROKEN_CODES.test(code) && !BROKEN_TEXT.test(cause.message)) return cause;
  return writing
    ? new AmbiguousAppend('The connection broke during an append', 200, { cause })
    : new StoreUnavailable('The connection to the event store broke', 500, { cause });
};

/** Whether the same work may succeed later. */
export const isTransient = (error: unknown): boolean =>
  normalise(error, false) instanceof Unavailable;
