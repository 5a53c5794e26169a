import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { SERVICES } from '../platform.js';
import { sleep } from '../random.js';
import type { Fault, FaultContext } from './fault.js';

const run = promisify(execFile);
/** The whole clock of a process goes wrong; after a while it jumps back by twice as much. */
const WRONG_CLOCK = `
const skew = Number(process.env.CLOCK_SKEW_MS), started = performance.now();
const now = Date.now.bind(Date), off = () => (performance.now() - started < 8_000 ? skew : -skew);
globalThis.Date = new Proxy(Date, {
  construct: (real, args) => (args.length === 0 ? new real(now() + off()) : new real(...args)),
  apply: (real) => new real(now() + off()).toString(),
  get: (real, name) => (name === 'now' ? () => now() + off() : Reflect.get(real, name)),
});
`;
/** Sets how many files a process may have open; its hard limit stays. */
const limitFiles = (pid: number, limit: string): Promise<unknown> =>
  run('prlimit', ['--pid', String(pid), `--nofile=${limit}:`]);
const limitOf = (pid: number): string =>
  /Max open files\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/limits`, 'utf8'))?.[1] ?? '1024';

let changed: string[] = [];
const restartPlain: NonNullable<Fault['heal']> = async ({ platform }) => {
  for (const name of changed.splice(0)) platform.kill(name);
};
const restartSome = async (
  { platform, random }: FaultContext,
  environment: Readonly<Record<string, string>>,
): Promise<string[]> => {
  changed = random
    .shuffled(SERVICES)
    .slice(0, random.int(1, 2))
    .map((service) => random.pick(platform.instancesOf(service)));
  for (const name of changed) await platform.restartWith(name, environment);
  return changed;
};

/** F12 and F15: clocks go wrong, and connections and files run out. */
export const RESOURCE_FAULTS: readonly Fault[] = [
  {
    name: 'wrong clock',
    row: 'F12',
    async prepare(context) {
      const { platform, random, note } = context;
      const file = join(platform.dataDir, 'wrong-clock.mjs');
      writeFileSync(file, WRONG_CLOCK);
      const skew = random.pick([-1, 1]) * random.int(60_000, 300_000);
      const names = await restartSome(context, {
        NODE_OPTIONS: `--import ${pathToFileURL(file).href}`,
        CLOCK_SKEW_MS: String(skew),
      });
      note(`${names.join(', ')} ${String(skew)} ms off, later the other way`);
    },
    async strike() {
      await sleep(8_000);
    },
    heal: restartPlain,
  },
  {
    name: 'smallest pool',
    row: 'F15',
    async prepare(context) {
      const names = await restartSome(context, { DATABASE_POOL_MAX: '4' });
      context.note(`4 connections for ${names.join(', ')}`);
    },
    async strike() {
      await sleep(6_000);
    },
    heal: restartPlain,
  },
  {
    name: 'no more files',
    row: 'F15',
    async strike({ platform, random, note }) {
      await sleep(random.int(500, 2_000));
      const name = random.pick(platform.instancesOf(random.pick([...SERVICES, 'gateway'])));
      const pid = platform.pids[name] ?? 0;
      if (pid === 0) return;
      const usual = limitOf(pid);
      const open = readdirSync(`/proc/${String(pid)}/fd`).length;
      const ms = random.int(3_000, 6_000);
      note(`${name} keeps its ${String(open)} files for ${String(ms)} ms`);
      await limitFiles(pid, String(open + random.int(0, 2)));
      await sleep(ms);
      // A process that ended meanwhile has its usual limit again.
      await limitFiles(pid, usual).catch(() => undefined);
    },
  },
];
