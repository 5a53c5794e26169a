import { EventEmitter } from 'node:events';
import { ConcurrencyConflict } from '@daftari/kernel';
import type { AppendResult, EventStore, NewEvent } from '@daftari/event-store';
import { metricsRegistry, readAtScrape, renderMetrics } from './metrics.js';
import { measuredStore, observeProviderCall, watchBreaker } from './observe.js';

const value = async (line: string): Promise<number> => {
  const found = (await metricsRegistry.metrics()).split('\n').find((l) => l.startsWith(`${line} `));
  return Number(found?.split(' ').at(-1) ?? 0);
};

describe('what is observed', () => {
  it('shows the state of a breaker as it changes', async () => {
    const breaker = Object.assign(new EventEmitter(), { name: 'daraja.stk' });
    watchBreaker(breaker);
    const seen: number[] = [];
    for (const event of ['none', 'open', 'halfOpen', 'close']) {
      breaker.emit(event);
      seen.push(await value('circuit_breaker_state{breaker="daraja.stk"}'));
    }
    expect(seen).toEqual([0, 1, 0.5, 0]);
  });

  it.each([
    [{ status: 200 }, '2xx'],
    [{ status: 503 }, '5xx'],
    [{ error: 'notSent: ECONNREFUSED' }, 'notSent'],
    [{ error: 'unknown: UND_ERR_HEADERS_TIMEOUT' }, 'unknown'],
  ])('counts the provider call %j as %s', async (end, outcome) => {
    const labels = `provider="p",operation="${outcome}-op",outcome="${outcome}"`;
    observeProviderCall({
      provider: 'p',
      operation: `${outcome}-op`,
      durationMs: 1_500,
      ...end,
    });
    expect(await value(`provider_call_duration_seconds_count{${labels}}`)).toBe(1);
    expect(await value(`provider_call_duration_seconds_sum{${labels}}`)).toBe(1.5);
  });

  it('counts appended events, and refused and failed appends apart, and passes all else through', async () => {
    let next: Error | undefined;
    class Store {
      readonly backend = 'test';
      async append(): Promise<AppendResult> {
        if (next) throw next;
        return { nextExpectedRevision: 1n };
      }
    }
    const store = measuredStore(new Store() as unknown as EventStore);
    expect(store.backend).toBe('test');
    const event: NewEvent = { id: 'e', type: 'T', data: {} };
    const append = (): Promise<AppendResult> =>
      store.append('s', [event, event], { expected: 'no_stream' });
    expect(await append()).toEqual({ nextExpectedRevision: 1n });
    next = new ConcurrencyConflict('raced');
    await expect(append()).rejects.toBe(next);
    next = new Error('away');
    await expect(append()).rejects.toBe(next);
    expect(await value('events_appended_total')).toBe(2);
    const counted = ['ok', 'conflict', 'failed'].map((outcome) =>
      value(`event_append_duration_seconds_count{outcome="${outcome}"}`),
    );
    expect(await Promise.all(counted)).toEqual([1, 1, 1]);
  });

  it('is rendered although a source fails or hangs', async () => {
    const ends = [
      readAtScrape(() => Promise.reject(new Error('away'))),
      readAtScrape(() => new Promise<void>(() => undefined)),
      readAtScrape(() => {
        throw new Error('at once');
      }),
    ];
    expect(await renderMetrics()).toContain('http_request_duration_seconds');
    for (const end of ends) end();
  });
});
