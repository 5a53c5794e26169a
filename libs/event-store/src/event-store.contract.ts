import { appendCases } from './contract/append-cases.js';
import { idempotencyCases } from './contract/idempotency-cases.js';
import { readCases } from './contract/read-cases.js';
import { subscriptionCases } from './contract/subscription-cases.js';
import type { EventStore } from './port.js';

/** Every EventStore adapter passes this suite: its own spec calls it with its own factory. Cases share one store, never a stream. */
export const eventStoreContract = (
  adapter: string,
  create: () => Promise<{ store: EventStore; close(): Promise<void> }>,
): void => {
  describe(`EventStore contract: ${adapter}`, () => {
    let made: Awaited<ReturnType<typeof create>> | undefined;
    const subject = {
      get store(): EventStore {
        if (!made) throw new Error('a case ran before the store was made');
        return made.store;
      },
    };
    beforeAll(async () => {
      made = await create();
    });
    afterAll(async () => {
      await made?.close();
    });
    appendCases(subject);
    idempotencyCases(subject);
    readCases(subject);
    subscriptionCases(subject);
  });
};
