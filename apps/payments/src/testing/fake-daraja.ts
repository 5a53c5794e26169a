import { createServer, type Server } from 'node:http';

/** Any JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** Daraja in little: what it was asked, and what it answers. */
export class FakeDaraja {
  readonly asked: { path: string; body: Json }[] = [];
  answer: (path: string, body: Json) => Promise<{ status: number; body: unknown }> = async () => ({
    status: 500,
    body: {},
  });
  url = '';
  private server: Server | undefined;

  async start(): Promise<void> {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const path = (request.url ?? '').split('?')[0] ?? '';
        const text = Buffer.concat(chunks).toString();
        const body = (text === '' ? {} : JSON.parse(text)) as Json;
        const given = path.startsWith('/oauth')
          ? Promise.resolve({
              status: 200,
              body: { access_token: 'secret-access', expires_in: '3599' },
            })
          : path.endsWith('registerurl')
            ? Promise.resolve({
                status: 200,
                body: { OriginatorCoversationID: 'x', ResponseCode: '0' },
              })
            : this.ask(path, body);
        void given.then(({ status, body: sent }) => {
          response
            .writeHead(status, { 'content-type': 'application/json' })
            .end(JSON.stringify(sent));
        });
      });
    });
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    const address = this.server.address();
    this.url = `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`;
  }

  private ask(path: string, body: Json): Promise<{ status: number; body: unknown }> {
    this.asked.push({ path, body });
    return this.answer(path, body);
  }

  to(part: string): Json[] {
    return this.asked.filter(({ path }) => path.includes(part)).map(({ body }) => body);
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }
}
