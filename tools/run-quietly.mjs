// Runs one npm script, keeps its output to itself, and shows it only when the script fails.
import { spawnSync } from 'node:child_process';

const script = process.argv[2] ?? 'build';
const run = spawnSync('npm', ['run', '--silent', script], {
  encoding: 'utf8',
  env: { ...process.env, NX_DAEMON: 'false' },
});
if (run.status !== 0) {
  process.stderr.write(`${run.stdout ?? ''}${run.stderr ?? ''}\n${script} failed\n`);
  process.exit(1);
}
