import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROUNDS = 3;
const SEED = process.env.SEED ?? String(Date.now() % 1_000_000);

interface Round {
  readonly seed: number;
  readonly fault: string;
  readonly commands: number;
  readonly lives: number;
  readonly broken: Readonly<Record<string, readonly string[]>>;
}

/** The campaign of `npm run chaos`, a few rounds of it, as its own process: gives its exit code and its report. */
const campaign = async (): Promise<{ code: number | null; output: string; rounds: Round[] }> => {
  const reports = mkdtempSync(join(tmpdir(), 'daftari-chaos-'));
  const child = spawn(
    process.execPath,
    [
      resolve('apps/e2e/dist/chaos/main.js'),
      ...['--rounds', String(ROUNDS), '--port-base', '15200', '--reports', reports],
    ],
    { env: { ...process.env, NODE_OPTIONS: '', SEED }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const code = await new Promise<number | null>((done) => child.once('exit', done));
  const file = readdirSync(reports).find((name) => name.endsWith('.json'));
  const report = file === undefined ? '{"rounds":[]}' : readFileSync(join(reports, file), 'utf8');
  return { code, output, rounds: (JSON.parse(report) as { rounds: Round[] }).rounds };
};

it(`keeps every invariant through a few rounds of faults (SEED=${SEED})`, async () => {
  const { code, output, rounds } = await campaign();
  const broken = rounds.filter((round) => Object.keys(round.broken).length > 0);
  expect(broken).toEqual([]);
  if (code !== 0) throw new Error(output);
  expect(rounds).toHaveLength(ROUNDS);
  for (const { commands, lives } of rounds) expect(commands).toBeGreaterThanOrEqual(lives * 3);
}, 900_000);
