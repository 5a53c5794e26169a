import { ContractViolation } from '@daftari/kernel';
import type { Problem } from './vector-fields.js';
import { historyOutput, scheduleOutput, type OutputRow } from './vector-output.js';
import { readVector, type VectorInput } from './vectors.js';

/** What a run of the command prints, and the code it ends with. */
export interface CliResult {
  readonly status: 0 | 1;
  readonly out: string;
  readonly err: string;
}

/** How the command is called. */
export const USAGE = 'usage: lending [--table] <file.json | ->';

const failed = (problems: readonly Problem[]): CliResult => ({
  status: 1,
  out: '',
  err: problems
    .map(({ path, code, message }) => `${path === '' ? '(file)' : path}: ${code}: ${message}\n`)
    .join(''),
});

const COLUMNS = ['principal', 'interest', 'fees', 'penalties', 'total', 'paid', 'outstanding'];

const asTable = (rows: readonly OutputRow[]): string => {
  const columns = COLUMNS.filter((key) => rows.some((row) => row[key] !== undefined));
  const head = ['', 'date', ...columns, 'balance'];
  const body = rows.map((row) => {
    const payout = row['type'] === 'disbursement';
    const label = payout ? 'payout' : row['type'] === 'down_payment' ? 'down' : row['n'];
    const cells = columns.map((key) => (payout && key === 'total' ? row['amount'] : row[key]));
    return [label, row['dueDate'] ?? row['date'], ...cells, row['balance']].map((c) =>
      String(c ?? ''),
    );
  });
  const lines = [head, ...body];
  const widths = head.map((_, i) => Math.max(...lines.map((line) => (line[i] ?? '').length)));
  return lines
    .map((line) => line.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('  '))
    .map((line) => `${line}\n`)
    .join('');
};

const compute = (json: object, input: VectorInput, table: boolean): string => {
  if (input.kind === 'schedule') {
    const expected = scheduleOutput(input.terms);
    return table
      ? asTable(expected.rows)
      : `${JSON.stringify({ ...json, kind: input.kind, expected }, null, 2)}\n`;
  }
  const checkpoints = historyOutput(input);
  return table
    ? asTable(checkpoints.at(-1)?.schedule ?? [])
    : `${JSON.stringify({ ...json, kind: input.kind, checkpoints }, null, 2)}\n`;
};

/**
 * Computes one file: the text of a schedule or a history in, the same with what the library makes of it out, as JSON or
 * as a table for people. What makes no sense is listed, all of it, and the status is 1.
 */
export const runLending = (text: string, table: boolean): CliResult => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : 'it cannot be read';
    return failed([{ path: '', code: 'file/not-json', message }]);
  }
  const { input, problems } = readVector(json);
  if (problems.length > 0) return failed(problems);
  try {
    return { status: 0, out: compute(json as object, input, table), err: '' };
  } catch (error) {
    if (!(error instanceof ContractViolation)) throw error;
    return failed(error.fields.map(({ field, code, message }) => ({ path: field, code, message })));
  }
};
