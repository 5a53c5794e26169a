import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { sleep } from './random.js';

/** What a statement looks like on the wire to the database. */
const STATEMENTS = {
  commit: /commit\0/i,
  append: /es_append_many\0/,
  produce: /bus_produce\0/,
  offset: /bus_commit\0/,
} as const;

/** A statement whose answer can be lost. */
export type Statement = keyof typeof STATEMENTS;
/** Every statement whose answer can be lost. */
export const LOSABLE = Object.keys(STATEMENTS) as readonly Statement[];

interface Trap {
  readonly statement: Statement;
  left: number;
  /** `answer`: the database gets the statement, nobody hears of it. `statement`: it never gets there. */
  readonly lost: 'answer' | 'statement';
}

interface Weather {
  delayMs: number;
  cut: boolean;
  silent: boolean;
  trap: Trap | undefined;
}

const FAIR = (): Weather => ({ delayMs: 0, cut: false, silent: false, trap: undefined });

/** The database that a startup message asks for; empty when it is not one. */
const databaseOf = (startup: Buffer): string => {
  const fields = startup.subarray(8).toString('latin1').split('\0');
  return fields[fields.indexOf('database') + 1] ?? '';
};

class Link {
  private database = '';
  private answerIsLost = false;
  private order: Promise<void> = Promise.resolve();

  constructor(
    readonly client: Socket,
    readonly server: Socket,
    private readonly proxy: DatabaseProxy,
  ) {
    const end = (): void => {
      this.cut();
    };
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    client.on('data', (chunk: Buffer) => {
      this.fromClient(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      this.fromServer(chunk);
    });
  }

  reaches(database: string): boolean {
    return database === '*' || database === this.database;
  }

  cut(): void {
    this.client.destroy();
    this.server.destroy();
  }

  private fromClient(chunk: Buffer): void {
    if (this.database === '') this.database = databaseOf(chunk);
    const { trap, cut } = this.proxy.weatherOf(this.database);
    if (cut) {
      this.cut();
      return;
    }
    if (trap && STATEMENTS[trap.statement].test(chunk.toString('latin1')) && --trap.left === 0) {
      this.proxy.sprung(this.database);
      if (trap.lost === 'statement') {
        this.cut();
        return;
      }
      this.answerIsLost = true;
    }
    this.pass(chunk, this.client, this.server);
  }

  private fromServer(chunk: Buffer): void {
    // The database has done it: its answer is here, and goes no further.
    if (this.answerIsLost) this.cut();
    else if (!this.proxy.weatherOf(this.database).silent)
      this.pass(chunk, this.server, this.client);
  }

  private pass(chunk: Buffer, from: Socket, to: Socket): void {
    const { delayMs } = this.proxy.weatherOf(this.database);
    if (delayMs === 0) {
      if (!to.write(chunk)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
      return;
    }
    // Both ways share one queue, so that nothing overtakes.
    this.order = this.order.then(async () => {
      await sleep(delayMs);
      if (!to.destroyed) to.write(chunk);
    });
  }
}

/** Stands between the services and PostgreSQL, and does to each database's connections what networks do. */
export class DatabaseProxy {
  private readonly server: Server;
  private readonly links = new Set<Link>();
  private readonly weather = new Map<string, Weather>();
  private readonly sprungFor: string[] = [];

  constructor(private readonly target: number) {
    this.server = createServer((client) => {
      const link = new Link(client, connect(this.target, '127.0.0.1'), this);
      this.links.add(link);
      client.on('close', () => this.links.delete(link));
    });
  }

  /** Listens; gives the port. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', resolve);
    });
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const link of this.links) link.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Each packet takes so much longer each way; `*` is every database. */
  slow(database: string, delayMs: number): void {
    this.change(database, { delayMs });
  }

  /** Ends every connection and refuses new ones. */
  cut(database: string): void {
    this.change(database, { cut: true });
    this.drop(database);
  }

  /** Ends every connection once; new ones are welcome. */
  drop(database: string): void {
    for (const link of this.links) if (link.reaches(database)) link.cut();
  }

  /** Statements arrive, answers do not. */
  silence(database: string): void {
    this.change(database, { silent: true });
  }

  /** The answer to the nth statement from now is lost together with the connection; or the statement itself is. */
  lose(
    database: string,
    { statement, nth, lost }: { statement: Statement; nth: number; lost: Trap['lost'] },
  ): void {
    this.change(database, { trap: { statement, left: nth, lost } });
  }

  /** Fair weather again. Connections whose answers were swallowed are of no use any more and end. */
  heal(): void {
    for (const [database, { silent }] of this.weather) if (silent) this.drop(database);
    this.weather.clear();
  }

  /** Databases of which an answer or a statement was lost since the last time this was asked. */
  takeSprung(): string[] {
    return this.sprungFor.splice(0);
  }

  weatherOf(database: string): Weather {
    return this.weather.get(database) ?? this.weather.get('*') ?? FAIR();
  }

  sprung(database: string): void {
    this.sprungFor.push(database);
    for (const weather of this.weather.values()) weather.trap = undefined;
  }

  private change(database: string, change: Partial<Weather>): void {
    this.weather.set(database, { ...(this.weather.get(database) ?? FAIR()), ...change });
  }
}
