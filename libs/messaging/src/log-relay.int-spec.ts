import { type GlobalPosition, InvalidArgument, type RecordedEvent } from '@daftari/event-store';
import { InvariantViolation, Unavailable } from '@daftari/kernel';
import { eventually } from '@daftari/testing';
import { Pool } from 'pg';
import { LogRelay, type LogRelayOptions } from './log-relay.js';
import { relayMigrations } from './migrations.js';
import { migrate, startPostgres } from './test-bus.js';
import { integrationMessage } from './test-messages.js';

const position = (n: number): GlobalPosition =>
  `pg:${String(n).padStart(20, '0')}` as GlobalPosition;

const recorded = (n: number, type = 'Happened'): RecordedEvent => ({
  id: String(n),
  type,
  data: {},
  metadata: {},
  stream: 's',
  revision: BigInt(n),
  position: position(n),
  recordedAt: new Date(0),
});

describe('LogRelay', () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  let pool: Pool;
  let log: RecordedEvent[];
  let sent: (string | undefined)[];
  let failures: number;
  let fatal: Error[];
  let relays: LogRelay[];

  beforeAll(async () => {
    postgres = await startPostgres();
    const url = await postgres.createDatabase('service');
    await migrate(url, relayMigrations);
    pool = new Pool({ connectionString: url, max: 6 });
    pool.on('error', () => undefined);
  });
  afterAll(async () => {
    await pool.end();
    await postgres.stop();
  });
  beforeEach(async () => {
    await pool.query('truncate relay_checkpoint');
    [log, sent, fatal, relays, failures] = [[], [], [], [], 0];
  });
  afterEach(async () => {
    await Promise.all(relays.map((relay) => relay.stop()));
  });

  const store: LogRelayOptions['store'] = {
    subscribeToAll: () => ({ stop: async () => undefined }),
    async *readAll({ after, limit }) {
      const from = after ?? 'start';
      yield* log.filter((event) => from === 'start' || event.position > from).slice(0, limit);
    },
  };
  const start = (changes: Partial<LogRelayOptions> = {}): LogRelay => {
    const relay = new LogRelay({
      name: 'ledger',
      store,
      pool,
      producer: {
        send: async (messages) => {
          if (failures-- > 0) throw new Unavailable('the bus is away');
          sent.push(...messages.map((message) => message.headers['ce_id']));
        },
        close: async () => undefined,
      },
      translate: (event) =>
        event.type === 'Happened' ? [integrationMessage(event.id, { topic: 'ledger' })] : [],
      onFatal: (error) => void fatal.push(error),
      ...changes,
    });
    relay.start();
    relays.push(relay);
    return relay;
  };
  const reached = (n: number): Promise<boolean> =>
    eventually(async () => {
      const { rows } = await pool.query<{ position: string }>(
        'select position from relay_checkpoint',
      );
      return rows[0]?.position === position(n);
    });

  it('publishes the log in order, page after page, past what says nothing to others', async () => {
    log = Array.from({ length: 450 }, (_, n) => recorded(n + 1, n % 2 ? 'Happened' : 'Internal'));
    start();
    await reached(450);
    expect(sent).toEqual(log.filter((e) => e.type === 'Happened').map((event) => event.id));
  });

  it('resumes after what the bus has taken', async () => {
    log = [recorded(1), recorded(2)];
    const first = start();
    await reached(2);
    await first.stop();
    log.push(recorded(3));
    start();
    await reached(3);
    expect(sent).toEqual(['1', '2', '3']);
  });

  it('moves the checkpoint only after the bus has answered, and tries for ever', async () => {
    failures = 3;
    log = [recorded(1)];
    const tries: number[] = [];
    start({ onRetry: (_, attempt) => void tries.push(attempt) });
    await reached(1);
    expect(sent).toEqual(['1']);
    expect(tries).toEqual([1, 2, 3]);
  });

  it('stops at an event that cannot be translated rather than pass it by', async () => {
    log = [recorded(1)];
    start({
      translate: () => {
        throw new TypeError('x is undefined');
      },
    });
    await eventually(() => fatal.length > 0);
    expect(fatal[0]).toBeInstanceOf(InvariantViolation);
    expect(fatal[0]?.cause).toBeInstanceOf(TypeError);
    expect((await pool.query('select 1 from relay_checkpoint')).rowCount).toBe(0);
  });

  it('stops when its checkpoint is not in the log: it would wait for ever, or publish everything again', async () => {
    await pool.query("insert into relay_checkpoint(name, position) values ('ledger', $1)", [
      position(7),
    ]);
    start({
      store: {
        ...store,
        readAll: async function* () {
          throw new InvalidArgument('past the end of the log');
        },
      },
    });
    await eventually(() => fatal.length > 0);
    expect(fatal[0]).toBeInstanceOf(InvariantViolation);
    expect(fatal[0]?.message).toContain(`ledger stands at ${position(7)}`);
    expect(await reached(7)).toBe(true);
  });
});
