import {
  eventually,
  type EventStoreServer,
  freePort,
  startEventStoreServer,
} from '@daftari/testing';
import {
  collect,
  event,
  events,
  headOf,
  record,
  revisions,
  streamId,
} from '../contract/support.js';
import {
  AmbiguousAppend,
  StoreUnavailable,
  StreamDeleted,
  StreamNotFound,
  WrongExpectedRevision,
} from '../errors.js';
import type { EventStore, GlobalPosition } from '../port.js';
import { openClient } from './client.js';
import { createEventStoreDb } from './event-store-db.js';

/** Against the stand-in only: a real server does not break to order. */
describe('the EventStoreDB adapter when things break', () => {
  let server: EventStoreServer;
  let store: EventStore;
  const closing: (() => Promise<void>)[] = [];
  const open = async (namespace = '', appendTimeoutMs = 10_000): Promise<EventStore> => {
    const made = await createEventStoreDb({ url: server.url, namespace, appendTimeoutMs });
    closing.push(() => made.close());
    return made;
  };
  beforeEach(async () => {
    server = await startEventStoreServer();
    store = await open();
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    await server.stop();
  });
  const askedFor = (stream: string) =>
    server.received.filter((r) => r.stream === stream).map(({ ids }) => ids);

  it('an answer that is lost is asked for again with the same ids, and written once', async () => {
    const stream = streamId();
    const list = events(2);
    const ids = list.map(({ id }) => id);
    server.faults.loseAnswers = 2;
    const result = await store.append(stream, list, { expected: 'no_stream' });
    expect(result.nextExpectedRevision).toBe(1n);
    expect(askedFor(stream)).toEqual([ids, ids, ids]);
    expect(await revisions(store, stream)).toEqual([0n, 1n]);
  });

  it('when every answer is lost the append is ambiguous, and a retry with the same ids succeeds', async () => {
    const stream = streamId();
    const list = events(1);
    server.faults.loseAnswers = 100;
    const work = store.append(stream, list, { expected: 'no_stream' });
    await expect(work).rejects.toBeInstanceOf(AmbiguousAppend);
    server.faults.loseAnswers = 0;
    const again = await store.append(stream, list, { expected: 'no_stream' });
    expect(again.nextExpectedRevision).toBe(0n);
    expect(await revisions(store, stream)).toEqual([0n]);
  });

  it('an exact retry is recognised by a server that has forgotten what it wrote lately; one under any is not', async () => {
    const stream = streamId();
    const one = event();
    await store.append(stream, [one], { expected: 'no_stream' });
    server.log.forgetRecent();
    const again = await store.append(stream, [one], { expected: 'no_stream' });
    expect(again.nextExpectedRevision).toBe(0n);
    const doubled = await store.append(stream, [one], { expected: 'any' });
    expect(doubled.nextExpectedRevision).toBe(1n);
  });

  it('a server that takes an append and says nothing is asked again after the time limit', async () => {
    const impatient = await open('', 300);
    const stream = streamId();
    server.faults.swallow = 1;
    const result = await impatient.append(stream, events(1), { expected: 'no_stream' });
    expect(result.nextExpectedRevision).toBe(0n);
    expect(askedFor(stream)).toHaveLength(2);
  });

  it('a node that is not the leader is left for the one that it names', async () => {
    const stream = streamId();
    server.faults.refuse = 1;
    const result = await store.append(stream, events(1), { expected: 'no_stream' });
    expect(result.nextExpectedRevision).toBe(0n);
    expect(await revisions(store, stream)).toEqual([0n]);
  });

  it('what is lost while many appends run hurts none of them', async () => {
    const stream = streamId();
    const lists = Array.from({ length: 60 }, () => events(1));
    server.faults.loseAnswers = 3;
    const results = await Promise.all(
      lists.map((list, n) =>
        store.append(`${stream}${String(n)}`, list, { expected: 'no_stream' }),
      ),
    );
    expect(results.map((r) => r.nextExpectedRevision)).toEqual(lists.map(() => 0n));
  });

  it('a server without the batch call gets each append by its own', async () => {
    const old = await startEventStoreServer({ batches: false });
    const over = await createEventStoreDb({ url: old.url });
    closing.push(
      () => over.close(),
      () => old.stop(),
    );
    const stream = streamId();
    await over.append(stream, events(2), { expected: 'no_stream' });
    const late = over.append(stream, events(1), { expected: 0n });
    await expect(late).rejects.toMatchObject({ stream, expected: 0n, actual: 1n });
    await expect(late).rejects.toBeInstanceOf(WrongExpectedRevision);
    expect(await revisions(over, stream)).toEqual([0n, 1n]);
  });

  it('a store that is not there is StoreUnavailable', async () => {
    const port = await freePort();
    const away = await createEventStoreDb({ url: `esdb://127.0.0.1:${String(port)}?tls=false` });
    closing.push(() => away.close());
    const append = away.append(streamId(), events(1), { expected: 'any' });
    await expect(append).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(collect(away.readStream(streamId()))).rejects.toBeInstanceOf(StoreUnavailable);
    const all = collect(away.readAll({ limit: 1 }));
    await expect(all).rejects.toBeInstanceOf(StoreUnavailable);
  });

  it('subscriptions survive cut connections and a restart, and miss and repeat nothing', async () => {
    const stream = streamId();
    const [one, all] = [record(), record()];
    const running = [
      store.subscribeToStream(stream, { after: 'start' }, one.handlers),
      store.subscribeToAll({ after: 'end' }, all.handlers),
    ];
    await eventually(() => one.caughtUp + all.caughtUp === 2);
    await store.append(stream, events(3), { expected: 'no_stream' });
    await eventually(() => one.events.length + all.events.length === 6);
    server.breakReads();
    await store.append(stream, events(2), { expected: 2n });
    await eventually(() => one.events.length + all.events.length === 10, { withinMs: 20_000 });
    await server.halt();
    const during = store.append(stream, events(1), { expected: 99n });
    await expect(during).rejects.toMatchObject({ code: 'service/unavailable' });
    await server.resume();
    await store.append(stream, events(2), { expected: 4n });
    await eventually(() => one.events.length + all.events.length === 14, { withinMs: 30_000 });
    await Promise.all(running.map((subscription) => subscription.stop()));
    for (const seen of [one, all]) {
      expect(seen.events.map((e) => e.revision)).toEqual([0n, 1n, 2n, 3n, 4n, 5n, 6n]);
      expect(seen.caughtUp).toBe(1);
      expect(seen.dropped).toEqual([undefined]);
    }
  });

  it('from the end, nothing is missed that is written while the first connection is being made', async () => {
    await store.append(streamId(), events(1), { expected: 'any' });
    const seen = record();
    const running = store.subscribeToAll({ after: 'end' }, seen.handlers);
    await eventually(() => seen.caughtUp === 1);
    server.breakReads();
    const stream = streamId();
    await store.append(stream, events(1), { expected: 'any' });
    await eventually(() => seen.events.length === 1, { withinMs: 20_000 });
    await running.stop();
    expect(seen.events[0]?.stream).toBe(stream);
  });

  it('a deleted stream is StreamDeleted, and drops its subscription', async () => {
    const stream = streamId();
    await store.append(stream, events(1), { expected: 'no_stream' });
    const seen = record();
    store.subscribeToStream(stream, { after: 'start' }, seen.handlers);
    await eventually(() => seen.caughtUp === 1);
    server.log.tombstone(stream, -2n);
    const [reason] = await eventually(() => seen.dropped.length > 0 && seen.dropped);
    expect(reason).toBeInstanceOf(StreamDeleted);
    await expect(revisions(store, stream)).rejects.toBeInstanceOf(StreamDeleted);
    const append = store.append(stream, events(1), { expected: 'any' });
    await expect(append).rejects.toBeInstanceOf(StreamDeleted);
  });

  it('a hidden stream is not found, and goes on with its revisions', async () => {
    const stream = streamId();
    await store.append(stream, events(2), { expected: 'no_stream' });
    server.log.softDelete(stream, -2n);
    await expect(revisions(store, stream)).rejects.toBeInstanceOf(StreamNotFound);
    const exists = store.append(stream, events(1), { expected: 'stream_exists' });
    await expect(exists).rejects.toBeInstanceOf(WrongExpectedRevision);
    const again = await store.append(stream, events(1), { expected: 'no_stream' });
    expect(again.nextExpectedRevision).toBe(2n);
    expect(await revisions(store, stream)).toEqual([2n]);
  });

  it('logs on one server do not see each other, nor the events of the server', async () => {
    const [ledger, payments] = [await open('a.ledger.'), await open('a.payments.')];
    await ledger.append('loan-1', [event({ type: 'InLedger' })], { expected: 'no_stream' });
    await payments.append('loan-1', [event({ type: 'InPayments' })], { expected: 'no_stream' });
    server.log.append('$stats-1', -2n, [
      {
        ...event({ type: '$stats' }),
        contentType: '',
        data: new Uint8Array(),
        metadata: new Uint8Array(),
      },
    ] as never);
    const filter = { on: 'stream', prefixes: ['loan-'] } as const;
    for (const options of [{ limit: 9 }, { limit: 9, filter }])
      expect(await collect(ledger.readAll(options))).toMatchObject([
        { stream: 'loan-1', type: 'InLedger', revision: 0n },
      ]);
    expect((await collect(store.readAll({ limit: 9 }))).map((e) => e.stream)).toEqual([
      'a.ledger.loan-1',
      'a.payments.loan-1',
    ]);
  });

  it('positions are texts in the order of the log, and those of PostgreSQL are refused', async () => {
    for (let n = 0; n < 12; n++) await store.append(streamId(), events(1), { expected: 'any' });
    const positions = (await collect(store.readAll({ limit: 99 }))).map((e) => e.position);
    expect(positions).toEqual([...positions].sort());
    expect(positions.every((p) => /^kdb:\d{20}\/\d{20}$/.test(p))).toBe(true);
    expect(await headOf(store)).toBe(positions.at(-1));
    const after = 'pg:00000000000000000001' as GlobalPosition;
    await expect(collect(store.readAll({ after, limit: 1 }))).rejects.toThrow('not a position');
  });
});

