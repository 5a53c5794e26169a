import { eventually } from '@daftari/testing';
import { InvalidArgument } from '../errors.js';
import type { GlobalPosition } from '../port.js';
import { during, event, events, headOf, record, streamId, type Subject } from './support.js';

/** Subscriptions to a stream and to the whole log. */
export const subscriptionCases = (subject: Subject): void => {
  const write = (stream: string, count: number, from = 0) =>
    subject.store.append(stream, events(count, from), { expected: 'any' });
  const numbers = (list: readonly { data: unknown }[]) =>
    list.map((e) => (e.data as { n: number }).n);
  const range = (count: number, from = 0) => Array.from({ length: count }, (_, n) => from + n);

  describe('subscribeToStream', () => {
    it('from the start: history, caughtUp once, then live events', async () => {
      const stream = streamId();
      await write(stream, 3);
      const seen = record();
      const running = subject.store.subscribeToStream(stream, { after: 'start' }, seen.handlers);
      await during(running, async () => {
        await eventually(() => seen.caughtUp === 1);
        await write(stream, 2, 3);
        await eventually(() => seen.events.length === 5);
      });
      expect(numbers(seen.events)).toEqual(range(5));
      const order = seen.log.filter((entry) => !entry.startsWith('checkpoint'));
      expect(order).toEqual(['event', 'event', 'event', 'caught-up', 'event', 'event']);
    });

    it('from the end: only new events', async () => {
      const stream = streamId();
      await write(stream, 3);
      const seen = record();
      const running = subject.store.subscribeToStream(stream, { after: 'end' }, seen.handlers);
      await during(running, async () => {
        await eventually(() => seen.caughtUp === 1);
        await write(stream, 2, 3);
        await eventually(() => seen.events.length === 2);
      });
      expect(numbers(seen.events)).toEqual([3, 4]);
    });

    it.each([
      [1n, [2, 3]],
      [2n, [3]],
      [3n, []],
    ])('after revision %s that event is not given again', async (after, expected) => {
      const stream = streamId();
      await write(stream, 4);
      const seen = record();
      const running = subject.store.subscribeToStream(stream, { after }, seen.handlers);
      await during(running, async () => {
        await eventually(() => seen.caughtUp === 1);
      });
      expect(numbers(seen.events)).toEqual(expected);
    });

    it('a missing stream is waited for', async () => {
      const stream = streamId();
      const seen = record();
      const running = subject.store.subscribeToStream(stream, { after: 'start' }, seen.handlers);
      await during(running, async () => {
        await eventually(() => seen.caughtUp === 1);
        await write(stream, 1);
        await eventually(() => seen.events.length === 1);
      });
    });

    it('two subscribers each get everything', async () => {
      const stream = streamId();
      const both = [record(), record()];
      const running = both.map((seen) =>
        subject.store.subscribeToStream(stream, { after: 'start' }, seen.handlers),
      );
      await write(stream, 5);
      for (const seen of both) await eventually(() => seen.events.length === 5);
      await Promise.all(running.map((subscription) => subscription.stop()));
      for (const seen of both) expect(numbers(seen.events)).toEqual(range(5));
    });

    it('a handler that fails drops the subscription with the reason; no later event', async () => {
      const stream = streamId();
      await write(stream, 5);
      const reason = new Error('handler failed');
      const seen = record(async (_, index) => {
        if (index === 2) throw reason;
      });
      const running = subject.store.subscribeToStream(stream, { after: 'start' }, seen.handlers);
      await eventually(() => seen.dropped.length > 0);
      await write(stream, 1, 5);
      await running.stop();
      expect(seen.dropped).toEqual([reason]);
      expect(numbers(seen.events)).toEqual([0, 1, 2]);
    });

    it('stop drops once, without a reason, and nothing is given after it', async () => {
      const stream = streamId();
      await write(stream, 1);
      const seen = record();
      const running = subject.store.subscribeToStream(stream, { after: 'start' }, seen.handlers);
      await eventually(() => seen.caughtUp === 1);
      await running.stop();
      await write(stream, 1, 1);
      await running.stop();
      expect(seen.dropped).toEqual([undefined]);
      expect(numbers(seen.events)).toEqual([0]);
    });

    it('stop waits for the handler that runs', async () => {
      const stream = streamId();
      await write(stream, 3);
      let finish: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => (finish = resolve));
      const seen = record(() => gate);
      const running = subject.store.subscribeToStream(stream, { after: 'start' }, seen.handlers);
      await eventually(() => seen.events.length === 1);
      const stopped = running.stop();
      expect(seen.dropped).toEqual([]);
      finish();
      await stopped;
      expect(seen.events).toHaveLength(1);
    });

    it('one that falls behind catches up without loss', async () => {
      const stream = streamId();
      const seen = record(() => new Promise((resolve) => setImmediate(resolve)));
      const running = subject.store.subscribeToStream(stream, { after: 'start' }, seen.handlers);
      await during(running, async () => {
        await eventually(() => seen.caughtUp === 1);
        for (let n = 0; n < 3 * 32; n++) await write(stream, 10, n * 10);
        await eventually(() => seen.events.length === 960, { withinMs: 20_000 });
      });
      expect(numbers(seen.events)).toEqual(range(960));
    });
  });

  describe('subscribeToAll', () => {
    it('gives the log in order, after a position, and a checkpoint to go on from', async () => {
      const after = await headOf(subject.store);
      const streams = [streamId(), streamId()];
      for (const [n, stream] of [...streams, ...streams].entries()) await write(stream, 1, n);
      const seen = record();
      const running = subject.store.subscribeToAll({ after }, seen.handlers);
      await during(running, async () => {
        await eventually(() => seen.caughtUp === 1);
      });
      expect(numbers(seen.events)).toEqual(range(4));
      const second = record();
      const middle = seen.events[1]?.position ?? 'end';
      const again = subject.store.subscribeToAll({ after: middle }, second.handlers);
      await during(again, async () => {
        await eventually(() => second.caughtUp === 1);
      });
      expect(numbers(second.events)).toEqual([2, 3]);
    });

    it('from the end: only new events', async () => {
      await write(streamId(), 2);
      const seen = record();
      const running = subject.store.subscribeToAll({ after: 'end' }, seen.handlers);
      const stream = streamId();
      await during(running, async () => {
        await eventually(() => seen.caughtUp === 1);
        await write(stream, 2);
        await eventually(() => seen.events.length === 2);
      });
      expect(seen.events.map((e) => e.stream)).toEqual([stream, stream]);
    });

    it('a filter that matches nothing still moves its checkpoint, never twice to one place', async () => {
      const after = await headOf(subject.store);
      for (let n = 0; n < 5; n++) await write(streamId(), 200);
      const end = await headOf(subject.store);
      const seen = record();
      const filter = { on: 'stream', prefixes: [streamId('nothing')] } as const;
      const running = subject.store.subscribeToAll({ after, filter }, seen.handlers);
      await during(running, async () => {
        await eventually(() => (seen.checkpoints.at(-1) ?? '') >= end);
      });
      expect(seen.events).toEqual([]);
      expect(seen.checkpoints).toEqual([...new Set(seen.checkpoints)].sort());
    });

    it.each(['stream', 'type'] as const)(
      'a filter on the %s gives only what matches',
      async (on) => {
        const after = await headOf(subject.store);
        const tag = streamId('wanted');
        const seen = record();
        const filter = { on, prefixes: [tag] };
        const running = subject.store.subscribeToAll({ after, filter }, seen.handlers);
        await during(running, async () => {
          for (let n = 0; n < 20; n++) {
            const name = n % 2 === 0 ? tag : streamId('other');
            const one = event({ data: { n }, type: on === 'type' ? name : 'Other' });
            const stream = on === 'stream' ? name : streamId();
            await subject.store.append(stream, [one], { expected: 'any' });
          }
          await eventually(() => seen.events.length === 10);
        });
        expect(numbers(seen.events)).toEqual(range(10).map((n) => n * 2));
      },
    );

    it('the checkpoint handler is awaited before the next event', async () => {
      const after = await headOf(subject.store);
      const seen = record();
      const running = subject.store.subscribeToAll({ after }, seen.handlers);
      await during(running, async () => {
        const stream = streamId();
        for (let n = 0; n < 10; n++) await write(stream, 30, n * 30);
        await eventually(() => seen.events.length === 300);
        await eventually(() => seen.checkpoints.at(-1) === seen.events.at(-1)?.position);
      });
      seen.log.forEach((entry, index) => {
        if (entry === 'checkpoint-begins') expect(seen.log[index + 1]).toBe('checkpoint-ends');
      });
    });

    it('a position that this store cannot have given drops with InvalidArgument', async () => {
      const seen = record();
      const after = 'other:00000000000000000001' as GlobalPosition;
      const running = subject.store.subscribeToAll({ after }, seen.handlers);
      await eventually(() => seen.dropped.length > 0);
      await running.stop();
      expect(seen.dropped[0]).toBeInstanceOf(InvalidArgument);
    });
  });
};
