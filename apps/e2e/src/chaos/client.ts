import { randomUUID } from 'node:crypto';
import type { Entry, Journal, Json } from './journal.js';
import { type Random, sleep } from './random.js';

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly data: Json;
}

const PATIENCE_MS = 150_000;
const AGAIN_MS = 300;

const settles = ({ status, code }: Answer): boolean =>
  status < 500 && status !== 401 && status !== 429 && code !== 'idempotency/in-progress';

/** A user of the gateway who writes down every command, and repeats it under its key until it has an answer. */
export class Client {
  private token: string | undefined;

  constructor(
    private readonly gateway: string,
    private readonly journal: Journal,
    private readonly random: Random,
    private readonly login?: { readonly email: string; readonly password: string },
  ) {}

  /** Sends a command until it is settled. Now and then it is sent twice at once, as an impatient client does. */
  async command(path: string, body: Json, method = 'POST'): Promise<Entry> {
    const entry: Entry = {
      requestId: randomUUID(),
      key: randomUUID(),
      who: this.login?.email ?? 'anybody',
      path,
      body,
      tries: [],
      outcome: 'unknown',
      status: 0,
      code: '',
      data: null,
    };
    this.journal.entries.push(entry);
    const runs = [this.untilSettled(entry, method)];
    if (this.random.chance(0.15)) runs.push(this.untilSettled(entry, method));
    await Promise.all(runs);
    return entry;
  }

  /** Sends a settled command again: the journal holds the answer against the first. */
  repeat(entry: Entry): Promise<void> {
    return this.untilSettled(entry, 'POST');
  }

  /** The data at a path; tries again while it cannot be had. Undefined for a 404. */
  async read(path: string): Promise<Json> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const answer = await this.send(path, {}).catch(() => undefined);
      if (answer?.status === 404) return undefined;
      if (answer && answer.status < 300) return answer.data;
      if (answer && settles(answer))
        throw new Error(`${path}: ${String(answer.status)} ${answer.code}`);
      if (answer?.status === 401) await this.enter();
      if (answer?.status === 500) this.journal.violations.push(`500 for GET ${path}`);
      if (Date.now() > deadline) throw new Error(`${path}: no answer in time`);
      await sleep(AGAIN_MS);
    }
  }

  private async untilSettled(entry: Entry, method: string): Promise<void> {
    const { path, body, key } = entry;
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const started = Date.now();
      const answer = await this.send(path, { body, key, method }).catch(() => undefined);
      entry.tries.push({
        at: new Date(started).toISOString(),
        ms: Date.now() - started,
        status: answer?.status ?? 'lost',
        code: answer?.code ?? '',
      });
      if (answer && settles(answer)) {
        this.journal.settle(entry, answer);
        return;
      }
      if (answer?.status === 401) await this.enter();
      if (answer?.status === 500) this.journal.violations.push(`500 for ${path} ${key}`);
      if (Date.now() > deadline) return;
      await sleep(AGAIN_MS + this.random.int(0, AGAIN_MS));
    }
  }

  private async enter(): Promise<void> {
    if (!this.login) return;
    const answer = await this.send('/v1/auth/login', { body: this.login, method: 'POST' }).catch(
      () => undefined,
    );
    if (answer?.status === 200 || answer?.status === 201) this.token = answer.data.accessToken;
  }

  private async send(
    path: string,
    { body, key, method = 'GET' }: { body?: Json; key?: string; method?: string },
  ): Promise<Answer> {
    const response = await fetch(`${this.gateway}/api${path}`, {
      method,
      headers: {
        ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    });
    const envelope = (await response.json()) as { data?: Json; metadata?: { code?: string } };
    return {
      status: response.status,
      code: envelope.metadata?.code ?? '',
      data: envelope.data ?? null,
    };
  }
}
