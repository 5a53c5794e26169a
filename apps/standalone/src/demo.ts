import 'reflect-metadata';
import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { eventually, LoanWalk, platformState, type PlatformState } from '@daftari/testing';
import { loadStandaloneConfig } from './load.js';

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const random = (): string => `2547${String(Math.floor(Math.random() * 100_000)).padStart(5, '0')}`;

/** The platform that runs, or one that is started for the demo and stopped at its end. */
const platform = async (
  dataDir: string,
): Promise<{ state: PlatformState; started: ChildProcess | undefined }> => {
  const running = (): PlatformState | undefined => {
    try {
      return platformState(dataDir);
    } catch {
      return undefined;
    }
  };
  const ready = async (): Promise<PlatformState | undefined> => {
    const state = running();
    const up =
      state &&
      (await fetch(`${state.gateway}/readyz`).then(
        (r) => r.ok,
        () => false,
      ));
    return up ? state : undefined;
  };
  const there = await ready();
  if (there) return { state: there, started: undefined };
  say('starting the platform ...');
  const started = spawn(
    process.execPath,
    [join(dirname(fileURLToPath(import.meta.url)), 'main.js')],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  return {
    state: await eventually(ready, {
      withinMs: 120_000,
      everyMs: 250,
      what: 'the platform starts',
    }),
    started,
  };
};

/** Half of an amount in whole shillings, rounded up. */
const half = (amount = ''): string => `${String(Math.ceil(Number(amount) / 2))}.00`;

/** One loan from the application to the last cent: late, partial, doubled and too much. */
const wholeLife = async (walk: LoanWalk): Promise<void> => {
  const phone = `${random()}000`;
  const customer = await walk.customer(phone);
  say('1. a customer registered, confirmed the mailed link, filled in a profile');
  const loan = await walk.lend(customer, phone);
  const id = String(loan.loanId);
  const schedule = loan.schedule as { dueOn: string; outstanding: string }[];
  const [first, second] = schedule;
  say(
    `2. applied, scored, reviewed, approved by a second person, paid out as ${String(loan.disbursementReference)}`,
  );
  const late = new Date(Date.parse(first?.dueOn ?? '') + 5 * 86_400_000).toISOString().slice(0, 10);
  await walk.advance(late, id);
  const overdue = await walk.staff.ok(`/v1/loans/${id}`);
  say(
    `3. ${late}: ${String(overdue.arrears.daysPastDue)} days past due with KES ${String(overdue.arrears.overdue)}`,
  );
  await walk.payByPush(customer, id, first?.outstanding ?? '', `${random()}902`);
  say('4. paid the first instalment by STK push; its callback came twice');
  await walk.payAtPaybill(loan, half(second?.outstanding), 2);
  say('5. paid half of the second at the paybill; its confirmation came twice');
  const { outstanding } = await walk.staff.ok(`/v1/loans/${id}`);
  await walk.payByPush(customer, id, String(Number(outstanding.total) + 500), `${random()}901`);
  const done = await walk.loanWhen(id, (seen) => seen.status === 'completed');
  say(
    `6. paid the rest and too much, the callback before the answer: ${String(done.status)}, credit KES ${String(done.credit)}`,
  );
};

/** A payout whose answer is lost although it was carried out: exactly one payout, exactly one posting. */
const lostAnswer = async (walk: LoanWalk): Promise<void> => {
  const phone = `${random()}905`;
  await walk.lend(await walk.customer(phone), phone);
  const payouts = (await walk.movements()).filter(
    ({ kind, msisdn }) => kind === 'b2c' && msisdn === phone,
  );
  if (payouts.length !== 1) throw new Error(`${String(payouts.length)} payouts to ${phone}`);
  say('7. a payout whose answer was lost: found by its status, paid once');
};

const rejected = async (walk: LoanWalk): Promise<void> => {
  const phone = `${random()}000`;
  const id = await walk.apply(await walk.customer(phone), phone);
  await walk.staff.ok(`/v1/applications/${id}/review`, { body: {} });
  const { status } = await walk.admin.ok(`/v1/applications/${id}/reject`, {
    body: { reason: 'Too many open obligations', nextSteps: 'Apply again in 30 days' },
  });
  say(`8. a second application was ${String(status)} with its reason`);
};

const many = async (walk: LoanWalk, count: number): Promise<void> => {
  const started = Date.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: count }, async () => {
      const phone = `${random()}000`;
      const customer = await walk.customer(phone);
      const loan = await walk.lend(customer, phone);
      await walk.payByPush(customer, String(loan.loanId), String(loan.outstanding.total), phone);
      await walk.loanWhen(String(loan.loanId), (seen) => seen.status === 'completed');
      done++;
      say(`  ${String(done)}/${String(count)} loans completed`);
    }),
  );
  say(
    `${String(count)} loans at once: ${(count / ((Date.now() - started) / 60_000)).toFixed(1)} whole lives a minute`,
  );
};

let started: ChildProcess | undefined;
try {
  const { values } = parseArgs({ options: { loans: { type: 'string', default: '0' } } });
  const found = await platform(resolve(loadStandaloneConfig(process.env).DATA_DIR));
  started = found.started;
  const walk = await LoanWalk.prepare(found.state);
  if (Number(values.loans) > 0) await many(walk, Number(values.loans));
  else {
    await wholeLife(walk);
    await lostAnswer(walk);
    await rejected(walk);
  }
  const report = await walk.settleBooks();
  const accounts = (await walk.auditor.ok('/v1/ledger/accounts')) as {
    account: string;
    balance: string;
    currency: string;
  }[];
  say('\nTrial balance (loans that are paid back left out)');
  for (const { account, balance, currency } of accounts)
    if (Number(balance) !== 0 && !account.startsWith('liability:customer-credit'))
      say(`  ${account.padEnd(60)} ${currency} ${balance}`);
  say('\nVerify');
  for (const { name, ok, detail } of report.checks as {
    name: string;
    ok: boolean;
    detail: string;
  }[])
    say(`  ${ok ? 'ok  ' : 'FAIL'} ${name}: ${detail}`);
} catch (error) {
  process.stderr.write(
    `the demo failed: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
} finally {
  started?.kill('SIGTERM');
}
