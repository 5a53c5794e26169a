import Fastify, { type FastifyInstance } from 'fastify';
import type { SandboxConfig } from './config.js';
import { Book } from './daraja/book.js';
import { Daraja } from './daraja/daraja.js';
import { InitiatorKeys } from './daraja/keys.js';
import { isFree, Messages } from './messages/messages.js';

/** The simulated providers on loopback: one HTTP server and one mail server. */
export class Sandbox {
  readonly server: FastifyInstance = Fastify({
    forceCloseConnections: true,
    bodyLimit: 1024 * 1024,
  });
  private readonly messages = new Messages();
  private readonly daraja: Daraja;

  constructor(private readonly config: SandboxConfig) {
    const { SANDBOX_DATA_FILE: file } = config;
    this.server.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, body, done) => {
        done(null, body);
      },
    );
    const keys = new InitiatorKeys(file === '' ? '' : `${file}.keys`);
    this.daraja = new Daraja(new Book(file), keys, {
      callbackDelayMs: config.SANDBOX_CALLBACK_DELAY_MS,
      lateCallbackMs: config.SANDBOX_LATE_CALLBACK_MS,
      slowAnswerMs: config.SANDBOX_SLOW_ANSWER_MS,
      consumerKey: config.SANDBOX_CONSUMER_KEY,
      consumerSecret: config.SANDBOX_CONSUMER_SECRET,
      tokenSeconds: config.SANDBOX_TOKEN_SECONDS,
    });
    this.daraja.mount(this.server);
    this.messages.mount(this.server);
    for (const path of ['/livez', '/readyz'])
      this.server.get(path, async () => ({ success: true, data: { status: 'up' }, metadata: {} }));
  }

  /** The port of the mail server; 0 before the start. */
  get smtpPort(): number {
    return this.messages.port;
  }

  /** Listens; a taken port is a clear error. Gives the HTTP address. */
  async start(): Promise<string> {
    const { SANDBOX_SMTP_PORT: smtp, SANDBOX_HTTP_PORT: port, HOST: host } = this.config;
    if (smtp !== 0 && !(await isFree(smtp))) throw new Error(`port ${String(smtp)} is taken`);
    await this.messages.listen(smtp, host);
    return this.server.listen({ port, host });
  }

  async stop(): Promise<void> {
    this.daraja.stop();
    await this.server.close();
    await this.messages.close();
  }
}
