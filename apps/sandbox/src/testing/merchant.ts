import { createServer, type Server } from 'node:http';

/** A callback as it arrived. */
export interface Received {
  readonly path: string;
  readonly raw: string;
  /** Undefined when it is no JSON. */
  readonly body: unknown;
  readonly at: number;
}

const jsonOf = (raw: string): unknown => {
  try {
    return JSON.parse(raw) as unknown;
  } catch {
    return undefined;
  }
};

/** A merchant on loopback that keeps the callbacks it gets; `answer` is what it says to each. */
export class Merchant {
  readonly received: Received[] = [];
  answer: (path: string) => Promise<unknown> = async () => ({
    ResultCode: 0,
    ResultDesc: 'Accepted',
  });
  url = '';
  private server: Server | undefined;

  async start(): Promise<void> {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const path = request.url ?? '';
        const raw = Buffer.concat(chunks).toString();
        this.received.push({ path, raw, body: jsonOf(raw), at: performance.now() });
        void this.answer(path).then((said) => {
          response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said));
        });
      });
    });
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    const address = this.server.address();
    this.url = `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`;
  }

  /** What arrived at a path. */
  at(path: string): readonly Received[] {
    return this.received.filter((one) => one.path === path);
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }
}
