import {
  ConcurrencyConflict,
  ContractViolation,
  Forbidden,
  InvariantViolation,
  NotFound,
  Rejected,
  Unavailable,
} from '@daftari/kernel';
import { PoisonMessage } from './message.js';
import { isTransient, retryDelayMs, retryForever, verdictOn } from './retry-policy.js';

const withCode = (code: string): Error => Object.assign(new Error('failed'), { code });

describe('the retry policy', () => {
  const table = [
    [new InvariantViolation('never'), 'stop', 'stop'],
    [new ContractViolation('wrong'), 'dead-letter', 'dead-letter'],
    [new PoisonMessage('unreadable'), 'dead-letter', 'dead-letter'],
    [new Unavailable('down'), 'retry', 'retry'],
    [new ConcurrencyConflict('raced'), 'retry', 'retry'],
    [withCode('57P01'), 'retry', 'retry'],
    [withCode('ECONNREFUSED'), 'retry', 'retry'],
    [new NotFound('loan'), 'retry', 'dead-letter'],
    [new Forbidden(), 'retry', 'dead-letter'],
    [new Rejected('loan/not-active', 'closed'), 'retry', 'dead-letter'],
    [new TypeError('x is undefined'), 'retry', 'dead-letter'],
    ['a text', 'retry', 'dead-letter'],
  ] as const;
  it.each(table)('%s: at first %s, at last %s', (error, first, last) => {
    expect(verdictOn(error, 1, { maxAttempts: 5 })).toBe(first);
    expect(verdictOn(error, 5, { maxAttempts: 5, order: 'strict' })).toBe(last);
  });

  it('puts off what waits for a dependency where the order does not matter', () => {
    const limits = { maxAttempts: 3, order: 'loose' } as const;
    expect(verdictOn(new Unavailable('down'), 2, limits)).toBe('retry');
    expect(verdictOn(new Unavailable('down'), 3, limits)).toBe('later');
    expect(verdictOn(new NotFound('loan'), 3, limits)).toBe('dead-letter');
    expect(verdictOn(new InvariantViolation('never'), 3, limits)).toBe('stop');
  });

  it('sees through an error that wraps a lost connection', () => {
    expect(isTransient(new Error('query failed', { cause: withCode('08006') }))).toBe(true);
    expect(isTransient(new Error('query failed', { cause: withCode('23505') }))).toBe(false);
  });

  it('never gives a message up because the connection broke in the middle of a transaction', () => {
    const released = new Error('Query runner already released. Cannot run queries anymore.');
    expect(verdictOn(released, 1_000, { maxAttempts: 5 })).toBe('retry');
  });

  it('waits longer each time, up to a minute, with full jitter', () => {
    const longest = (attempt: number): number => retryDelayMs(attempt, 200, () => 1);
    expect([1, 2, 3, 4].map(longest)).toEqual([200, 400, 800, 1_600]);
    expect(longest(50)).toBe(60_000);
    expect(retryDelayMs(4, 200, () => 0)).toBe(0);
  });

  it('tries for ever until it succeeds, and tells of every failure', async () => {
    const told: string[] = [];
    let tries = 0;
    const result = await retryForever(
      async () => {
        if (++tries < 4) throw new Unavailable(`try ${String(tries)}`);
        return 'done';
      },
      {
        signal: new AbortController().signal,
        baseMs: 1,
        onRetry: (error) => void told.push(error.message),
      },
    );
    expect(result).toBe('done');
    expect(told).toEqual(['try 1', 'try 2', 'try 3']);
  });

  it('stops trying when told to, and for a fault of our own', async () => {
    const abort = new AbortController();
    const stopped = retryForever(() => Promise.reject(new Unavailable('down')), {
      signal: abort.signal,
      baseMs: 60_000,
      onRetry: () => {
        abort.abort();
      },
    });
    await expect(stopped).resolves.toBeUndefined();
    const fault = retryForever(() => Promise.reject(new InvariantViolation('never')), {
      signal: new AbortController().signal,
      baseMs: 1,
      onRetry: () => undefined,
    });
    await expect(fault).rejects.toBeInstanceOf(InvariantViolation);
  });
});
