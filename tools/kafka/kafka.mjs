// Runs a real Apache Kafka on this machine: `npm run kafka [-- --brokers 3] [--port 19092] [--data .data/kafka]`.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { kafkaAnswers, startKafka } from '@daftari/testing';

const BETWEEN_BROKERS = 10_000;
const fail = (message) => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};
const options = () => {
  try {
    return parseArgs({
      options: {
        brokers: { type: 'string', default: '1' },
        port: { type: 'string', default: '19092' },
        data: { type: 'string', default: join('.data', 'kafka') },
      },
    }).values;
  } catch (error) {
    return fail(error.message);
  }
};
const isFree = (port) =>
  new Promise((done) => {
    const probe = createServer();
    probe.once('error', () => done(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => done(true)));
  });

const { brokers, port, data } = options();
const count = Number(brokers);
const first = Number(port);
if (![1, 3].includes(count)) fail('--brokers must be 1 or 3');
if (!Number.isInteger(first) || first < 1_024 || first > 40_000)
  fail('--port must be a number from 1024 to 40000');
// A cluster's metadata names its brokers: one broker and three have folders of their own.
const dataDir = join(resolve(data), count === 1 ? 'single' : 'cluster');
const stateFile = join(dataDir, 'kafka.json');
const ports = Array.from({ length: count }, (_, i) => first + i * BETWEEN_BROKERS);
const say = (list) =>
  process.stdout.write(
    `KAFKA_BROKERS=${list.join(',')}\n\n  BUS=kafka KAFKA_BROKERS=${list.join(',')}${count === 1 ? '' : ' KAFKA_REPLICATION_FACTOR=3'} npm start\n\n`,
  );

if (existsSync(stateFile)) {
  const state = JSON.parse(readFileSync(stateFile, 'utf8'));
  if (await kafkaAnswers(state.brokers)) {
    process.stdout.write(
      `Kafka is running already. To stop it: Ctrl-C where it was started, or kill ${state.pids.join(' ')}\n\n`,
    );
    say(state.brokers);
    process.exit(0);
  }
}
for (const each of ports.flatMap((client) => [client, client + 1]))
  if (!(await isFree(each)))
    fail(`Port ${String(each)} is taken. Stop what uses it, or give another --port.`);

process.stdout.write('starting Kafka ...\n');
mkdirSync(dataDir, { recursive: true });
let starting;
const alive = setInterval(() => undefined, 60_000);
let stopping = false;
// Brokers do not end with this process, so one that has begun to start is waited for and stopped.
const stop = async () => {
  if (stopping) return;
  stopping = true;
  process.stdout.write('stopping Kafka ...\n');
  await starting?.then((server) => server.stop()).catch(() => undefined);
  rmSync(stateFile, { force: true });
  clearInterval(alive);
  process.exit(0);
};
process.on('SIGINT', stop);
process.on('SIGTERM', stop);
try {
  starting = startKafka({ dataDir, ports, heapMb: 512 });
  const server = await starting;
  writeFileSync(stateFile, JSON.stringify({ brokers: server.brokers, pids: server.pids }));
  if (!stopping) {
    process.stdout.write('\nKafka is up. Ctrl-C stops it; everything is kept.\n\n');
    say(server.brokers);
  }
} catch (error) {
  if (!stopping) fail(error.message);
}
