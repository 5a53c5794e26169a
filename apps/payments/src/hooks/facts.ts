import { createHash } from 'node:crypto';
import {
  type CallbackFact,
  parseB2cResult,
  parseC2bConfirmation,
  parseQueueTimeout,
  parseStatusResult,
  parseStkCallback,
} from '@daftari/integrations';

const PARSERS = {
  s: parseStkCallback,
  r: parseB2cResult,
  t: parseQueueTimeout,
  q: parseStatusResult,
  u: parseQueueTimeout,
  c: parseC2bConfirmation,
  v: parseC2bConfirmation,
} as const;

/** The last part of a callback's path: s STK, r payout result, t and u queue timeouts, q status, v validation, c confirmation. */
export type HookKind = keyof typeof PARSERS;

export const isHookKind = (kind: string): kind is HookKind => Object.hasOwn(PARSERS, kind);

/** A callback's fact. Throws ContractViolation for what cannot be read. */
export const factOf = (kind: HookKind, body: unknown): CallbackFact => PARSERS[kind](body);

/** What makes a repeat recognisable; for what cannot be read, a hash of all of it, with the problem. */
export const dedupeKeyOf = (
  kind: HookKind,
  ref: string | null,
  body: unknown,
  raw: string,
): { key: string; problem: string | null } => {
  try {
    return { key: `${kind}|${ref ?? ''}|${factOf(kind, body).dedupeKey}`, problem: null };
  } catch (error) {
    return {
      key: `${kind}|${createHash('sha256').update(raw).digest('hex')}`,
      problem: error instanceof Error ? error.message : String(error),
    };
  }
};
