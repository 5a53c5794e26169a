import { CRASH_POINTS, type CrashPoint } from '@daftari/kernel';
import { SERVICES } from '../platform.js';
import { sleep } from '../random.js';
import type { Fault } from './fault.js';

/** Where a place is passed at all; everywhere when it is not named here. */
const PASSED_BY: Partial<Record<CrashPoint, readonly string[]>> = {
  'append-before': ['origination', 'ledger', 'payments'],
  'append-after': ['origination', 'ledger', 'payments'],
  'provider-call-before': ['payments'],
  'provider-call-after': ['payments'],
  'answer-before': ['origination', 'payments', 'ledger'],
  'answer-after': ['origination', 'payments', 'ledger'],
};
const RARE: readonly CrashPoint[] = [
  'provider-call-before',
  'provider-call-after',
  'answer-before',
  'answer-after',
];
/** Services with little to do while loans are paid out and back. */
const QUIET: readonly string[] = ['identity', 'notifications', 'reporting'];
const FIRES_WITHIN_MS = 20_000;

/** F1: a process ends exactly before or after a step, at a chosen passing of it. */
export const crashPointFault = (point: CrashPoint): Fault => {
  let crashed = '';
  let armed = 0;
  return {
    name: `crash ${point}`,
    row: 'F1',
    async prepare({ platform, random, note }) {
      const service = random.pick(PASSED_BY[point] ?? SERVICES);
      const isQuiet = RARE.includes(point) || QUIET.includes(service);
      const passing = random.int(1, isQuiet ? 2 : 8);
      crashed = random.pick(platform.instancesOf(service));
      note(`CRASH_AT=${point}:${String(passing)} ${crashed}`);
      armed = await platform.restartWith(crashed, { CRASH_AT: `${point}:${String(passing)}` });
    },
    async strike({ platform, note }) {
      const deadline = Date.now() + FIRES_WITHIN_MS;
      while (Date.now() < deadline) {
        if (platform.pids[crashed] !== armed) {
          note('crashed');
          return;
        }
        await sleep(100);
      }
      note('was not passed often enough');
    },
    async heal({ platform }) {
      if (platform.pids[crashed] === armed) platform.kill(crashed);
    },
  };
};

/** One fault for each place. */
export const CRASH_FAULTS: readonly Fault[] = CRASH_POINTS.map(crashPointFault);
