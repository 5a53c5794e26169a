import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Books } from './books.js';
import { type BusProbe, PgBusProbe } from './bus.js';
import type { Fault } from './faults/fault.js';
import { FAULTS } from './faults/index.js';
import { Journal } from './journal.js';
import { KafkaBusProbe } from './kafka-probe.js';
import { People } from './people.js';
import { ChaosPlatform } from './platform.js';
import { Provider } from './provider.js';
import { Random, sleep } from './random.js';
import { type Block, type RoundReport, runRound } from './round.js';
import { Stores } from './stores.js';

/** What a campaign does. */
export interface CampaignOptions {
  readonly seed: number;
  readonly rounds: number;
  readonly profile: 'pg' | 'kafka';
  readonly instances: number;
  readonly portBase: number;
  /** Only the fault of this name, or those whose name contains it. */
  readonly only: string;
  /** Where reports, and the data of broken rounds, are written. */
  readonly reports: string;
  /** A new platform after so many rounds, so that checks that read everything stay quick. */
  readonly roundsPerPlatform: number;
  /** No round begins after so long. */
  readonly withinMs: number;
  readonly say: (line: string) => void;
  /** Called after each round with all of them, so that a campaign that is cut short has its report. */
  readonly keep: (rounds: readonly RoundReport[]) => void;
}

const FIRST_CAPITAL = '5000000.00';

/** The faults of a campaign, in a shuffled order, again and again: every kind has its turn. */
export const faultsFor = (options: CampaignOptions, random: Random): Fault[] => {
  const { only, profile, instances, rounds } = options;
  const isName = FAULTS.some(({ name }) => name === only);
  const fitting = FAULTS.filter(({ name, needs, special }) => {
    if (needs !== undefined && needs !== profile && !(needs === 'instances' && instances > 1))
      return false;
    if (only === '') return special !== true;
    return isName ? name === only : name.includes(only);
  });
  const chosen: Fault[] = [];
  while (chosen.length < rounds && fitting.length > 0) chosen.push(...random.shuffled(fitting));
  return chosen.slice(0, rounds);
};

const openBlock = async (options: CampaignOptions, random: Random): Promise<Block> => {
  const { portBase, profile, instances } = options;
  const platform = await ChaosPlatform.start({ portBase, bus: profile, instances });
  const stores = new Stores(platform);
  const bus: BusProbe = platform.kafka
    ? await KafkaBusProbe.open(platform.kafka.brokers)
    : new PgBusProbe(stores, platform.databaseUrl('bus'));
  const journal = new Journal();
  const books = new Books();
  const people = await People.of(platform, journal, random.fork());
  const capital = {
    amount: { amount: FIRST_CAPITAL, currency: 'KES' },
    reference: 'first capital',
  };
  const injected = await people.admin.command('/v1/ledger/capital', capital);
  if (injected.outcome === 'done') books.inject(FIRST_CAPITAL);
  for (let made = 0; made < 5; made++) people.release(await people.register());
  const provider = new Provider(platform);
  const label = instances > 1 ? `${profile} x${String(instances)}` : profile;
  return {
    platform,
    stores,
    bus,
    journal,
    books,
    people,
    provider,
    poison: new Set(),
    profile: label,
  };
};

/** A machine that is busy may fail to start a platform; that is no finding of the campaign. */
const openPatiently = async (options: CampaignOptions): Promise<Block> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openBlock(options, new Random(options.seed));
    } catch (error) {
      options.say(`no platform: ${error instanceof Error ? error.message : String(error)}`);
      if (attempt >= 8) throw error;
      await sleep(10_000);
    }
  }
};

const closeBlock = async (block: Block): Promise<void> => {
  await block.bus.close().catch(() => undefined);
  await block.stores.close();
  await block.platform.stop();
};

const lineOf = (round: RoundReport): string => {
  const ids = Object.keys(round.broken);
  const verdict = ids.length === 0 ? 'ok' : `BROKEN ${ids.join(' ')}`;
  const figures = `${String(round.lives)} lives, ${String(round.commands)} commands, ${String(round.retried)} retried, heal ${(round.healMs / 1_000).toFixed(1)} s, ${(round.totalMs / 1_000).toFixed(1)} s`;
  return `round ${String(round.number)} SEED=${String(round.seed)} ${round.profile} ${round.fault}: ${verdict} (${figures}) ${round.notes.join('; ')}`;
};

/** Keeps what a broken round left behind: logs, the clients' journal, the evidence. */
const keepEvidence = (block: Block, round: RoundReport, reports: string): string => {
  const folder = join(reports, `chaos-${String(round.seed)}`);
  mkdirSync(folder, { recursive: true });
  cpSync(join(block.platform.dataDir, 'logs'), join(folder, 'logs'), { recursive: true });
  cpSync(join(block.platform.dataDir, 'postgres.log'), join(folder, 'logs', 'postgres.log'));
  const { journal, books } = block;
  writeFileSync(
    join(folder, 'round.json'),
    JSON.stringify({ round, lives: books.lives, entries: journal.entries }, null, 2),
  );
  return folder;
};

/** Runs the rounds; gives their reports. A block whose round broke is given up, so that no round inherits another's damage. */
export const runCampaign = async (options: CampaignOptions): Promise<RoundReport[]> => {
  const random = new Random(options.seed);
  const deadline = Date.now() + options.withinMs;
  const reports: RoundReport[] = [];
  let block: Block | undefined;
  let inBlock = 0;
  let isStopping = false;
  const stop = (): void => {
    isStopping = true;
    void (block ? closeBlock(block) : Promise.resolve()).finally(() => process.exit(130));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  for (const [index, fault] of faultsFor(options, random).entries()) {
    if (Date.now() > deadline) {
      options.say(`the time is over after ${String(index)} rounds`);
      break;
    }
    // The first round's seed is the campaign's own, so that SEED=<a round's seed> with its fault repeats that round.
    const seed = index === 0 ? options.seed : random.int(1, 2_000_000_000);
    block ??= await openPatiently(options);
    const round = await runRound(block, fault, { number: index + 1, seed });
    if (isStopping) await new Promise(() => undefined); // the process ends as soon as all is closed
    reports.push(round);
    options.keep(reports);
    options.say(lineOf(round));
    const isBroken = Object.keys(round.broken).length > 0;
    if (isBroken) {
      for (const [id, evidence] of Object.entries(round.broken))
        for (const line of evidence) options.say(`  ${id}: ${line}`);
      options.say(`  kept in ${keepEvidence(block, round, options.reports)}`);
    }
    inBlock++;
    const isDamaged = Object.keys(round.broken).some((id) => id !== 'E500');
    if (isDamaged || inBlock >= options.roundsPerPlatform) {
      await closeBlock(block);
      block = undefined;
      inBlock = 0;
    }
  }
  if (block) await closeBlock(block);
  return reports;
};
