import { LoanWalk } from '@daftari/testing';
import { RunningPlatform } from './running-platform.js';

const LOANS = 20;
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const VICTIMS = [
  'identity',
  'origination',
  'ledger',
  'payments',
  'notifications',
  'reporting',
  'gateway',
  'postgres',
];

/** mulberry32: the same seed gives the same moments. */
const randomFrom = (seed: number) => {
  let a = seed;
  return (): number => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
};

let platform: RunningPlatform;

beforeAll(async () => {
  platform = await RunningPlatform.start(15_000);
}, 360_000);

afterAll(async () => {
  await platform.stop();
}, 60_000);

it(`loses and doubles nothing while every process in turn is killed (SEED=${String(SEED)})`, async () => {
  const random = randomFrom(SEED);
  const walk = await LoanWalk.prepare(platform.state);
  let hasFailed = false;
  const killing = (async () => {
    for (const victim of VICTIMS) {
      await new Promise((resolve) => setTimeout(resolve, 1_500 + random() * 2_500));
      if (hasFailed) return;
      await platform.kill(victim);
    }
  })();
  const lives = Array.from({ length: LOANS }, async (_, index) => {
    const phone = `2547${String(20_000 + index)}000`;
    await new Promise((resolve) => setTimeout(resolve, index * 1_200));
    const customer = await walk.customer(phone);
    const loan = await walk.lend(customer, phone);
    await walk.payByPush(customer, String(loan.loanId), String(loan.outstanding.total), phone);
    return walk.loanWhen(String(loan.loanId), (seen) => seen.status === 'completed');
  });
  const loans = await Promise.all(lives).catch((error: unknown) => {
    hasFailed = true;
    throw error;
  });
  await killing;

  expect(loans.map(({ status }) => status as string)).toEqual(
    Array.from({ length: LOANS }, () => 'completed'),
  );
  await walk.settleBooks();
  const movements = await walk.movements();
  for (const kind of ['b2c', 'stk']) {
    const phones = movements
      .filter((movement) => movement.kind === kind)
      .map(({ msisdn }) => msisdn);
    expect(phones).toHaveLength(LOANS);
    expect(new Set(phones).size).toBe(LOANS);
  }
  const accounts = (await walk.auditor.ok('/v1/ledger/accounts')) as {
    account: string;
    balance: string;
  }[];
  const paidIn = movements
    .filter(({ kind }) => kind === 'stk')
    .reduce((sum, { amount }) => sum + amount, 0);
  expect(Number(accounts.find(({ account }) => account === 'asset:float')?.balance)).toBe(
    10_000_000 - LOANS * 25_000 + paidIn,
  );
}, 400_000);
