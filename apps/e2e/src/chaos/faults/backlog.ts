import { readFileSync } from 'node:fs';
import { TOPIC } from '@daftari/contracts';
import { sleep } from '../random.js';
import type { Fault, FaultContext } from './fault.js';

const BACKLOG = 100_000;
const BATCH = 1_000;
const DRAINS_WITHIN_MS = 600_000;
/** What a consumer may need beyond what it needs at rest, however much waits for it. */
const MORE_MEMORY_MB = 200;

const residentMb = (pid: number): number => {
  try {
    const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
    return Number(kb ?? 0) / 1_024;
  } catch {
    return 0; // it has ended
  }
};

/** Copies of a message that was handled long ago, spread over the partitions by keys of their own. */
const pile = async ({ bus, note }: FaultContext): Promise<void> => {
  const [original] = await bus.newest(TOPIC.auditV1, 1);
  if (!original) throw new Error('there is nothing to copy yet');
  for (let sent = 0; sent < BACKLOG; sent += BATCH)
    await bus.produce(
      Array.from({ length: BATCH }, (_, index) => ({ ...original, key: String(sent + index) })),
    );
  note(`${String(BACKLOG)} messages wait`);
};

/** The most that a process needed until its backlog was gone. */
const drain = async (
  { bus }: FaultContext,
  pid: number,
): Promise<{ mostMb: number; seconds: number; left: number }> => {
  const started = Date.now();
  let mostMb = 0;
  let left = BACKLOG;
  while (left > 0 && Date.now() - started < DRAINS_WITHIN_MS) {
    for (let sample = 0; sample < 4; sample++) {
      mostMb = Math.max(mostMb, residentMb(pid));
      await sleep(250);
    }
    left = await bus.lag().catch(() => left);
  }
  return { mostMb, seconds: (Date.now() - started) / 1_000, left };
};

let problems: string[] = [];

/** F9: a consumer stands still until 100,000 messages wait for it, and takes them up in bounded memory. */
export const BACKLOG_FAULT: Fault = {
  name: 'backlog of 100,000',
  row: 'F9',
  special: true,
  async strike(context) {
    const { platform, note } = context;
    problems = [];
    const pid = platform.pids.ledger ?? 0;
    const restMb = residentMb(pid);
    process.kill(pid, 'SIGSTOP');
    await pile(context).finally(() => process.kill(pid, 'SIGCONT'));
    const { mostMb, seconds, left } = await drain(context, pid);
    note(
      `${String(BACKLOG - left)} taken up in ${seconds.toFixed(0)} s; the ledger needs ${restMb.toFixed(0)} MB at rest, ${mostMb.toFixed(0)} MB at most`,
    );
    if (left > 0) problems.push(`${String(left)} messages still wait`);
    if (mostMb > restMb + MORE_MEMORY_MB)
      problems.push(`${restMb.toFixed(0)} MB at rest, ${mostMb.toFixed(0)} MB at most`);
    if (platform.pids.ledger !== pid) problems.push('the ledger did not live through it');
  },
  evidence: () => problems,
};
