import { eventually, LoanWalk } from '@daftari/testing';
import { RunningPlatform } from './running-platform.js';

const LOANS = 8;
const SERVICES = ['identity', 'origination', 'ledger', 'payments', 'notifications', 'reporting'];
const PORT_BASE = 16_000;
const emails: string[] = [];
let platform: RunningPlatform;
let walk: LoanWalk;

beforeAll(async () => {
  platform = await RunningPlatform.start(PORT_BASE, { INSTANCES: '2' });
  walk = await LoanWalk.prepare(platform.state);
}, 360_000);

afterAll(async () => {
  await platform.stop();
}, 60_000);

/** A sum over the metrics of one process. */
const metric = async (gateway: string, offset: number, name: string): Promise<number> => {
  const url = new URL(gateway);
  const text = await (
    await fetch(`http://127.0.0.1:${String(Number(url.port) + offset)}/metrics`)
  ).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(name))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
};

const live = async (index: number): Promise<Record<string, unknown>> => {
  const phone = `2547${String(30_000 + index)}000`;
  const customer = await walk.customer(phone);
  emails.push(String((await customer.ok('/v1/auth/me')).email));
  const loan = await walk.lend(customer, phone);
  await walk.payByPush(customer, String(loan.loanId), String(loan.outstanding.total), phone);
  return walk.loanWhen(String(loan.loanId), (seen) => seen.status === 'completed');
};

/** The scheduled delivery of each mail ran in one process, once. */
const exactlyOneMailOfEach = async (email: string): Promise<void> => {
  const subjects = await eventually(
    async () => {
      const own = (await walk.mails(email)).map(({ subject }) => subject);
      return own.some((subject) => subject.startsWith('We received')) && own;
    },
    { withinMs: 60_000, everyMs: 250 },
  );
  for (const part of ['paid out', 'We received'])
    expect(subjects.filter((subject) => subject.includes(part))).toHaveLength(1);
};

/** Every loan was paid out and paid back exactly once, and every fact was posted once. */
const nothingDoubled = async (count: number): Promise<void> => {
  const movements = await walk.movements();
  for (const kind of ['b2c', 'stk']) {
    const phones = movements.filter((each) => each.kind === kind).map(({ msisdn }) => msisdn);
    expect(phones).toHaveLength(count);
    expect(new Set(phones).size).toBe(count);
  }
  await walk.settleBooks();
};

describe('two instances of every service', () => {
  it('share requests and messages, and do each job once', async () => {
    const loans = await Promise.all(Array.from({ length: LOANS }, (_, i) => live(i)));
    expect(loans.map(({ status }) => status)).toEqual(
      Array.from({ length: LOANS }, () => 'completed'),
    );
    await nothingDoubled(LOANS);
    const { gateways } = platform.state;
    expect(gateways).toHaveLength(2);
    for (const [index, name] of SERVICES.entries()) {
      for (const gateway of gateways) {
        const served = await metric(gateway, index + 1, 'http_request_duration_seconds_count');
        expect([name, served > 0]).toEqual([name, true]);
      }
    }
    // Those that read a topic of more than one partition have handled messages in both processes.
    for (const name of ['origination', 'ledger', 'payments', 'notifications', 'reporting']) {
      for (const gateway of gateways) {
        const offset = SERVICES.indexOf(name) + 1;
        const handled = await metric(gateway, offset, 'bus_message_duration_seconds_count');
        expect([name, handled > 0]).toEqual([name, true]);
      }
    }
    for (const email of emails) await exactlyOneMailOfEach(email);
  }, 240_000);

  it('lose nothing when one instance of each is killed', async () => {
    const victims = [
      'gateway-2',
      ...SERVICES.flatMap((name, i) => (i % 2 === 0 ? [name] : [`${name}-2`])),
    ];
    const lives = Promise.all(Array.from({ length: LOANS }, (_, i) => live(LOANS + i)));
    const killing = (async () => {
      for (const victim of victims) {
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        await platform.kill(victim);
      }
    })();
    const loans = await lives;
    await killing;
    expect(loans.map(({ status }) => status)).toEqual(
      Array.from({ length: LOANS }, () => 'completed'),
    );
    await nothingDoubled(2 * LOANS);
  }, 300_000);
});
