import { setTimeout as delay } from 'node:timers/promises';
import {
  currentTrace,
  nextTraceparent,
  runInTrace,
  traceFields,
  traceparentFrom,
} from './trace.js';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('the trace of a request', () => {
  it('is known to everything that the request starts, and to nothing else', async () => {
    const seen = await Promise.all(
      ['a', 'b'].map((correlationId) =>
        runInTrace({ correlationId, traceparent: PARENT }, async () => {
          await delay(1);
          return traceFields();
        }),
      ),
    );
    expect(seen).toEqual([
      { correlationId: 'a', traceId: '0af7651916cd43dd8448eb211c80319c' },
      { correlationId: 'b', traceId: '0af7651916cd43dd8448eb211c80319c' },
    ]);
    expect(currentTrace()).toBeUndefined();
    expect(traceFields()).toEqual({});
  });

  it('goes on under a new parent id, or begins', () => {
    const next = nextTraceparent(PARENT);
    expect(next).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    expect(next).not.toBe(PARENT);
    expect(traceparentFrom(nextTraceparent())).toBeDefined();
  });

  it.each([
    undefined,
    '',
    'x',
    '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
    '01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    `${PARENT}-more`,
  ])('ignores the header %j', (value) => {
    expect(traceparentFrom(value)).toBeUndefined();
  });
});
