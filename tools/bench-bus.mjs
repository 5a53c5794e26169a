// Measures the bus through both drivers and prints a table: `npm run bench:bus [-- --messages 20000] [--lag 100000]`.
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cpus, loadavg, totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  createKafkaBus,
  createPgBus,
  Outbox,
  outboxMigrations,
  OutboxRelay,
} from '@daftari/messaging';
import { migrateBus } from '@daftari/service-kit';
import { eventually, startKafka, startPostgres } from '@daftari/testing';
import pg from 'pg';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '20000' },
    samples: { type: 'string', default: '1000' },
    lag: { type: 'string', default: '100000' },
  },
});
const MESSAGES = Number(values.messages);
const SAMPLES = Number(values.samples);
const LAG = Number(values.lag);
const PARTITIONS = [1, 4, 12];
const BATCH = 500;
const PAYLOAD = 'x'.repeat(300);
const open = {
  pg: (at) => createPgBus({ connectionString: at }),
  kafka: (at) => createKafkaBus({ brokers: at.split(','), clientId: 'bench' }),
};

const die = (error) => {
  throw error;
};
const say = (text) => process.stderr.write(`${text}\n`);
const message = (topic, i) => ({
  topic,
  key: `loan-${String(i % 1_000)}`,
  value: Buffer.from(JSON.stringify({ i, pad: PAYLOAD })),
  headers: { ce_id: String(i), 'x-sent': String(performance.timeOrigin + performance.now()) },
});
const consume = (bus, topic, handler, group = randomUUID()) =>
  bus.consume({ group, topics: [topic], handler, onFatal: die });
const newTopic = async (bus, partitions) => {
  const topic = `bench-${randomUUID()}`;
  await bus.admin.createTopics([{ topic, partitions }]);
  return topic;
};
const fill = async (bus, topic, count) => {
  const producer = await bus.producer();
  const began = performance.now();
  for (let i = 0; i < count; i += BATCH)
    await producer.send(
      Array.from({ length: Math.min(BATCH, count - i) }, (_, j) => message(topic, i + j)),
    );
  return count / ((performance.now() - began) / 1_000);
};
const at = (sorted, share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
const percentiles = (times) => {
  const sorted = [...times].sort((a, b) => a - b);
  return [at(sorted, 0.5), at(sorted, 0.99)];
};
const ageOf = ({ headers }) =>
  performance.timeOrigin + performance.now() - Number(headers['x-sent']);

/** Messages per second in and out, and the age of paced messages at their handler, in ms. */
const flow = async (bus, partitions) => {
  const topic = await newTopic(bus, partitions);
  const produced = await fill(bus, topic, MESSAGES);
  let seen = 0;
  let all = () => undefined;
  const finished = new Promise((resolve) => {
    all = resolve;
  });
  const began = performance.now();
  const reader = await consume(bus, topic, async () => {
    if (++seen === MESSAGES) all();
  });
  const startMs = performance.now() - began;
  await finished;
  const consumed = MESSAGES / ((performance.now() - began) / 1_000);
  const stopping = performance.now();
  await reader.stop();
  const stopMs = performance.now() - stopping;

  const paced = await newTopic(bus, partitions);
  const ages = [];
  const listener = await consume(bus, paced, async (each) => void ages.push(ageOf(each)));
  const producer = await bus.producer();
  for (let i = 0; i < SAMPLES; i++) {
    await producer.send([message(paced, i)]);
    await delay(2);
  }
  await eventually(() => ages.length >= SAMPLES, { withinMs: 60_000 });
  await listener.stop();
  return { produced, consumed, startMs, stopMs, ages: percentiles(ages) };
};

/** From the commit of a transaction with an outbox row to the handler, in ms. */
const outboxLatency = async (bus, databaseUrl) => {
  const topic = await newTopic(bus, 4);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4 });
  const outbox = new Outbox();
  const relay = new OutboxRelay({ pool, producer: await bus.producer(), onFatal: die });
  relay.start();
  const committed = new Map();
  const ages = [];
  const reader = await consume(bus, topic, async ({ headers }) => {
    ages.push(performance.now() - committed.get(headers.ce_id));
  });
  for (let i = 0; i < SAMPLES / 4; i++) {
    const tx = await pool.connect();
    await tx.query('begin');
    const { id, ...rest } = {
      id: randomUUID(),
      type: 'bench',
      topic,
      key: `k${String(i % 50)}`,
      source: '/bench',
    };
    await outbox.add(tx, {
      id,
      ...rest,
      time: new Date().toISOString(),
      tenantId: 'bench',
      correlationId: id,
      data: { i },
    });
    committed.set(id, performance.now());
    await tx.query('commit');
    tx.release();
    await delay(10);
  }
  await eventually(() => ages.length >= SAMPLES / 4, { withinMs: 60_000 });
  await reader.stop();
  await relay.stop();
  await pool.end();
  return percentiles(ages);
};

