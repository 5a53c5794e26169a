import type { Client } from './client.js';
import type { Fault, FaultContext } from './faults/fault.js';
import type { Witnesses } from './invariant.js';
import { Borrower, type LifePlan, MONEY_MOVES } from './life.js';
import { MESSAGES } from './message-invariants.js';
import { MONEY } from './money-invariants.js';
import type { ChaosPlatform } from './platform.js';
import { PROMISES } from './promise-invariants.js';
import { quiet } from './quiet.js';
import { Random, sleep } from './random.js';

const HEALS_WITHIN_MS = 150_000;

/** What one round was and what came of it. */
export interface RoundReport {
  readonly number: number;
  readonly seed: number;
  readonly profile: string;
  readonly fault: string;
  readonly row: string;
  readonly notes: readonly string[];
  readonly lives: number;
  readonly commands: number;
  /** Tries that got no answer, or one that said "not now". */
  readonly retried: number;
  /** Payments that an operator had to confirm from the provider's statement. */
  readonly byPeople: number;
  /** From the end of the faults until nothing was on its way any more. */
  readonly healMs: number;
  readonly totalMs: number;
  /** Broken invariants with their evidence. */
  readonly broken: Readonly<Record<string, readonly string[]>>;
}

const partsOf = (random: Random, provider: boolean): LifePlan['parts'] =>
  Array.from({ length: random.int(1, 2) }, () => ({
    by: random.chance(0.7) ? ('push' as const) : ('paybill' as const),
    scenario: provider || random.chance(0.15) ? random.pick(MONEY_MOVES.push) : '000',
  }));

/** What the borrowers of a round will do; all chance is drawn before anything runs. */
export const planLives = (random: Random, provider: boolean): LifePlan[] =>
  Array.from({ length: random.int(3, 5) }, () => ({
    startsAfterMs: random.int(0, 2_500),
    newCustomer: random.chance(0.12),
    rejected: random.chance(0.1),
    principal: `${String(random.int(5, 40) * 1_000)}.00`,
    installments: random.int(1, 4),
    payout: provider || random.chance(0.15) ? random.pick(MONEY_MOVES.payout) : '000',
    parts: partsOf(random, provider),
  }));

/** Everything that a block of rounds shares. */
export interface Block extends Omit<Witnesses, 'livesFrom' | 'entriesFrom' | 'poison'> {
  readonly platform: ChaosPlatform;
  readonly profile: string;
  readonly poison: Set<string>;
}

const injectCapital = async (block: Block, random: Random): Promise<void> => {
  const amount = `${String(random.int(1, 9) * 1_000)}.00`;
  await sleep(random.int(0, 5_000));
  const entry = await block.people.admin.command('/v1/ledger/capital', {
    amount: { amount, currency: 'KES' },
    reference: `capital ${String(random.seed)}`,
  });
  if (entry.outcome === 'done') block.books.inject(amount);
};

/** Commands that were acknowledged in this round are sent again: nothing may happen twice, and the answers must be the same. */
const repeatSome = async (block: Block, from: number, random: Random): Promise<void> => {
  const { people, journal } = block;
  const staff: Record<string, Client> = {
    'staff@demo.daftari.test': people.staff,
    'admin@demo.daftari.test': people.admin,
  };
  const again = random
    .shuffled(journal.entries.slice(from).filter(({ outcome }) => outcome === 'done'))
    .slice(0, 4);
  await Promise.all(again.map(async (entry) => staff[entry.who]?.repeat(entry)));
};

const brokenIn = async (witnesses: Witnesses): Promise<Record<string, readonly string[]>> => {
  const broken: Record<string, readonly string[]> = {};
  // Messages first: nothing is on its way now, and the reads of the other checks leave their own marks in the audit.
  for (const { id, evidence } of [...MESSAGES, ...MONEY, ...PROMISES]) {
    const found = await evidence(witnesses).catch((error: unknown) => [
      `could not be checked: ${error instanceof Error ? error.message : String(error)}`,
    ]);
    if (found.length > 0) broken[id] = found.slice(0, 20);
  }
  return broken;
};

/** One round: borrowers live while a fault strikes; then everything heals, grows quiet, and is checked. */
export const runRound = async (
  block: Block,
  fault: Fault,
  { number, seed }: { number: number; seed: number },
): Promise<RoundReport> => {
  const random = new Random(seed);
  const { platform, stores, bus, journal, books, people, provider, poison } = block;
  const started = Date.now();
  const [livesFrom, entriesFrom] = [books.lives.length, journal.entries.length];
  const notes: string[] = [];
  const note = (what: string): void => {
    notes.push(`${((Date.now() - started) / 1_000).toFixed(1)} s ${what}`);
  };
  const plans = planLives(random, fault.provider === true);
  const context: FaultContext = { platform, random: random.fork(), stores, bus, poison, note };
  const attempt = async (step: Fault['heal']): Promise<void> => {
    await step?.(context).catch((error: unknown) => {
      note(`the fault itself failed: ${error instanceof Error ? error.message : String(error)}`);
    });
  };
  await attempt(fault.prepare);
  const lives = plans.map((plan) =>
    new Borrower(plan, people, provider, random.fork(), books).live(),
  );
  const capital = injectCapital(block, random.fork());
  await attempt(fault.strike);
  await attempt(fault.heal);
  const healed = Date.now();
  await Promise.all([...lives, capital]);
  await repeatSome(block, entriesFrom, random.fork());
  const left = await quiet(platform, stores, bus, HEALS_WITHIN_MS);
  const healMs = Date.now() - healed;
  const broken = await brokenIn({ ...block, livesFrom, entriesFrom });
  if (left.length > 0) broken['heals'] = left;
  const seen = fault.evidence?.() ?? [];
  if (seen.length > 0) broken[fault.row] = seen;
  // Told once: what a client noticed belongs to the round in which it happened.
  journal.violations.length = 0;
  const entries = journal.entries.slice(entriesFrom);
  return {
    number,
    seed,
    profile: block.profile,
    fault: fault.name,
    row: fault.row,
    notes,
    lives: lives.length,
    commands: entries.length,
    retried: entries.reduce((sum, { tries }) => sum + tries.length - 1, 0),
    byPeople: entries.filter(({ path }) => path.endsWith('/confirm-received')).length,
    healMs,
    totalMs: Date.now() - started,
    broken,
  };
};