describe('the client of an event store', () => {
  it('that is not installed is one clear error, and nothing is loaded before it is asked for', async () => {
    const missing = (name: string) => Promise.reject(new Error(`Cannot find package '${name}'`));
    const work = openClient('esdb://127.0.0.1:1?tls=false', 'kurrent', missing);
    await expect(work).rejects.toMatchObject({
      code: 'event-store/invalid-argument',
      message: expect.stringContaining('npm install @kurrent/kurrentdb-client') as string,
    });
  });
});

describe('the address of an event store', () => {
  it.each([
    ['postgres://127.0.0.1/x', 'begins with esdb://'],
    ['', 'begins with esdb://'],
    ['esdb://127.0.0.1:2113?tls=false&throwOnAppendFailure=false', 'throwOnAppendFailure'],
  ])('%s is refused', async (url, why) => {
    await expect(openClient(url, 'eventstore')).rejects.toThrow(why);
    await expect(openClient(url, 'eventstore')).rejects.toMatchObject({
      code: 'event-store/invalid-argument',
    });
  });

  it.each(['UPPER.', 'with-hyphen', 'a'.repeat(61)])(
    'namespace %s is refused',
    async (namespace) => {
      const url = 'esdb://127.0.0.1:1?tls=false';
      await expect(createEventStoreDb({ url, namespace })).rejects.toThrow('is no namespace');
    },
  );
});
