import {
  type EventStoreUnderTest,
  eventStoreUnderTestName,
  startEventStoreUnderTest,
} from '@daftari/testing';
import { eventStoreContract } from '../event-store.contract.js';
import { createEventStoreDb } from './event-store-db.js';

let server: EventStoreUnderTest;
beforeAll(async () => {
  server = await startEventStoreUnderTest();
});
afterAll(async () => {
  await server.stop();
});

for (const driver of ['eventstore', 'kurrent'] as const)
  eventStoreContract(`the ${driver} client on ${eventStoreUnderTestName}`, async () => {
    const store = await createEventStoreDb({
      url: server.url,
      driver,
      namespace: server.namespace(),
    });
    return { store, close: () => store.close() };
  });
