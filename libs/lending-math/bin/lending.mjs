#!/usr/bin/env node
// Reads one file (or standard input), prints what the library makes of it.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runLending, USAGE } from '../dist/cli.js';

const end = (text) => {
  process.stderr.write(`${text}\n`);
  process.exit(1);
};

let args;
try {
  args = parseArgs({
    options: { table: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
} catch (error) {
  end(`${error.message}\n${USAGE}`);
}
const [file, ...more] = args.positionals;
if (file === undefined || more.length > 0) end(USAGE);

// npm runs a script in the folder of the package; a path is meant from where it was called.
const from = process.env.INIT_CWD ?? process.cwd();
let text;
try {
  text = readFileSync(file === '-' ? 0 : resolve(from, file), 'utf8');
} catch (error) {
  end(`${file}: file/not-readable: ${error.message}`);
}
const { status, out, err } = runLending(text, args.values.table);
process.stderr.write(err);
process.stdout.write(out);
process.exitCode = status;
