import { evolve, storedLegs } from '../domain/decide.js';
import { emptyJournal, type Journal, type JournalEvent, signed } from '../domain/journal.js';

/** What a replay from zero has seen so far; changed in place, as the journal's own state. */
export interface Audit {
  readonly journal: Journal;
  /** Balances at the revision that the read models have reached. */
  readonly projected: Map<string, bigint>;
  readonly projectedRevision: bigint;
  readonly ids: Set<string>;
  readonly entries: number;
  readonly gaps: string[];
  readonly unbalanced: string[];
  readonly repeated: string[];
}

/** Nothing seen yet. */
export const emptyAudit = (projectedRevision: bigint): Audit => ({
  journal: emptyJournal(),
  projected: new Map(),
  projectedRevision,
  ids: new Set(),
  entries: 0,
  gaps: [],
  unbalanced: [],
  repeated: [],
});

const isSound = (event: JournalEvent): boolean => {
  if (event.type === 'TransactionRefused') return true;
  const legs = storedLegs(event);
  const total = legs.reduce((sum, leg) => sum + signed(leg), 0n);
  return legs.length >= 2 && legs.every((leg) => leg.minor > 0n) && total === 0n;
};

/** Looks at one more entry. */
export const examine = (audit: Audit, event: JournalEvent, revision: bigint): Audit => {
  const at = `revision ${String(revision)}`;
  const { transactionId } = event.data;
  if (revision !== BigInt(audit.entries)) audit.gaps.push(at);
  if (!isSound(event)) audit.unbalanced.push(at);
  if (audit.ids.has(transactionId)) audit.repeated.push(`${at}: ${transactionId}`);
  audit.ids.add(transactionId);
  const journal = evolve(audit.journal, event);
  if (revision === audit.projectedRevision)
    for (const [key, balance] of journal.balances) audit.projected.set(key, balance);
  return { ...audit, journal, entries: audit.entries + 1 };
};
