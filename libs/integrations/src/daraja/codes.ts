import type { Outcome } from '../outcome.js';

type Class = 'succeeded' | 'declined' | 'config' | 'throttled' | 'unknown';

/** Result codes of M-Pesa by API: the same number means different things (developer.safaricom.co.ke; community sources for some). */
const STK: Readonly<Record<string, Class>> = {
  '0': 'succeeded',
  '1': 'declined',
  '2': 'declined',
  '3': 'declined',
  '4': 'declined',
  '8': 'declined',
  '17': 'declined',
  '26': 'declined',
  '1001': 'declined',
  '1019': 'declined',
  '1025': 'declined',
  '1031': 'declined',
  '1032': 'declined',
  '1037': 'declined',
  '2001': 'declined',
  '9999': 'unknown',
};
const B2C: Readonly<Record<string, Class>> = {
  '0': 'succeeded',
  '1': 'declined',
  '2': 'declined',
  '3': 'declined',
  '4': 'declined',
  '8': 'declined',
  '11': 'declined',
  '15': 'unknown',
  '17': 'unknown',
  '26': 'declined',
  '18': 'config',
  '20': 'config',
  '21': 'config',
  '22': 'config',
  '24': 'config',
  '25': 'config',
  '29': 'config',
  '2001': 'config',
  '2006': 'declined',
  '2028': 'config',
  '2040': 'declined',
  '8006': 'config',
};

/** What a result code of an API comes to. A code that is not listed is unknown, never a failure. */
export const outcomeOfResult = (
  api: 'stk' | 'b2c',
  code: string,
  description: string,
  providerRef: string,
  receipt?: string,
): Outcome => {
  switch ((api === 'stk' ? STK : B2C)[code] ?? 'unknown') {
    case 'succeeded':
      return { kind: 'succeeded', providerRef, ...(receipt === undefined ? {} : { receipt }) };
    case 'declined':
      return { kind: 'declined', code, reason: description, providerRef };
    case 'config':
      return { kind: 'rejected', code, reason: description, config: true };
    case 'throttled':
      return { kind: 'throttled', retryAfterMs: 5_000 };
    case 'unknown':
      return { kind: 'unknown', reason: `result ${code}: ${description}` };
  }
};

/** What an error of Daraja's own gateway (`errorCode`) comes to. */
export const outcomeOfError = (status: number, code: string, message: string): Outcome => {
  if (code === '500.003.02' || code === '500.003.03')
    return { kind: 'throttled', retryAfterMs: 1_000 };
  if (code === '400.002.02' || code === '400.002.05')
    return { kind: 'rejected', code, reason: message, config: false };
  if (/^40[145]\./.test(code)) return { kind: 'rejected', code, reason: message, config: true };
  return { kind: 'unknown', reason: `HTTP ${String(status)} ${code} ${message}`.trim() };
};
