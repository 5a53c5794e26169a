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

eventStoreContract(`@eventstore/db-client on ${eventStoreUnderTestName}`, async () => {
  const store = await createEventStoreDb({
    url: server.url,
    namespace: server.namespace(),
  });
  return { store, close: () => store.close() };
});
