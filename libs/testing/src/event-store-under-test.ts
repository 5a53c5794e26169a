import { randomBytes } from 'node:crypto';
import type { EventStoreServer } from './event-store-server/server.js';

export type { EventStoreServer } from './event-store-server/server.js';

/** Starts a server that speaks EventStoreDB's protocol over an in-memory log: a stand-in for tests, not EventStoreDB. */
export const startEventStoreServer = async (
  options: { readonly batches?: boolean } = {},
): Promise<EventStoreServer> =>
  // Loaded here: only tests have what it needs, and the embedded profile uses this library too.
  (await import('./event-store-server/server.js')).startEventStoreServer(options);

/** Where the suites find an EventStoreDB: the server of EVENTSTORE_URL, else the stand-in. */
export interface EventStoreUnderTest {
  readonly url: string;
  readonly isStandIn: boolean;
  /** A namespace that no other suite or run uses. */
  namespace(): string;
  stop(): Promise<void>;
}

/** What the suites call the server they run against. */
export const eventStoreUnderTestName =
  process.env['EVENTSTORE_URL'] === undefined
    ? 'the stand-in for EventStoreDB (set EVENTSTORE_URL for a real server)'
    : 'the server of EVENTSTORE_URL';

/** Finds or starts it. */
export const startEventStoreUnderTest = async (): Promise<EventStoreUnderTest> => {
  const given = process.env['EVENTSTORE_URL'];
  const server = given === undefined ? await startEventStoreServer() : undefined;
  return {
    url: given ?? server?.url ?? '',
    isStandIn: given === undefined,
    namespace: () => `test.${randomBytes(8).toString('hex')}.`,
    async stop() {
      await server?.stop();
    },
  };
};
