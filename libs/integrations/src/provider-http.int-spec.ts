import { createServer, type Server } from 'node:http';
import { eventually } from '@daftari/testing';
import { type CallRecord, type ProviderCall, ProviderHttp } from './provider-http.js';

let server: Server;
let url: string;
let behave: 'answer' | 'hang' | 'drip' | 'cut' | 'flood' = 'answer';
let asked = 0;
let open = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    asked++;
    open++;
    response.on('close', () => open--);
    if (behave === 'answer') response.end('{"fine":true}');
    if (behave === 'cut') request.socket.destroy();
    if (behave === 'flood') response.end('x'.repeat(3 * 1024 * 1024));
    if (behave !== 'drip') return;
    response.writeHead(200);
    const timer = setInterval(() => response.write('.'), 20);
    response.on('close', () => {
      clearInterval(timer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  behave = 'answer';
  asked = 0;
});

const call = (more: Partial<ProviderCall> = {}): ProviderCall => ({
  provider: 'p',
  operation: 'o',
  method: 'POST',
  url,
  headers: {},
  ...more,
});

describe('provider HTTP', () => {
  it('gives the answer and records the call once, without what must not be logged', async () => {
    const records: CallRecord[] = [];
    const http = new ProviderHttp({ onCall: (record) => void records.push(record) });
    const answer = await http.send(call({ body: '{"Password":"p"}', logBody: '{}', ourRef: 'r1' }));
    expect(answer).toEqual({ kind: 'answer', status: 200, text: '{"fine":true}' });
    expect(records).toEqual([
      {
        ...{ provider: 'p', operation: 'o', method: 'POST', url, ourRef: 'r1', status: 200 },
        durationMs: expect.any(Number) as number,
        requestBody: '{}',
        responseBody: '{"fine":true}',
      },
    ]);
    await http.close();
  });

  it('says that nothing was sent when nobody listens, and unknown when the connection breaks afterwards', async () => {
    const http = new ProviderHttp();
    expect((await http.send(call({ url: 'http://127.0.0.1:1' }))).kind).toBe('notSent');
    behave = 'cut';
    expect((await http.send(call())).kind).toBe('unknown');
    expect(asked).toBe(1);
    await http.close();
  });

  it.each(['hang', 'drip'] as const)(
    'ends a call that %ss, in the time it was given',
    async (how) => {
      behave = how;
      const http = new ProviderHttp();
      const started = performance.now();
      expect((await http.send(call({ timeoutMs: 200 }))).kind).toBe('unknown');
      expect(performance.now() - started).toBeLessThan(2_000);
      await http.close();
    },
  );

  it('does not read an answer without end', async () => {
    behave = 'flood';
    const http = new ProviderHttp();
    expect((await http.send(call())).kind).toBe('unknown');
    await http.close();
  });

  it('opens the breaker after failures, keeps calls away, and closes it again after one that works', async () => {
    const http = new ProviderHttp({ breakerResetMs: 150 });
    behave = 'cut';
    for (let i = 0; i < 20; i++) await http.send(call());
    const before = asked;
    behave = 'answer';
    expect(await http.send(call())).toEqual({ kind: 'notSent', reason: 'the breaker is open' });
    expect(await http.send(call({ operation: 'other' }))).toMatchObject({ kind: 'answer' });
    expect(asked).toBe(before + 1);
    await eventually(async () => (await http.send(call())).kind === 'answer');
    expect((await http.send(call())).kind).toBe('answer');
    await http.close();
  });

  it('lets only so many calls at a provider run at once, and refuses when too many wait', async () => {
    behave = 'hang';
    const http = new ProviderHttp({ concurrency: 2, queue: 1, timeoutMs: 300 });
    const running = [http.send(call()), http.send(call()), http.send(call())];
    await eventually(() => open === 2);
    expect(await http.send(call())).toEqual({
      kind: 'notSent',
      reason: 'too many calls wait for this provider',
    });
    expect(asked).toBe(2);
    await Promise.all(running);
    expect(asked).toBe(3);
    await http.close();
  });
});
