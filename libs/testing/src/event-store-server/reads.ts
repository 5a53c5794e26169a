import { randomUUID } from 'node:crypto';
import { type ServerWritableStream, status as grpcStatus } from '@grpc/grpc-js';
import {
  caughtUp,
  checkpoint,
  confirmation,
  deleted,
  failure,
  nameOf,
  readEvent,
  streamNotFound,
} from './encode.js';
import type { InMemoryLog, StoredEvent } from './log.js';
import type { Streams } from './protocol.js';

/** A read call. */
export type ReadCall = ServerWritableStream<Streams.ReadReq, Streams.ReadResp>;

const WINDOW = 32;
/** Messages that may wait for the network; the call's own mark is 16, and each wait for it costs a round trip. */
const BUFFERED_MAX = 1_000;

/** Writes and waits when the caller is slow. */
const send = async (call: ReadCall, message: Streams.ReadResp): Promise<void> => {
  if (call.cancelled || call.destroyed) return;
  if (call.write(message) || call.writableLength < BUFFERED_MAX) return;
  await new Promise<void>((resolve) => {
    call.once('drain', resolve);
    call.once('cancelled', resolve);
    call.once('close', resolve);
  });
};

const filterOf = (
  filter: Streams.ReadReq.Options.FilterOptions | undefined,
): ((event: StoredEvent) => boolean) => {
  const byStream = filter?.getStreamIdentifier();
  const expression = byStream ?? filter?.getEventType();
  if (!expression) return () => true;
  const prefixes = expression.getPrefixList();
  const regex = expression.getRegex() === '' ? undefined : new RegExp(expression.getRegex());
  return (event) => {
    const text = byStream ? event.stream : event.type;
    return regex ? regex.test(text) : prefixes.some((p) => text.startsWith(p));
  };
};

const indexAfter = (all: readonly StoredEvent[], position: bigint): number => {
  const index = all.findIndex((event) => event.position > position);
  return index === -1 ? all.length : index;
};

/** Answers one read: of a stream or of the log, once or as a subscription. */
export class Reads {
  private readonly calls = new Set<ReadCall>();

  constructor(private readonly log: InMemoryLog) {}

  /** Breaks every read and subscription that runs. */
  breakAll(): void {
    for (const call of this.calls)
      call.emit('error', failure(grpcStatus.UNAVAILABLE, 'the connection was cut'));
  }

  readonly handle = (call: ReadCall): void => {
    this.calls.add(call);
    call.once('close', () => this.calls.delete(call));
    call.once('cancelled', () => this.calls.delete(call));
    this.answer(call).then(
      () => call.end(),
      (error: unknown) => {
        call.emit('error', error);
      },
    );
  };

  private async answer(call: ReadCall): Promise<void> {
    const options = call.request.getOptions();
    if (!options) throw failure(grpcStatus.INVALID_ARGUMENT, 'no options');
    const stream = options.getStream();
    const structured = options.getUuidOption()?.hasStructured() ?? true;
    if (options.hasSubscription()) {
      await (stream
        ? this.followStream(call, stream, structured)
        : this.followAll(call, options, structured));
      return;
    }
    const events = stream ? this.ofStream(stream, options) : this.ofAll(options);
    if (!events) {
      await send(call, streamNotFound(nameOf(stream?.getStreamIdentifier())));
      return;
    }
    for (const event of events.slice(0, Number(options.getCount())))
      await send(call, readEvent(event, structured));
  }

  private ofStream(
    from: Streams.ReadReq.Options.StreamOptions,
    options: Streams.ReadReq.Options,
  ): readonly StoredEvent[] | null {
    const name = nameOf(from.getStreamIdentifier());
    const found = this.log.read(name);
    if (found === 'deleted') throw deleted(name);
    if (found === 'not-found') return null;
    const revision = from.hasRevision() ? BigInt(from.getRevision()) : null;
    if (options.getReadDirection() === 0)
      return from.hasEnd() ? [] : found.filter((e) => e.revision >= (revision ?? 0n));
    if (from.hasStart()) return found.filter((e) => e.revision === 0n);
    return found.filter((e) => revision === null || e.revision <= revision).reverse();
  }

