import { type ChaosPlatform, SERVICES } from '../platform.js';
import { type Random, sleep } from '../random.js';
import type { Fault, FaultContext } from './fault.js';

const VICTIMS = [...SERVICES, 'gateway'];

/** One running process among those of the victims. */
const victim = ({ platform, random }: FaultContext): string =>
  random.pick(platform.instancesOf(random.pick(VICTIMS)));

const signalSome = (signal: NodeJS.Signals): Fault['strike'] =>
  async function strike(context): Promise<void> {
    const { platform, random, note } = context;
    const times = random.int(1, 3);
    for (let index = 0; index < times; index++) {
      await sleep(random.int(300, 2_500));
      const name = victim(context);
      note(`${signal} ${name}`);
      platform.signal(name, signal);
    }
  };

const pause = async (
  platform: ChaosPlatform,
  random: Random,
  name: string,
  note: FaultContext['note'],
): Promise<void> => {
  const ms = random.int(5_000, 14_000);
  // The same process is continued, whatever the launcher starts meanwhile.
  const pid = platform.pids[name] ?? 0;
  if (pid === 0) return;
  note(`SIGSTOP ${name} ${String(ms)} ms`);
  process.kill(pid, 'SIGSTOP');
  await sleep(ms);
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    note(`${name} was gone`);
  }
};

/** F1, F2, F3: processes die, stand still, and are asked to end. */
export const PROCESS_FAULTS: readonly Fault[] = [
  { name: 'kill', row: 'F1', strike: signalSome('SIGKILL') },
  { name: 'terminate', row: 'F3', strike: signalSome('SIGTERM') },
  {
    name: 'pause',
    row: 'F2',
    async strike(context) {
      const { platform, random, note } = context;
      await sleep(random.int(300, 2_000));
      const names = random
        .shuffled(SERVICES)
        .slice(0, random.int(1, 2))
        .map((service) => random.pick(platform.instancesOf(service)));
      await Promise.all(names.map((name) => pause(platform, random.fork(), name, note)));
    },
  },
  {
    name: 'kill all',
    row: 'F1',
    async strike({ platform, random, note }) {
      await sleep(random.int(1_000, 4_000));
      note('SIGKILL every service at once');
      for (const service of SERVICES)
        for (const name of platform.instancesOf(service)) platform.kill(name);
    },
  },
];
