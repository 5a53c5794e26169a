import { InvalidArgument, StreamNotFound } from '../errors.js';
import type { GlobalPosition, PrefixFilter } from '../port.js';
import { collect, event, events, headOf, streamId, type Subject, upTo } from './support.js';

/** Reading one stream and the whole log. */
export const readCases = (subject: Subject): void => {
  const write = async (count: number, stream = streamId()): Promise<string> => {
    await subject.store.append(stream, events(count), { expected: 'no_stream' });
    return stream;
  };

  describe('readStream', () => {
    type Options = Parameters<typeof subject.store.readStream>[1];
    const read = async (stream: string, options?: Options) =>
      (await collect(subject.store.readStream(stream, options))).map((e) => Number(e.revision));

    it('a missing stream is StreamNotFound, from anywhere', async () => {
      await expect(read(streamId())).rejects.toBeInstanceOf(StreamNotFound);
      const back = read(streamId(), { from: 'end', direction: 'backwards' });
      await expect(back).rejects.toBeInstanceOf(StreamNotFound);
      await expect(read(streamId(), { from: 7n })).rejects.toBeInstanceOf(StreamNotFound);
    });

    it('forwards: in order, a slice, a single one, nothing past the end', async () => {
      const stream = await write(10);
      expect(await read(stream)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(await read(stream, { from: 3n, limit: 4 })).toEqual([3, 4, 5, 6]);
      expect(await read(stream, { from: 9n, limit: 1 })).toEqual([9]);
      expect(await read(stream, { from: 10n })).toEqual([]);
      expect(await read(stream, { from: 'end' })).toEqual([]);
    });

    it('backwards: from the end, from a revision, from past the end, from the start', async () => {
      const stream = await write(10);
      const back = (from: bigint | 'start' | 'end', limit: number) =>
        read(stream, { from, direction: 'backwards', limit });
      expect(await back('end', 3)).toEqual([9, 8, 7]);
      expect(await read(stream, { direction: 'backwards', limit: 2 })).toEqual([9, 8]);
      expect(await back(3n, 10)).toEqual([3, 2, 1, 0]);
      expect(await back(50n, 2)).toEqual([9, 8]);
      expect(await back('start', 2)).toEqual([0]);
    });

    it('the limit is kept, also zero and more than one page', async () => {
      const stream = await write(1_203);
      expect(await read(stream, { limit: 0 })).toEqual([]);
      expect(await read(stream, { limit: 1_001 })).toHaveLength(1_001);
      expect(await read(stream)).toEqual(upTo(1_203).map(Number));
    });

    it.each([-1n, 2n ** 64n])('revision %s is refused', async (from) => {
      const stream = await write(1);
      await expect(read(stream, { from })).rejects.toBeInstanceOf(InvalidArgument);
      const append = subject.store.append(stream, events(1), { expected: from });
      await expect(append).rejects.toBeInstanceOf(InvalidArgument);
    });
  });

  describe('readAll', () => {
    it('from the end, and backwards from the start, is empty', async () => {
      await write(1);
      expect(await collect(subject.store.readAll({ after: 'end', limit: 9 }))).toEqual([]);
      const back = subject.store.readAll({ after: 'start', direction: 'backwards', limit: 9 });
      expect(await collect(back)).toEqual([]);
    });

    it('gives the order of writing; backwards is the reverse', async () => {
      const after = await headOf(subject.store);
      const streams = [streamId(), streamId(), streamId()];
      for (const stream of streams) await write(2, stream);
      const all = await collect(subject.store.readAll({ after, limit: 100 }));
      expect(all.map((e) => e.stream)).toEqual(streams.flatMap((s) => [s, s]));
      const back = subject.store.readAll({ after: 'end', direction: 'backwards', limit: 6 });
      expect(await collect(back)).toEqual([...all].reverse());
    });

    it.each([1, 3, 700])('pages of %i meet every event once', async (limit) => {
      const start = await headOf(subject.store);
      const count = limit === 700 ? 1_500 : 10;
      const stream = await write(count);
      const seen: bigint[] = [];
      let after = start;
      for (;;) {
        const page = await collect(subject.store.readAll({ after, limit }));
        seen.push(...page.filter((e) => e.stream === stream).map((e) => e.revision));
        const last = page.at(-1);
        if (!last) break;
        after = last.position;
      }
      expect(seen).toEqual(upTo(count));
    });

    it.each(['stream', 'type'] as const)('filters on prefixes of the %s, both ways', async (on) => {
      const tag = streamId('filter');
      const after = await headOf(subject.store);
      for (let n = 0; n < 12; n++) {
        const name = `${['a', 'b', 'c'][n % 3] ?? ''}-${tag}-${String(n)}`;
        const one = event({ type: on === 'type' ? name : 'Other' });
        const stream = on === 'stream' ? name : streamId();
        await subject.store.append(stream, [one], { expected: 'no_stream' });
      }
      const filter: PrefixFilter = { on, prefixes: [`a-${tag}`, `c-${tag}`] };
      const names = async (options: Parameters<typeof subject.store.readAll>[0]) =>
        (await collect(subject.store.readAll(options))).map((e) => Number(e[on].split('-').at(-1)));
      const wanted = [0, 2, 3, 5, 6, 8, 9, 11];
      expect(await names({ after, limit: 100, filter })).toEqual(wanted);
      const back = { after: 'end', direction: 'backwards', limit: 8, filter } as const;
      expect(await names(back)).toEqual([...wanted].reverse());
      const [first, second] = await collect(subject.store.readAll({ after, limit: 2, filter }));
      expect(first && second && first.position < second.position).toBe(true);
      const rest = { after: second?.position ?? 'end', limit: 3, filter } as const;
      expect(await names(rest)).toEqual([3, 5, 6]);
    });

    it('the position of another backend is refused', async () => {
      const after = 'other:00000000000000000001' as GlobalPosition;
      const read = collect(subject.store.readAll({ after, limit: 1 }));
      await expect(read).rejects.toBeInstanceOf(InvalidArgument);
    });
  });
};
