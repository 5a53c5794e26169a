import {
  type EventStoreUnderTest,
  eventStoreUnderTestName,
  startEventStoreUnderTest,
} from '@daftari/testing';
import { eventStoreContract } from '../event-store.contract.js';
import { createEventStoreDb } from './event-store-db.js';

let server: EventStoreUnderTest;
beforeAll(async () => {
  server = await startEventStoreUnderTest({ ownProcess: true });
});
afterAll(async () => {
  await server.stop();
});

eventStoreContract(`@kurrent/kurrentdb-client on ${eventStoreUnderTestName}`, async () => {
  const store = await createEventStoreDb({
    url: server.url,
    driver: 'kurrent',
    namespace: server.namespace(),
  });
  return { store, close: () => store.close() };
});
