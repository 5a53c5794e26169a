import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const bin = join(import.meta.dirname, '..', 'bin', 'lending.mjs');
const folder = join(import.meta.dirname, 'vectors');

interface Run {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

const lending = (args: readonly string[], input = ''): Promise<Run> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args]);
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.on('error', reject);
    child.on('close', (status) => {
      resolve({ status, out, err });
    });
    child.stdin.end(input);
  });

const read = (file: string): Record<string, never> =>
  JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, never>;

/** Every ninth file: the suites of the library compute all of them, this one shows that the process does the same. */
const some = (kind: string): string[] =>
  readdirSync(join(folder, kind))
    .sort()
    .filter((_, i) => i % 9 === 0)
    .map((name) => join(kind, name));

const money = (terms: object): Record<string, unknown> => ({
  kind: 'schedule',
  terms: {
    convention: 'progressive',
    currency: { decimals: 2, code: 'KES' },
    principal: '1000.00',
    annualRatePercent: '12',
    numberOfInstallments: 2,
    repaymentEvery: { n: 1, unit: 'months' },
    disbursementDate: '2026-01-31',
    daysInYear: '360',
    daysInMonth: '30',
    roundingMode: 'HALF_EVEN',
    ...terms,
  },
});

describe('the lending command', () => {
  it('prints the known schedule of a file', async () => {
    for (const file of some('schedules')) {
      const { status, out } = await lending([join(folder, file)]);
      const printed = JSON.parse(out) as { expected: { rows: object[]; totals: object } };
      const known = read(file)['expected'] as unknown as typeof printed.expected;
      expect(status).toBe(0);
      expect(printed.expected.totals).toEqual(known.totals);
      // One source prints another payout date than the one its interest starts on.
      const dateless = (row: object) => ('amount' in row ? { ...row, date: undefined } : row);
      expect(printed.expected.rows.map(dateless)).toEqual(known.rows.map(dateless));
    }
  });

  it('prints the known checkpoints of a history from standard input', async () => {
    for (const file of some('transactions')) {
      const vector = read(file) as unknown as {
        events: { type: string }[];
        checkpoints: { afterEvents: number; schedule?: Record<string, unknown>[] }[];
      };
      const { status, out } = await lending(['-'], JSON.stringify(vector));
      const printed = JSON.parse(out) as typeof vector;
      expect(status).toBe(0);
      expect(printed.checkpoints.length).toBe(vector.checkpoints.length);
      vector.checkpoints.forEach(({ schedule }, i) => {
        const rows = (of: Record<string, unknown>[] = []) =>
          of.map(({ balance: _, ...row }) => row);
        if (schedule) expect(rows(printed.checkpoints[i]?.schedule)).toEqual(rows(schedule));
      });
    }
  });

  it('prints a table for people', async () => {
    const { status, out } = await lending(['--table', '-'], JSON.stringify(money({})));
    expect(status).toBe(0);
    expect(out.trimEnd().split('\n')).toEqual([
      '              date  principal  interest  fees  penalties    total  balance',
      'payout  2026-01-31                                        1000.00  1000.00',
      '     1  2026-02-28     497.51     10.00  0.00       0.00   507.51   502.49',
      '     2  2026-03-31     502.49      5.02  0.00       0.00   507.51     0.00',
    ]);
  });

  it('lists everything that makes no sense, each with path and code, and ends with 1', async () => {
    const bad = money({
      principal: { amount: '-5.001', currency: 'USD' },
      annualRatePercent: '-1',
      ratePer: 'fortnight',
      numberOfInstallments: 1001,
      repaymentEvery: { n: 0, unit: 'moons' },
      disbursementDate: '2026-02-30',
    });
    const { status, out, err } = await lending(['-'], JSON.stringify(bad));
    expect(status).toBe(1);
    expect(out).toBe('');
    const found = err
      .trimEnd()
      .split('\n')
      .map((line) => line.split(': ').slice(0, 2).join(' '));
    expect(found.sort()).toEqual([
      'terms.annualRatePercent rate/negative',
      'terms.disbursementDate date/invalid',
      'terms.numberOfInstallments count/too-many',
      'terms.principal.amount amount/not-positive',
      'terms.principal.amount amount/too-precise',
      'terms.principal.currency amount/other-currency',
      'terms.ratePer rate/unknown-period',
      'terms.repaymentEvery.n count/not-positive',
      'terms.repaymentEvery.unit period/unknown',
    ]);
  });

  it.each([
    ['no file', [], '', 'usage: lending'],
    ['two files', ['a', 'b'], '', 'usage: lending'],
    ['an unknown option', ['--nice'], '', 'usage: lending'],
    ['a file that is not there', ['/nowhere.json'], '', 'file/not-readable'],
    ['text that is not JSON', ['-'], '{', 'file/not-json'],
    ['JSON that is no object', ['-'], '[]', 'field/wrong-type'],
  ])('ends with 1 for %s', async (_case, args, input, message) => {
    const { status, err } = await lending(args, input);
    expect(status).toBe(1);
    expect(err).toContain(message);
  });
});
