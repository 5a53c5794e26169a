import { AppendTooLarge, InvalidArgument, WrongExpectedRevision } from '../errors.js';
import type { Expected } from '../port.js';
import { collect, event, events, revisions, streamId, type Subject, upTo } from './support.js';

/** Appending: expectations, limits, positions. */
export const appendCases = (subject: Subject): void => {
  describe('append', () => {
    const append = (stream: string, expected: Expected, count = 1) =>
      subject.store.append(stream, events(count), { expected });
    const refused = (work: Promise<unknown>) =>
      expect(work).rejects.toBeInstanceOf(WrongExpectedRevision);

    it.each(['no_stream', 'any'] as const)(
      '%s creates a stream at revision 0',
      async (expected) => {
        const stream = streamId();
        expect((await append(stream, expected)).nextExpectedRevision).toBe(0n);
        expect(await revisions(subject.store, stream)).toEqual([0n]);
      },
    );

    it('an exact revision appends', async () => {
      const stream = streamId();
      await append(stream, 'no_stream');
      expect((await append(stream, 0n)).nextExpectedRevision).toBe(1n);
    });

    it('any appends to a stream that exists', async () => {
      const stream = streamId();
      await append(stream, 'no_stream');
      expect((await append(stream, 'any')).nextExpectedRevision).toBe(1n);
    });

    it('a wrong exact revision is refused and the error tells both', async () => {
      const stream = streamId();
      await append(stream, 'no_stream');
      await expect(append(stream, 1n)).rejects.toMatchObject({ stream, expected: 1n, actual: 0n });
      await refused(append(stream, 1n));
      expect(await revisions(subject.store, stream)).toEqual([0n]);
    });

    it('an exact revision of a missing stream is refused, actual is null', async () => {
      const stream = streamId();
      await refused(append(stream, 0n));
      await expect(append(stream, 0n)).rejects.toMatchObject({ expected: 0n, actual: null });
    });

    it('no_stream on a stream that exists is refused', async () => {
      const stream = streamId();
      await append(stream, 'no_stream');
      await refused(append(stream, 'no_stream'));
    });

    it.each([1, 5])('stream_exists appends after %i events', async (count) => {
      const stream = streamId();
      await append(stream, 'no_stream', count);
      const result = await append(stream, 'stream_exists');
      expect(result.nextExpectedRevision).toBe(BigInt(count));
    });

    it('stream_exists on a missing stream is refused', async () => {
      await refused(append(streamId(), 'stream_exists'));
    });

    it('100 events at once have contiguous revisions', async () => {
      const stream = streamId();
      expect((await append(stream, 'any', 100)).nextExpectedRevision).toBe(99n);
      expect(await revisions(subject.store, stream)).toEqual(upTo(100));
    });

    it('more than 1 MiB is refused and nothing is written', async () => {
      const stream = streamId();
      const half = 'x'.repeat(524_288);
      const work = subject.store.append(
        stream,
        [event({ data: half }), event({ data: half }), event()],
        { expected: 'no_stream' },
      );
      await expect(work).rejects.toBeInstanceOf(AppendTooLarge);
      await expect(append(stream, 'no_stream')).resolves.toBeDefined();
    });

    it('a later append has a greater position', async () => {
      const stream = streamId();
      const first = await append(stream, 'no_stream');
      const second = await append(streamId(), 'no_stream');
      expect(first.position).toBeDefined();
      expect(String(second.position) > String(first.position)).toBe(true);
    });

    it('of 8 concurrent no_stream appends exactly one wins', async () => {
      const stream = streamId();
      const results = await Promise.allSettled(upTo(8).map(() => append(stream, 'no_stream')));
      expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
      for (const result of results)
        if (result.status === 'rejected')
          expect(result.reason).toBeInstanceOf(WrongExpectedRevision);
      expect(await revisions(subject.store, stream)).toEqual([0n]);
    });

    it('2000 appends in one turn of the event loop all settle', async () => {
      const stream = streamId();
      const results = await Promise.all(upTo(2_000).map(() => append(stream, 'any')));
      expect(new Set(results.map((r) => r.nextExpectedRevision)).size).toBe(2_000);
      expect(await revisions(subject.store, stream)).toEqual(upTo(2_000));
    });

    it.each([
      ['an empty append', 'some-stream', []],
      ['a reserved stream', '$some-stream', [event()]],
      ['a stream without a name', '', [event()]],
      ['a reserved type', 'some-stream', [event({ type: '$x' })]],
      ['an id that is no UUID', 'some-stream', [event({ id: 'x' })]],
      ['a reserved metadata key', 'some-stream', [event({ metadata: { $maxAge: '1' } })]],
      ['data that is not JSON', 'some-stream', [event({ data: 1n })]],
    ])('refuses %s', async (_, stream, list) => {
      const work = subject.store.append(stream, list, { expected: 'any' });
      await expect(work).rejects.toBeInstanceOf(InvalidArgument);
    });

    it('text outside of ASCII and control characters come back as they went in', async () => {
      const stream = streamId('контракт-契約');
      const text = 'Ελληνικά 漢字 🦊 \u0018 \u0000 "\\ \u2028';
      const sent = event({ data: { text, [text]: 1 }, metadata: { text } });
      await subject.store.append(stream, [sent], { expected: 'no_stream' });
      const [got] = await collect(subject.store.readStream(stream));
      expect(got).toMatchObject({ stream, data: sent.data, metadata: sent.metadata });
    });

    it('id, type, data and metadata come back, with a Date', async () => {
      const stream = streamId();
      const before = Date.now();
      const metadata = { $correlationId: 'a', $causationId: 'b', schemaVersion: '1' };
      const data = { b: 1, a: [1.5, null, { z: '1.10' }], empty: {} };
      const sent = event({ type: 'Опубликовано', data, metadata });
      const result = await subject.store.append(stream, [sent], { expected: 'no_stream' });
      const [got] = await collect(subject.store.readStream(stream));
      expect(got).toEqual({ ...sent, stream, ...pick(got), revision: 0n });
      expect(JSON.stringify(got?.data)).toBe(JSON.stringify(data));
      expect(got?.position).toBe(result.position ?? got?.position);
      expect(got?.recordedAt).toBeInstanceOf(Date);
      expect(Math.abs(Number(got?.recordedAt.getTime()) - before)).toBeLessThan(60_000);
    });

    it('revisions above 2^31 survive', async () => {
      const stream = streamId();
      const far = 2n ** 53n + 1n;
      await append(stream, 'no_stream');
      await expect(append(stream, far)).rejects.toMatchObject({ expected: far, actual: 0n });
      expect(await collect(subject.store.readStream(stream, { from: far }))).toEqual([]);
      const back = subject.store.readStream(stream, { from: far, direction: 'backwards' });
      expect((await collect(back)).map((e) => e.revision)).toEqual([0n]);
    });
  });
};

const pick = (got?: { position: unknown; recordedAt: Date }) => ({
  position: got?.position,
  recordedAt: got?.recordedAt,
});