  /** Forwards from a position it is included, backwards it is not. */
  private ofAll(options: Streams.ReadReq.Options): readonly StoredEvent[] {
    const from = options.getAll();
    const { all } = this.log;
    const position = from?.getPosition();
    const at = position ? BigInt(position.getCommitPosition()) : null;
    const wanted = filterOf(options.getFilter());
    if (options.getReadDirection() === 0)
      return from?.hasEnd() ? [] : all.filter((e) => e.position >= (at ?? 0n)).filter(wanted);
    if (from?.hasStart()) return [];
    return all
      .filter((e) => at === null || e.position < at)
      .filter(wanted)
      .reverse();
  }

  private async followStream(
    call: ReadCall,
    from: Streams.ReadReq.Options.StreamOptions,
    structured: boolean,
  ): Promise<void> {
    const name = nameOf(from.getStreamIdentifier());
    const visible = (): readonly StoredEvent[] => {
      const found = this.log.read(name);
      if (found === 'deleted') throw deleted(name);
      return found === 'not-found' ? [] : found;
    };
    let last = from.hasRevision() ? BigInt(from.getRevision()) : -1n;
    if (from.hasEnd()) last = visible().at(-1)?.revision ?? -1n;
    await this.follow(call, async () => {
      const next = visible().filter((event) => event.revision > last);
      for (const event of next) {
        await send(call, readEvent(event, structured));
        last = event.revision;
      }
      return next.length > 0;
    });
  }

  private async followAll(
    call: ReadCall,
    options: Streams.ReadReq.Options,
    structured: boolean,
  ): Promise<void> {
    const from = options.getAll();
    const { all } = this.log;
    const filter = options.getFilter();
    const wanted = filterOf(filter);
    const every = WINDOW * (filter?.getCheckpointintervalmultiplier() ?? 1);
    const position = from?.getPosition();
    let index = from?.hasEnd() ? all.length : 0;
    if (position) {
      const at = BigInt(position.getCommitPosition());
      if (!all.some((event) => event.position === at))
        throw failure(grpcStatus.INVALID_ARGUMENT, 'The position is not the place of an event');
      index = indexAfter(all, at);
    }
    let scanned = 0;
    let marked = -1n;
    const mark = async (at: bigint | undefined): Promise<void> => {
      if (!filter || at === undefined || at === marked) return;
      marked = at;
      await send(call, checkpoint(at));
    };
    let live = false;
    await this.follow(call, async () => {
      const before = index;
      while (index < all.length && !call.cancelled) {
        const event = all[index++];
        if (event && wanted(event)) await send(call, readEvent(event, structured));
        if (++scanned % every === 0) await mark(event?.position);
      }
      // The first time at the end tells where it is, also when nothing has matched.
      if (!live && index > 0) await mark(all[index - 1]?.position);
      live = true;
      return index > before;
    });
  }

  /** Runs `page` until the caller is gone; says once that it has caught up; sleeps while nothing is written. */
  private async follow(call: ReadCall, page: () => Promise<boolean>): Promise<void> {
    await send(call, confirmation(randomUUID()));
    let wake: () => void = () => undefined;
    let changed = false;
    const stop = this.log.onChange(() => {
      changed = true;
      wake();
    });
    const gone = (): void => {
      wake();
    };
    call.once('cancelled', gone);
    call.once('close', gone);
    try {
      let told = false;
      while (!call.cancelled && !call.destroyed) {
        changed = false;
        if (await page()) continue;
        if (!told) await send(call, caughtUp());
        told = true;
        if (!changed && !call.cancelled && !call.destroyed)
          await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      stop();
    }
  }
}
