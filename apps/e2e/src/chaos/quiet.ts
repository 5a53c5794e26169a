import type { BusProbe } from './bus.js';
import type { ChaosPlatform } from './platform.js';
import { sleep } from './random.js';
import { SERVICES } from './platform.js';
import type { Stores } from './stores.js';

/** The services whose facts are a log of events. */
export const EVENT_SOURCED = ['origination', 'ledger', 'payments'] as const;

const LOG_BEHIND = `
  with head as (select coalesce(max(pos), 0) as pos from es.event)
  select (select count(*) from relay_checkpoint, head where coalesce(nullif(substr(position, 4), '')::bigint, 0) < head.pos)
    + (select count(*) from projection_checkpoint, head where coalesce(nullif(substr(position, 4), '')::bigint, 0) < head.pos)`;
/** What a task or a callback still has to do; a poll of a payment that has ended is nothing. */
const WORK = `
  select (select count(*) from scheduled_task where stopped_at is null) + (select count(*) from webhook_inbox where status = 'new')`;

const JOBS = `select count(*) from job where state in ('queued', 'running')`;

/** What is still on its way, in words; empty when everything has arrived. */
const pending = async (stores: Stores, bus: BusProbe): Promise<string[]> => {
  const found: [string, number][] = [];
  for (const database of SERVICES)
    found.push([
      `${database}: outbox`,
      await stores.count(database, 'select count(*) from outbox'),
    ]);
  for (const database of EVENT_SOURCED)
    found.push([`${database}: relays and projections`, await stores.count(database, LOG_BEHIND)]);
  found.push(['payments: work', await stores.count('payments', WORK)]);
  found.push(['notifications: jobs', await stores.count('notifications', JOBS)]);
  found.push(['bus: lag', await bus.lag()]);
  return found.filter(([, count]) => count > 0).map(([what, count]) => `${what} ${String(count)}`);
};

/** Waits until nothing is on its way, twice in a row. Gives what still is when the time is over; empty when all is quiet. */
export const quiet = async (
  platform: ChaosPlatform,
  stores: Stores,
  bus: BusProbe,
  withinMs: number,
): Promise<string[]> => {
  const deadline = Date.now() + withinMs;
  for (let calm = 0; ;) {
    const left = await pending(stores, bus).catch((error: unknown) => [String(error)]);
    calm = left.length === 0 ? calm + 1 : 0;
    if (calm === 2) break;
    if (Date.now() > deadline) return left;
    await sleep(calm > 0 ? 100 : 200);
  }
  return platform.whenReady(Math.max(1_000, deadline - Date.now())).then(
    () => [],
    (error: unknown) => [String(error)],
  );
};
