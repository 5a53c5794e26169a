import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, LoanWalk } from '@daftari/testing';
import { Client } from 'pg';
import { activeProfile } from './profile.js';
import { RunningPlatform } from './running-platform.js';

const PORT_BASE = 16_200;
const SLOW = { withinMs: 120_000, everyMs: 200 };
const ALL = '/v1/dead-letters?group=reporting';
const FLOAT = `select debits from read_ledger_totals where account = 'asset:float'`;
/** The fault: PostgreSQL's code for a broken check. */
const CAUSE = '23514';

interface Letter {
  readonly id: string;
  readonly resolution: { readonly kind: string; readonly reason: string } | null;
}
interface Cause {
  readonly cause: string;
  readonly count: number;
  readonly letters: readonly Letter[];
}

let platform: RunningPlatform;
let walk: LoanWalk;
let database: Client;

const databaseUrl = (name: string): string => {
  const { postgres = '' } = JSON.parse(
    readFileSync(join(platform.dataDir, 'secrets.json'), 'utf8'),
  ) as Record<string, string>;
  const port = PORT_BASE + activeProfile().portShift + 32;
  return `postgres://postgres:${postgres}@127.0.0.1:${String(port)}/${name}`;
};
const invest = (amount: string): Promise<unknown> =>
  walk.admin.ok('/v1/ledger/capital', {
    body: { amount: { amount: `${amount}.00`, currency: 'KES' }, reference: `capital ${amount}` },
  });
/** What reporting has counted into the float, in cents. */
const counted = async (): Promise<bigint> =>
  BigInt((await database.query<{ debits: string }>(FLOAT)).rows[0]?.debits ?? 0);
const countedIs = (wanted: bigint): Promise<boolean> =>
  eventually(async () => (await counted()) === wanted, {
    ...SLOW,
    what: `${String(wanted)} cents`,
  });
const listed = async (query = ''): Promise<Cause[]> =>
  (await walk.operator.ok(`${ALL}${query}`)) as Cause[];
const decide = async (letter: string, verb: string, reason: string) => {
  const path = `/v1/dead-letters/${encodeURIComponent(letter)}/${verb}`;
  const { status, body } = await walk.operator.call(path, { body: { reason }, key: randomUUID() });
  return { status, code: body.metadata.code, data: body.data as unknown as Letter };
};
const letterWith = async (text: string): Promise<string> => {
  for (const { id } of (await listed()).flatMap(({ letters }) => letters)) {
    const { value } = await walk.operator.ok(`/v1/dead-letters/${encodeURIComponent(id)}`);
    if (String(value).includes(text)) return id;
  }
  throw new Error(`no letter holds ${text}`);
};

beforeAll(async () => {
  platform = await RunningPlatform.start(PORT_BASE);
  walk = await LoanWalk.prepare(platform.state);
  database = new Client({ connectionString: databaseUrl('reporting') });
  await database.connect();
}, 360_000);
afterAll(async () => {
  await database.end();
  await platform.stop();
}, 60_000);

describe('dead letters over HTTP', () => {
  it('are listed by cause, replayed with one effect, or discarded, and leave a trail', async () => {
    await countedIs(1_000_000_000n);
    await database.query(
      'alter table read_ledger_totals add constraint fault check (debits <= 1000000000) not valid',
    );
    await invest('1111');
    await invest('2222');
    const [found] = await eventually(async () => {
      const causes = await listed();
      return causes[0]?.count === 2 && causes;
    }, SLOW);
    expect(found).toMatchObject({ cause: CAUSE, count: 2 });
    expect(await counted()).toBe(1_000_000_000n);
    const [replayed, discarded] = [await letterWith('1111.00'), await letterWith('2222.00')];

    await database.query('alter table read_ledger_totals drop constraint fault');
    // Two people decide at the same moment: one of them is told so, or the service knows the message by its id.
    const both = await Promise.all([
      decide(replayed, 'replay', 'the fault is mended'),
      decide(replayed, 'replay', 'the fault is mended, I think'),
    ]);
    expect(both.map(({ status }) => status).sort()[0]).toBe(200);
    await countedIs(1_000_111_100n);
    const again = await decide(replayed, 'replay', 'once more');
    expect(again).toMatchObject({ status: 409, code: 'dead-letter/resolved' });

    const reason = 'counted by hand';
    expect(await decide(discarded, 'discard', reason)).toMatchObject({
      status: 200,
      data: { resolution: { kind: 'discarded', reason } },
    });
    expect(await listed()).toEqual([]);
    const old = (await listed('&resolved=true')).flatMap(({ letters }) => letters);
    expect(old.map(({ id, resolution }) => [id, resolution?.kind]).sort()).toEqual(
      [
        [replayed, 'replayed'],
        [discarded, 'discarded'],
      ].sort(),
    );

    // What comes later is counted, and neither letter was counted again before it.
    await invest('3333');
    await countedIs(1_000_444_400n);
    for (const [target, verb] of [
      [replayed, 'replay'],
      [discarded, 'discard'],
    ] as const) {
      const path = `/v1/audit/events?target=${encodeURIComponent(target)}`;
      const trail = await eventually(async () => {
        const events = (await walk.auditor.ok(path)) as {
          operation: { action: string; result: string } | null;
        }[];
        return (
          events.filter(({ operation }) => operation?.action.endsWith(verb)).length > 0 && events
        );
      }, SLOW);
      expect(trail.map(({ operation }) => operation)).toContainEqual(
        expect.objectContaining({ action: `POST /v1/dead-letters/:id/${verb}`, result: '200' }),
      );
    }
  });

  it('are replayed all at once, by their cause', async () => {
    const before = await counted();
    await database.query(
      `alter table read_ledger_totals add constraint fault check (debits <= ${String(before)}) not valid`,
    );
    await invest('10');
    await invest('20');
    await invest('30');
    await eventually(async () => (await listed())[0]?.count === 3, SLOW);
    await database.query('alter table read_ledger_totals drop constraint fault');
    const body = { cause: CAUSE, group: 'reporting', reason: 'the fault is mended' };
    const { replayed } = await walk.operator.ok('/v1/dead-letters/replay', { body });
    expect(replayed).toBe(3);
    await countedIs(before + 6_000n);
    const { replayed: more } = await walk.operator.ok('/v1/dead-letters/replay', { body });
    expect(more).toBe(0);
    expect(await listed()).toEqual([]);
  });
});
