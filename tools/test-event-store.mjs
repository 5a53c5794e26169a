// Runs every suite of the event store and of the event-sourced services on EventStoreDB or KurrentDB:
// `EVENTSTORE_URL=esdb://… npm run test:eventstore`. Without an address a stand-in is started that speaks its protocol
// over a log in memory: that shows the client side, and nothing about a real server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const suites = ['libs/event-store', 'apps/ledger', 'apps/origination', 'apps/payments'];
const main = 'libs/testing/dist/event-store-server/main.js';
const env = { ...process.env };
let standIn;
if (env.EVENTSTORE_URL === undefined) {
  standIn = spawn(process.execPath, [main], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(standIn.stdout, 'data');
  env.EVENTSTORE_URL = String(line).trim();
  env.EVENTSTORE_STAND_IN = '1';
  process.stderr.write('\nEVENTSTORE_URL is not set: THIS IS THE STAND-IN, NOT A REAL SERVER\n\n');
}
const jest = [
  '--experimental-vm-modules',
  '--no-warnings',
  'node_modules/jest/bin/jest.js',
  '--selectProjects',
  'integration',
];
const run = spawn(process.execPath, [...jest, ...process.argv.slice(2), '--', ...suites], {
  env,
  stdio: 'inherit',
});
const [code] = await once(run, 'exit');
standIn?.stdin.end();
process.exitCode = code ?? 1;
