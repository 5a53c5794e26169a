import 'reflect-metadata';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type CampaignOptions, runCampaign } from './campaign.js';
import { tableOf } from './report.js';
import type { RoundReport } from './round.js';

const HELP = `npm run chaos -- [options]

  --rounds <n>                 how many rounds (20)
  --profile pg|kafka           the PostgreSQL bus, or three Kafka brokers (pg)
  --instances <n>              of every service (1)
  --only <name>                one kind of fault, or those whose name contains it
  --minutes <n>                no round begins after so long (60)
  --rounds-per-platform <n>    a new platform after so many rounds (25)
  --port-base <port>           where the platform's ports begin (27000)
  --reports <folder>           where reports and the data of broken rounds go (reports)

SEED=<n> repeats the choices of a campaign. What must hold, and the faults: docs/reliability.md
`;
const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    rounds: { type: 'string', default: '20' },
    profile: { type: 'string', default: 'pg' },
    instances: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    'port-base': { type: 'string', default: '27000' },
    minutes: { type: 'string', default: '60' },
    reports: { type: 'string', default: 'reports' },
    'rounds-per-platform': { type: 'string', default: '25' },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const { profile } = values;
if (profile !== 'pg' && profile !== 'kafka') throw new Error('--profile is pg or kafka');
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000_000);
if (!Number.isInteger(seed)) throw new Error('SEED is a whole number');
const reports = resolve(values.reports);
const say = (line: string): void => {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
};
const name = `chaos-${profile}-x${values.instances}-${String(seed)}`;
mkdirSync(reports, { recursive: true });
const keep = (done: readonly RoundReport[]): void => {
  writeFileSync(
    join(reports, `${name}.json`),
    JSON.stringify({ seed, profile, rounds: done }, null, 2),
  );
  writeFileSync(join(reports, `${name}.md`), `# Faults, SEED=${String(seed)}\n\n${tableOf(done)}`);
};
const options: CampaignOptions = {
  seed,
  profile,
  reports,
  say,
  keep,
  rounds: Number(values.rounds),
  instances: Number(values.instances),
  portBase: Number(values['port-base']),
  only: values.only,
  roundsPerPlatform: Number(values['rounds-per-platform']),
  withinMs: Number(values.minutes) * 60_000,
};

say(`SEED=${String(seed)}: ${String(options.rounds)} rounds on ${profile}`);
const rounds = await runCampaign(options);
const table = tableOf(rounds);
process.stdout.write(`\n${table}`);
const broken = rounds.filter((round) => Object.keys(round.broken).length > 0).length;
process.exit(broken > 0 || rounds.length === 0 ? 1 : 0);
