import { createHash } from 'node:crypto';
import { moneyToJson } from '@daftari/kernel';
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

/** A stored callback's fact. Throws ContractViolation or SyntaxError for what cannot be read. */
export const factOf = (kind: HookKind, raw: string): CallbackFact =>
  PARSERS[kind](JSON.parse(raw) as unknown);

/** SHA-256 of a text, in hex. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What makes a repeat recognisable; for what cannot be read, a hash of all of it, with the problem. */
export const dedupeKeyOf = (
  kind: HookKind,
  ref: string | null,
  raw: string,
): { key: string; problem: string | null } => {
  try {
    return { key: `${kind}|${ref ?? ''}|${factOf(kind, raw).dedupeKey}`, problem: null };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { key: `${kind}|${sha256(raw)}`, problem };
  }
};

const gist = (kind: HookKind, raw: string): string => {
  const { outcome, amount, receipt, accountReference } = factOf(kind, raw);
  const paid = amount ? moneyToJson(amount).amount : null;
  return JSON.stringify([outcome.kind, paid, receipt ?? null, accountReference ?? null]);
};

/** Do two callbacks under one key say the same of the money? Both must be readable. */
export const saysTheSame = (kind: HookKind, one: string, other: string): boolean =>
  one === other || gist(kind, one) === gist(kind, other);