const rss = () => Math.round(process.memoryUsage.rss() / 1_048_576);

/** In a process of its own: joins a group that is far behind, with a handler of 1 ms, and reports its memory. */
const underLag = async ([driver, address, topic, count]) => {
  const bus = open[driver](address);
  let seen = 0;
  const before = rss();
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, rss());
  }, 50);
  const reader = await consume(bus, topic, async () => {
    seen++;
    await delay(1);
  });
  await eventually(() => seen >= Number(count) / 10, { withinMs: 300_000 });
  clearInterval(watch);
  process.send({ before, peak });
  await reader.stop();
  await bus.close();
  process.exit(0);
};

const memoryUnderLag = async (driver, address, bus) => {
  const topic = await newTopic(bus, 12);
  await fill(bus, topic, LAG);
  const child = fork(fileURLToPath(import.meta.url), [], {
    execArgv: ['--max-semi-space-size=4', '--optimize-for-size'], // as services run
    env: { ...process.env, BENCH_CHILD: [driver, address, topic, String(LAG)].join(' ') },
  });
  const [result] = await once(child, 'message');
  await once(child, 'exit');
  return result;
};

const round = (value, digits = 0) => value.toFixed(digits);
const measure = async (driver, address, databaseUrl) => {
  const bus = open[driver](address);
  const rows = [];
  let ends;
  for (const partitions of PARTITIONS) {
    say(`${driver}, ${String(partitions)} partitions ...`);
    const { produced, consumed, ages, startMs, stopMs } = await flow(bus, partitions);
    ends = { startMs, stopMs };
    rows.push([
      `${driver}, ${String(partitions)} partitions`,
      round(produced),
      round(consumed),
      round(ages[0], 1),
      round(ages[1], 1),
    ]);
    say(`  in, out, p50, p99: ${rows.at(-1).slice(1).join(', ')}`);
  }
  say(`${driver}, outbox ...`);
  const outbox = await outboxLatency(bus, databaseUrl);
  say(`${driver}, memory ...`);
  const memory = await memoryUnderLag(driver, address, bus);
  await bus.close();
  const single = [
    [
      driver,
      `${round(outbox[0], 1)} / ${round(outbox[1], 1)}`,
      round(ends.startMs),
      round(ends.stopMs),
      `${String(memory.before)} → ${String(memory.peak)}`,
    ],
  ];
  return { rows, single };
};
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const main = async () => {
  const postgres = await startPostgres();
  const given = process.env.KAFKA_BROKERS ?? '';
  const kafka =
    given === '' ? await startKafka() : { brokers: given.split(','), stop: async () => undefined };
  try {
    const busUrl = await postgres.createDatabase('bus');
    await migrateBus(busUrl);
    const databaseUrl = await postgres.createDatabase('bench');
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
    for (const { up } of outboxMigrations) await pool.query(up);
    await pool.end();
    const results = [
      await measure('pg', busUrl, databaseUrl),
      await measure('kafka', kafka.brokers.join(','), databaseUrl),
    ];
    const gib = Math.round(totalmem() / 2 ** 30);
    const load = loadavg()[0].toFixed(1);
    process.stdout.write(
      [
        `Node ${process.versions.node}, ${String(cpus().length)} cores, ${String(gib)} GiB, load ${load} at the end; ${String(MESSAGES)} messages of 350 bytes in batches of ${String(BATCH)}; 1 broker, 1 database server, all on this machine`,
        '',
        table(
          ['driver', 'in, messages/s', 'out, messages/s', 'p50 ms', 'p99 ms'],
          results.flatMap(({ rows }) => rows),
        ),
        '',
        table(
          [
            'driver',
            'outbox to handler, p50 / p99 ms',
            'consumer start ms',
            'consumer stop ms',
            `memory, ${String(LAG)} messages behind, MB`,
          ],
          results.flatMap(({ single }) => single),
        ),
        '',
      ].join('\n'),
    );
  } finally {
    await kafka.stop();
    await postgres.stop();
  }
};

if (process.env.BENCH_CHILD) await underLag(process.env.BENCH_CHILD.split(' '));
else await main();
