// Measures the embedded platform and prints the figures of the README: `npm run figures [-- --loans 50]`.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LoanWalk } from '@daftari/testing';

const { values } = parseArgs({
  options: { loans: { type: 'string', default: '50' }, port: { type: 'string', default: '4000' } },
});
const dataDir = mkdtempSync(join(tmpdir(), 'daftari-figures-'));
chmodSync(dataDir, 0o755);
const env = { ...process.env, DATA_DIR: dataDir, PORT_BASE: values.port, NX_DAEMON: 'false' };
const say = (text) => process.stderr.write(`${text}\n`);
const state = () => JSON.parse(readFileSync(join(dataDir, 'platform.json'), 'utf8'));

/** Runs `npm start` until it says that it is up; gives the process and the seconds it took. */
const start = async () => {
  const began = Date.now();
  const child = spawn('npm', ['start', '--silent'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  for await (const chunk of child.stdout) {
    out += String(chunk);
    if (out.includes('Daftari is up')) break;
  }
  if (!out.includes('Daftari is up')) throw new Error(out);
  return { child, seconds: (Date.now() - began) / 1_000 };
};

const stop = async ({ child }) => {
  const gone = once(child, 'exit');
  process.kill(state().launcher, 'SIGTERM');
  await gone;
};

/** Resident memory of every process in MB. */
const memory = () => {
  const { pids } = state();
  const named = Object.entries(pids).filter(([name]) => name !== 'postgres');
  const { stdout } = spawnSync('ps', ['-o', 'pid=,rss=', '-p', named.map(([, pid]) => pid).join()]);
  const rss = new Map(
    String(stdout)
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number)),
  );
  return new Map(named.map(([name, pid]) => [name, Math.round((rss.get(pid) ?? 0) / 1_024)]));
};

/** Runs the demo with many loans, watching the memory; gives its last words and the peaks. */
const load = async () => {
  const peaks = memory();
  const watch = setInterval(() => {
    for (const [name, mb] of memory()) peaks.set(name, Math.max(mb, peaks.get(name) ?? 0));
  }, 250);
  const demo = spawn(process.execPath, ['apps/standalone/dist/demo.js', '--loans', values.loans], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  for await (const chunk of demo.stdout) out += String(chunk);
  clearInterval(watch);
  const rate = /([\d.]+) whole lives a minute/.exec(out)?.[1];
  if (rate === undefined || out.includes('FAIL')) throw new Error(out);
  return { rate, peaks };
};

const seconds = (value) => `${value.toFixed(1)} s`;
/** Middle and 95th percentile of times in ms (nearest rank). */
const percentiles = (times) => {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => String(sorted[Math.ceil(share * sorted.length) - 1]);
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms (${String(sorted.length)} payments)`;
};

/** From the first word of the provider about each payment to its posting, and to its mail at the mail server; ms. */
const latencies = async (walk) => {
  const payments = await walk.staff.ok('/v1/payments?limit=100');
  const mails = await (await fetch(`${state().sandbox}/sandbox/mails?to=`)).json();
  const posted = [];
  const mailed = [];
  for (const { paymentId, receipt } of payments) {
    const { callbacks } = await walk.auditor.ok(`/v1/payments/${paymentId}/trail`);
    const heard = Date.parse(callbacks[0].receivedAt);
    const trail = await walk.auditor.ok(`/v1/ledger/trail?paymentId=${paymentId}`);
    const entries = trail.entries ?? trail;
    const received = entries.find(({ kind }) => kind === 'repayment-received');
    posted.push(Date.parse(received.recordedAt) - heard);
    const mail = mails.find(({ subject }) => subject.endsWith(receipt));
    mailed.push(Date.parse(mail.receivedAt) - heard);
  }
  return { posted, mailed };
};

const table = (rows) =>
  ['| what | figure |', '| --- | --- |', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');

try {
  say('building from nothing and starting ...');
  spawnSync('npx', ['nx', 'reset'], { env });
  for (const folder of ['apps', 'libs'])
    for (const name of spawnSync('ls', [folder], { encoding: 'utf8' }).stdout.trim().split('\n'))
      rmSync(join(folder, name, 'dist'), { recursive: true, force: true });
  const cold = await start();
  await stop(cold);
  say('starting again ...');
  const warm = await start();
  await new Promise((done) => setTimeout(done, 5_000));
  const rest = memory();
  say(`${values.loans} loans at once ...`);
  const { rate, peaks } = await load();
  const walk = await LoanWalk.prepare(state());
  const { posted, mailed } = await latencies(walk);
  await stop(warm);
  const rows = [
    ['first start, build and `initdb` included', seconds(cold.seconds)],
    ['start again', seconds(warm.seconds)],
    [`${values.loans} loans at once, application to completion`, `${rate} loans a minute`],
    ["provider's callback to ledger posted", percentiles(posted)],
    ["provider's callback to mail accepted", percentiles(mailed)],
    ...[...rest].map(([name, mb]) => [
      `memory of ${name}`,
      `${String(mb)} MB at rest, ${String(peaks.get(name))} MB at most under load`,
    ]),
  ];
  const gib = Math.round(totalmem() / 2 ** 30);
  const machine = `Node ${process.versions.node}, ${String(cpus().length)} cores, ${String(gib)} GiB`;
  process.stdout.write(`${machine}\n\n${table(rows)}\n`);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
