import { setTimeout as delay } from 'node:timers/promises';
import { checkLimit, checkRevision } from '../encoding.js';
import { StoreUnavailable, StreamNotFound } from '../errors.js';
import type { EventStore, GlobalPosition, PrefixFilter, RecordedEvent } from '../port.js';
import { backoffMs } from '../signal.js';
import type {
  ClientEvent,
  ClientFilter,
  ClientPosition,
  ClientRead,
  EventStoreDbClient,
} from './client.js';
import type { Source } from './catch-up.js';
import { normaliseClientError } from './failures.js';
import { clientPosition, type Namespace, positionFrom } from './mapping.js';

type ReadStreamOptions = NonNullable<Parameters<EventStore['readStream']>[1]>;
type ReadAllOptions = Parameters<EventStore['readAll']>[0];

const ATTEMPTS = 4;
const PAGE_MIN = 32;
const PAGE_MAX = 500;
/** Times 32 events of the log that did not match: how often a quiet filter tells where it is. */
const CHECKPOINT_INTERVAL = 1;

/** The reads of one namespace. */
export class EventStoreDbReader {
  constructor(
    private readonly client: EventStoreDbClient,
    private readonly space: Namespace,
  ) {}

  async *readStream(stream: string, options: ReadStreamOptions): AsyncIterable<RecordedEvent> {
    const direction = options.direction ?? 'forwards';
    const backwards = direction === 'backwards';
    const from = options.from ?? (backwards ? 'end' : 'start');
    const limit = checkLimit(options.limit ?? Number.MAX_SAFE_INTEGER);
    if (typeof from === 'bigint') checkRevision(from);
    if (limit === 0) return; // The server takes no zero.
    if (from === 'end' && !backwards) {
      if ((await this.lastRevision(stream)) === null) throw new StreamNotFound(stream);
      return;
    }
    let fromRevision = from === 'start' && backwards ? 0n : from;
    let left = limit;
    const name = this.space.name(stream);
    while (left > 0) {
      const maxCount = Math.min(left, PAGE_MAX);
      const read = { direction, fromRevision, maxCount, requiresLeader: true };
      const page = await this.page(() => this.client.readStream(name, read), stream);
      for (const event of page) if (!event.type.startsWith('$')) yield this.space.event(event);
      const last = page.at(-1)?.revision;
      if (last === undefined || page.length < maxCount || (backwards && last === 0n)) return;
      left -= page.length;
      fromRevision = last + (backwards ? -1n : 1n);
    }
  }

  /** Page after page, because the older client cannot filter on the server; what is not ours is passed over here. */
  async *readAll(options: ReadAllOptions): AsyncIterable<RecordedEvent> {
    const direction = options.direction ?? 'forwards';
    const after = options.after ?? (direction === 'forwards' ? 'start' : 'end');
    let from = placeOf(after);
    let left = checkLimit(options.limit);
    if (from === (direction === 'forwards' ? 'end' : 'start')) return;
    while (left > 0) {
      const maxCount = Math.min(Math.max(left + 1, PAGE_MIN), PAGE_MAX);
      const filter = this.filterOf(options.filter);
      const read = { direction, fromPosition: from, maxCount, filter };
      const page = await this.page(() => this.client.readAll(read));
      for (const event of page) {
        if (!event.position || isAt(event.position, from)) continue;
        if (this.space.holds(event, options.filter) && left-- > 0) yield this.space.event(event);
      }
      const end = page.at(-1)?.position;
      if (!end || page.length < maxCount) return;
      from = end;
    }
  }

  /** What follows a revision of one stream; a stream that does not exist yet is waited for. */
  streamSource(stream: string, after: bigint | 'start' | 'end'): Source<bigint | 'start'> {
    return {
      stream,
      start: async () => {
        if (typeof after === 'bigint') return checkRevision(after);
        return after === 'start' ? after : ((await this.lastRevision(stream)) ?? 'start');
      },
      open: (fromRevision) =>
        this.client.subscribeToStream(this.space.name(stream), { fromRevision }),
      place: ({ revision }) => revision,
      wanted: (event) => (event.type.startsWith('$') ? undefined : this.space.event(event)),
    };
  }

  /** What follows a position of the log. */
  allSource(
    after: GlobalPosition | 'start' | 'end',
    filter?: PrefixFilter,
  ): Source<ClientPosition | 'start'> {
    return {
      start: async () => {
        const place = placeOf(after);
        return place === 'end' ? ((await this.lastPosition()) ?? 'start') : place;
      },
      open: (fromPosition) =>
        this.client.subscribeToAll({
          fromPosition,
          filter: {
            ...this.filterOf(filter),
            // Pushed among the events, so that it is told after those that come before it.
            checkpointReached: async (subscription, mark) => {
              subscription.push({ mark });
            },
          },
        }),
      place: (event) => event.position ?? 'start',
      checkpoint: (position) => position,
      wanted: (event) => (this.space.holds(event, filter) ? this.space.event(event) : undefined),
    };
  }

  /** The filter that the server can apply: prefixes of streams within the namespace, else anything but its own events. */
  private filterOf(filter?: PrefixFilter): ClientFilter {
    const checkpointInterval = CHECKPOINT_INTERVAL;
    const names = filter?.on === 'stream' ? filter.prefixes : [''];
    const prefixes = names.map((p) => this.space.name(p));
    return prefixes.includes('')
      ? { filterOn: 'eventType', regex: '^[^$].*', checkpointInterval }
      : { filterOn: 'streamName', prefixes, checkpointInterval };
  }

  private async lastRevision(stream: string): Promise<bigint | null> {
    const read = { direction: 'backwards', fromRevision: 'end', maxCount: 1 } as const;
    const name = this.space.name(stream);
    try {
      const [last] = await this.page(() => this.client.readStream(name, read), stream);
      return last?.revision ?? null;
    } catch (error) {
      if (error instanceof StreamNotFound) return null;
      throw error;
    }
  }

  private async lastPosition(): Promise<ClientPosition | null> {
    const read = { direction: 'backwards', fromPosition: 'end', maxCount: 1 } as const;
    const [last] = await this.page(() => this.client.readAll(read));
    return last?.position ?? null;
  }

  /**
   * All events of one read. Read to its end, because a read of the older client that is left early is never let go.
   * Tried again when it broke, which also lets the client find another node.
   */
  private async page(open: () => ClientRead, stream?: string): Promise<ClientEvent[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        const read = open();
        read.on?.('error', nothing); // Heard by the loop; without a listener a late one would end the process.
        const events: ClientEvent[] = [];
        for await (const { event } of read) if (event) events.push(event);
        return events;
      } catch (error) {
        const known = normaliseClientError(error, stream === undefined ? {} : { stream });
        if (attempt >= ATTEMPTS || !(known instanceof StoreUnavailable)) throw known;
      }
      await delay(backoffMs(attempt));
    }
  }
}

const nothing = (): void => undefined;

const placeOf = (after: GlobalPosition | 'start' | 'end'): ClientPosition | 'start' | 'end' => {
  if (after === 'start') return 'start';
  return after === 'end' ? 'end' : clientPosition(after);
};

const isAt = (position: ClientPosition, place: ClientPosition | 'start' | 'end'): boolean =>
  typeof place === 'object' && positionFrom(position) === positionFrom(place);
