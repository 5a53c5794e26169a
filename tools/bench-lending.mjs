// Schedules a second, and a long history replayed, on one core; a plain floating-point loop does the same work beside it.
import {
  applyRepayment,
  buildSchedule,
  productSchedule,
  replayHistory,
} from '@daftari/lending-math';

const SECONDS = Number(process.env['BENCH_SECONDS'] ?? '2');
const terms = (numberOfInstallments) => ({
  convention: 'progressive',
  currency: 'KES',
  decimals: 2,
  principalMinor: 10_000_000n,
  annualRatePercent: '24',
  numberOfInstallments,
  repaymentEvery: { n: 1, unit: 'months' },
  disbursementDate: '2020-01-15',
  daysInYear: '365',
  daysInMonth: 'actual',
  roundingMode: 'HALF_EVEN',
});
const product = (n, kind) => ({ ...terms(n), kind, dayCount: 'actual/365' });

/** The reference: the same schedule with doubles, dates and all, wrong in the last cents. */
const floating = (n) => {
  const day = 86_400_000;
  const start = Date.UTC(2020, 0, 15);
  const dues = Array.from({ length: n }, (_, i) => Date.UTC(2020, i + 1, 15));
  let [growth, sum] = [1, 0];
  dues.forEach((due, i) => {
    const f = 1 + (0.24 * ((due - (i === 0 ? start : dues[i - 1])) / day)) / 365;
    growth *= f;
    sum = i === 0 ? 1 : sum * f + 1;
  });
  const level = Math.round((10_000_000 * growth) / sum);
  let balance = 10_000_000;
  return dues.map((due, i) => {
    const days = (due - (i === 0 ? start : dues[i - 1])) / day;
    const interest = Math.round((balance * 0.24 * days) / 365);
    const principal = i === n - 1 ? balance : level - interest;
    balance -= principal;
    return {
      n: i + 1,
      due: new Date(due).toISOString().slice(0, 10),
      principal,
      interest,
      balance,
    };
  });
};

/** Runs a second of processor time after a warm-up as long; processor time, because others may share the machine. */
const perSecond = (work) => {
  const spent = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  const run = (seconds) => {
    const from = spent();
    let count = 0;
    while (spent() - from < seconds) {
      for (let i = 0; i < 5; i += 1) work();
      count += 5;
    }
    return count / (spent() - from);
  };
  run(SECONDS / 2);
  return run(SECONDS);
};

const show = (name, rate, reference) => {
  const beside = reference ? `  (floating-point loop: ${Math.round(reference)}/s)` : '';
  process.stdout.write(`${name.padEnd(46)} ${String(Math.round(rate)).padStart(8)}/s${beside}\n`);
};

for (const n of [12, 60, 360]) {
  const reference = perSecond(() => floating(n));
  show(
    `progressive, ${n} installments`,
    perSecond(() => buildSchedule(terms(n))),
    reference,
  );
  for (const kind of ['declining_balance', 'flat']) {
    show(
      `product ${kind}, ${n} installments`,
      perSecond(() => productSchedule(product(n, kind))),
      reference,
    );
  }
}

const rule = { strategy: 'penalty_fee_interest_principal' };
const dayAfter = (days) =>
  new Date(Date.UTC(2020, 0, 15) + days * 86_400_000).toISOString().slice(0, 10);
const historyOf = (count) => [
  {
    i: 0,
    type: 'disbursement',
    date: '2020-01-15',
    businessDate: '2020-01-15',
    amountMinor: 10_000_000n,
  },
  ...Array.from({ length: count }, (_, k) => ({
    i: k + 1,
    type: 'repayment',
    date: dayAfter(1 + Math.floor(k / 3)),
    businessDate: dayAfter(1 + Math.floor(k / 3)),
    amountMinor: 2_000n,
  })),
];
const replay = (count) => {
  const events = historyOf(count);
  return replayHistory(terms(60), rule, events, {
    afterEvents: events.length,
    overdueInterestAsOf: null,
  });
};
/** The reference: the same payments over the same rows with doubles. */
const floatingReplay = (count) => {
  const rows = floating(60).map((row) => ({ ...row, paidInterest: 0, paidPrincipal: 0 }));
  for (let k = 0; k < count; k += 1) {
    let left = 2_000;
    for (const row of rows) {
      if (left <= 0) break;
      const interest = Math.min(left, row.interest - row.paidInterest);
      row.paidInterest += interest;
      left -= interest;
      const principal = Math.min(left, row.principal - row.paidPrincipal);
      row.paidPrincipal += principal;
      left -= principal;
    }
  }
  return rows;
};
for (const count of [1_000, 5_000]) {
  const reference = perSecond(() => floatingReplay(count)) * count;
  show(
    `replay of ${count} repayments, repayments`,
    perSecond(() => replay(count)) * count,
    reference,
  );
}

const appended = (count) => {
  const { state } = replay(count);
  const payment = { date: dayAfter(2 + Math.floor(count / 3)), amountMinor: 2_000n };
  return perSecond(() => applyRepayment(state, payment, rule));
};
const [short, long] = [appended(10), appended(5_000)];
show('a repayment after 10 others', short);
show('a repayment after 5000 others', long);
process.stdout.write(`the latter costs ${(short / long).toFixed(2)} times the former\n`);
