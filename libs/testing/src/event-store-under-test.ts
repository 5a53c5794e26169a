import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
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

const isStandIn =
  process.env['EVENTSTORE_URL'] === undefined || process.env['EVENTSTORE_STAND_IN'] !== undefined;

/** What the suites call the server they run against. */
export const eventStoreUnderTestName = isStandIn
  ? 'the stand-in for EventStoreDB (set EVENTSTORE_URL for a real server)'
  : 'the server of EVENTSTORE_URL';

/** The environment of a service under test: its events in the server of EVENTSTORE_URL, in PostgreSQL when there is none. */
export const eventStoreEnvironment = (): Record<string, string> => {
  const url = process.env['EVENTSTORE_URL'];
  if (url === undefined) return {};
  const namespace = `test_${randomBytes(8).toString('hex')}`;
  return { EVENT_STORE: 'eventstoredb', EVENTSTORE_URL: url, EVENTSTORE_NAMESPACE: namespace };
};

interface Started {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * The stand-in in a process of its own, from the built library. The generated code of both client packages writes into
 * one global object, so a test of the newer client cannot load the stand-in, which uses the older one's.
 */
const startProcess = async (): Promise<Started> => {
  const main = fileURLToPath(new URL('../dist/event-store-server/main.js', import.meta.url));
  const child = spawn(process.execPath, [main], { stdio: ['pipe', 'pipe', 'inherit'] });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (line: Buffer) => {
      resolve(line.toString().trim());
    });
    child.once('exit', (code) => {
      reject(new Error(`the stand-in ended with ${String(code)}`));
    });
  });
  return {
    url,
    stop: async () => {
      const gone = once(child, 'exit');
      child.stdin.end();
      await gone;
    },
  };
};

/** Finds or starts it. `ownProcess`: for tests of the newer client. */
export const startEventStoreUnderTest = async (
  options: { readonly ownProcess?: boolean } = {},
): Promise<EventStoreUnderTest> => {
  const given = process.env['EVENTSTORE_URL'];
  const start = options.ownProcess === true ? startProcess : startEventStoreServer;
  const server: Started | undefined = given === undefined ? await start() : undefined;
  return {
    url: given ?? server?.url ?? '',
    isStandIn,
    namespace: () => `test.${randomBytes(8).toString('hex')}.`,
    async stop() {
      await server?.stop();
    },
  };
};
