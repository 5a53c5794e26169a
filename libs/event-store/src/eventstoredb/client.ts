import { InvalidArgument } from '../errors.js';
import type { Expected } from '../port.js';

/** A place in the server's log. */
export interface ClientPosition {
  readonly commit: bigint;
  readonly prepare: bigint;
}

/** An event as a client gives it. */
export interface ClientEvent {
  readonly streamId: string;
  readonly id: string;
  readonly type: string;
  readonly revision: bigint;
  readonly data: unknown;
  readonly metadata?: unknown;
  readonly created: Date;
  readonly position?: ClientPosition;
}

/** What a read gives; a link without its event has none. */
export interface ResolvedEvent {
  readonly event?: ClientEvent;
}

/** A read that runs. The older client gives a stream that must be listened to, the newer one an iterator. */
export interface ClientRead extends AsyncIterable<ResolvedEvent> {
  on?(event: 'error', listener: (error: Error) => void): unknown;
}

/** A subscription that runs: an object stream, into which marks can be pushed between its events. */
export interface ClientSubscription extends AsyncIterable<ResolvedEvent | Mark> {
  readonly readableLength: number;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'caughtUp', listener: () => void): unknown;
  push(mark: Mark): boolean;
  destroy(): unknown;
  unsubscribe(): Promise<void>;
}

/** What stands between events, in order. */
export type Mark = { readonly mark: 'caught-up' } | { readonly mark: ClientPosition };

/** A filter of the server. */
export interface ClientFilter {
  readonly filterOn: 'streamName' | 'eventType';
  readonly checkpointInterval: number;
  readonly prefixes?: readonly string[];
  readonly regex?: string;
  readonly checkpointReached?: (
    subscription: ClientSubscription,
    position: ClientPosition,
  ) => Promise<void>;
}

interface ReadOptions<From> {
  readonly direction: 'forwards' | 'backwards';
  readonly maxCount: number;
  readonly requiresLeader?: boolean;
  readonly fromRevision?: From;
  readonly fromPosition?: From;
  readonly filter?: ClientFilter;
}

/** An event to append, as both clients take it. */
export interface ClientNewEvent {
  readonly id: string;
  readonly type: string;
  readonly contentType: 'application/json';
  readonly data: unknown;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What the adapter uses of `@eventstore/db-client` and of `@kurrent/kurrentdb-client`: both have this shape. */
export interface EventStoreDbClient {
  appendToStream(
    stream: string,
    events: readonly ClientNewEvent[],
    /** The older client reads `expectedRevision`, the newer one `streamState`. */
    options: {
      readonly expectedRevision: Expected;
      readonly streamState: Expected;
      readonly requiresLeader: boolean;
    },
  ): Promise<{ readonly nextExpectedRevision: bigint; readonly position?: ClientPosition }>;
  readStream(stream: string, options: ReadOptions<bigint | 'start' | 'end'>): ClientRead;
  readAll(options: ReadOptions<ClientPosition | 'start' | 'end'>): ClientRead;
  subscribeToStream(
    stream: string,
    options: { readonly fromRevision: bigint | 'start' },
  ): ClientSubscription;
  subscribeToAll(options: {
    readonly fromPosition: ClientPosition | 'start';
    readonly filter: ClientFilter;
  }): ClientSubscription;
  dispose(): Promise<void>;
}

/** Which package speaks to the server. */
export type EventStoreDbDriver = 'eventstore' | 'kurrent';

const PACKAGES: Record<EventStoreDbDriver, { readonly name: string; readonly client: string }> = {
  eventstore: { name: '@eventstore/db-client', client: 'EventStoreDBClient' },
  kurrent: { name: '@kurrent/kurrentdb-client', client: 'KurrentDBClient' },
};
const URL_FORM = /^(esdb|kurrentdb|kurrent|kdb)(\+discover)?:\/\/\S+$/;

type ClientClass = { connectionString(url: string): EventStoreDbClient };

type Import = (name: string) => Promise<object>;

const load = async (driver: EventStoreDbDriver, get: Import): Promise<ClientClass> => {
  const { name, client } = PACKAGES[driver];
  let loaded: { default?: Record<string, unknown> } & Record<string, unknown>;
  try {
    loaded = (await get(name)) as typeof loaded;
  } catch (cause) {
    throw new InvalidArgument(
      `The event store client ${name} is not installed: run \`npm install ${name}\` (${String(cause)})`,
    );
  }
  return (loaded[client] ?? loaded.default?.[client]) as ClientClass;
};

/**
 * Connects lazily: the package is loaded here, the network is first used by a call.
 * Errors: InvalidArgument for an address of another form, and for a package that is not installed.
 */
export const openClient = async (
  url: string,
  driver: EventStoreDbDriver,
  get: Import = (name) => import(name) as Promise<object>,
): Promise<EventStoreDbClient> => {
  if (!URL_FORM.test(url))
    throw new InvalidArgument('The address of the event store begins with esdb:// or kurrentdb://');
  // With it a conflict would be told as revision 1 (both clients): never.
  if (/throwonappendfailure=false/i.test(url.replaceAll(/[_-]/g, '')))
    throw new InvalidArgument('throwOnAppendFailure=false is not supported');
  const scheme = driver === 'kurrent' ? 'kurrentdb' : 'esdb';
  const address = url.replace(URL_FORM, (all, name: string) => scheme + all.slice(name.length));
  return (await load(driver, get)).connectionString(address);
};
