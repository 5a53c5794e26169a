import { type EventStoreUnderTest, LoanWalk, startEventStoreUnderTest } from '@daftari/testing';
import { RunningPlatform } from './running-platform.js';

const PORT_BASE = 16_600;
let server: EventStoreUnderTest;
let platform: RunningPlatform;

beforeAll(async () => {
  server = await startEventStoreUnderTest();
  platform = await RunningPlatform.start(PORT_BASE, {
    EVENT_STORE: 'eventstoredb',
    EVENTSTORE_URL: server.url,
    EVENTSTORE_NAMESPACE: server.namespace().replaceAll('.', '_').slice(0, 40),
  });
}, 360_000);
afterAll(async () => {
  await platform.stop();
  await server.stop();
}, 60_000);

describe('the platform with its events in EventStoreDB, by the launcher', () => {
  it('lends, survives a kill of everything, is paid back, and its books are in order', async () => {
    const walk = await LoanWalk.prepare(platform.state);
    const phone = '254711131000';
    const customer = await walk.customer(phone);
    const { loanId } = await walk.lend(customer, phone);
    const id = String(loanId);

    platform.killEverything();
    await platform.startAgain();
    const after = await LoanWalk.prepare(platform.state);
    const loan = await after.loanWhen(id, ({ status }) => status === 'active');
    const { outstanding } = loan as unknown as { outstanding: { total: string } };
    await after.payByPush(customer, id, outstanding.total, phone);
    await after.loanWhen(id, ({ status }) => status === 'completed');
    const report = await after.settleBooks();
    const checks = report.checks as { name: string; ok: boolean; detail: string }[];
    expect(checks.length).toBeGreaterThan(0);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  }, 480_000);
});
