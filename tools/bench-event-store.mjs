// Measures the PostgreSQL event store and prints a markdown table: `npm run bench:event-store [-- --seconds 2 --rounds 3]`.
// Beside each figure stands what plain inserts of the same rows give, batched in the same way, in the same minute.
import { randomUUID } from 'node:crypto';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import {
  createPostgresEventStore,
  eventStoreMigrations,
  ProjectionRunner,
} from '@daftari/event-store';
import { startPostgres } from '@daftari/testing';
import pg from 'pg';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    writers: { type: 'string', default: '1,8,32' },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const say = (text) => process.stderr.write(`${text}\n`);
const rate = (n, ms) => Math.round((n * 1_000) / ms);
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const event = () => ({
  id: randomUUID(),
  type: 'TransactionPosted',
  data: { reference: 'r'.repeat(300), amount: '100.00', currency: 'KES' },
  metadata: { tenantId: 'bench', correlationId: 'bench', schemaVersion: '1' },
});

const PLAIN = `
  create table plain(id bigint generated always as identity primary key, stream text not null, revision bigint not null,
    event_id uuid not null, type text not null, data bytea not null, metadata bytea not null,
    created timestamptz not null default clock_timestamp(), unique (stream, revision));`;

/** Plain inserts into a table with the keys that any log of streams needs, up to 64 of them in one statement and one commit: what any batching writer pays. */
class PlainWriter {
  queue = [];
  flushing;
  constructor(pool) {
    this.pool = pool;
  }

  append(stream, revision, { id, type, data, metadata }) {
    return new Promise((resolve, reject) => {
      const row = [stream, revision, id, type, JSON.stringify(data), JSON.stringify(metadata)];
      this.queue.push({ row, resolve, reject });
      this.flushing ??= this.flush();
    });
  }

  async flush() {
    await Promise.resolve();
    while (this.queue.length > 0) {
      const batch = this.queue.splice(0, 64);
      const columns = [0, 1, 2, 3, 4, 5].map((i) => batch.map(({ row }) => row[i]));
      try {
        await this.pool.query({
          name: 'plain',
          text: `insert into plain(stream, revision, event_id, type, data, metadata)
            select s, r, i, t, convert_to(d, 'UTF8'), convert_to(m, 'UTF8')
            from unnest($1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[]) u(s, r, i, t, d, m)`,
          values: columns,
        });
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.flushing = undefined;
  }
}

/** Runs so many writers, each one append after the other on its own stream; gives appends per second. */
const run = async (writers, append) => {
  const end = Date.now() + seconds * 1_000;
  const began = performance.now();
  let count = 0;
  const write = async () => {
    const stream = `loan-${randomUUID()}`;
    for (let revision = 0; Date.now() < end; revision++) {
      await append(stream, revision);
      count++;
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  return rate(count, performance.now() - began);
};

/** Follows the log into a table, 200 events a transaction. */
const tally = {
  name: 'bench',
  handles: ['TransactionPosted'],
  async apply({ position, stream }, tx) {
    await tx.query('insert into tally(position, stream) values ($1, $2)', [position, stream]);
  },
  async reset(tx) {
    await tx.query('truncate tally');
  },
};

const plainTally = async (pool, count) => {
  const began = performance.now();
  for (let n = 0; n < count; n += 200) {
    const tx = await pool.connect();
    await tx.query('begin');
    for (let i = n; i < Math.min(n + 200, count); i++)
      await tx.query('insert into plain_tally(position, stream) values ($1, $2)', [`p${i}`, 's']);
    await tx.query('commit');
    tx.release();
  }
  return rate(count, performance.now() - began);
};

const server = await startPostgres();
try {
  const connectionString = await server.createDatabase('bench');
  const pool = new pg.Pool({ connectionString, max: 20 });
  for (const { up } of eventStoreMigrations) await pool.query(up);
  await pool.query(PLAIN);
  await pool.query(
    'create table tally(position text primary key, stream text); create table plain_tally(position text primary key, stream text)',
  );
  const store = createPostgresEventStore(pool);
  const plain = new PlainWriter(pool);
  const appends = {
    store: (stream, revision) =>
      store.append(stream, [event()], {
        expected: revision === 0 ? 'no_stream' : BigInt(revision - 1),
      }),
    plain: (stream, revision) => plain.append(stream, revision, event()),
  };
  const lines = [];
  for (const writers of values.writers.split(',').map(Number)) {
    const found = { store: [], plain: [], share: [] };
    await run(Math.min(writers, 2), appends.store); // Warm caches and statements.
    for (let round = 0; round < rounds; round++) {
      // The order changes, so that neither has the better half of a noisy minute.
      const order = round % 2 === 0 ? ['store', 'plain'] : ['plain', 'store'];
      for (const kind of order) found[kind].push(await run(writers, appends[kind]));
      found.share.push(found.store.at(-1) / found.plain.at(-1));
    }
    const [a, b, share] = [found.store, found.plain, found.share].map(median);
    lines.push(`| append, ${writers} writers | ${a} | ${b} | ${share.toFixed(2)} |`);
    say(lines.at(-1));
  }
  const { rows } = await pool.query('select count(*)::int as n from es.event');
  const events = Math.min(rows[0].n, 20_000);
  const runner = new ProjectionRunner({ store, pool, projection: tally });
  const began = performance.now();
  await runner.catchUp();
  const projected = rate(rows[0].n, performance.now() - began);
  const inserted = await plainTally(pool, events);
  lines.push(
    `| projection, one row an event | ${projected} | ${inserted} | ${(projected / inserted).toFixed(2)} |`,
  );
  process.stdout.write(
    [
      '',
      `${cpus().length} cores, PostgreSQL with fsync, events of 400 bytes, median of ${rounds} rounds of ${seconds} s:`,
      '',
      '| what | events/s | plain inserts/s | share |',
      '| --- | ---: | ---: | ---: |',
      ...lines,
      '',
    ].join('\n'),
  );
  await store.close();
  await pool.end();
} finally {
  await server.stop();
}
