import CircuitBreaker from 'opossum';
import { Agent, request } from 'undici';

/** One call to a provider, as the activity log keeps it: no credentials, personal numbers masked by the caller. */
export interface CallRecord {
  readonly provider: string;
  readonly operation: string;
  readonly method: string;
  readonly url: string;
  readonly ourRef?: string;
  readonly status?: number;
  readonly durationMs: number;
  readonly requestBody?: string;
  readonly responseBody?: string;
  readonly error?: string;
}

/** A call to make. */
export interface ProviderCall {
  readonly provider: string;
  readonly operation: string;
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The body without secrets, for the activity log. */
  readonly logBody?: string;
  readonly ourRef?: string;
  readonly timeoutMs?: number;
}

/** An answer, or what is known about the lack of one. */
export type ProviderAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string }
  | { readonly kind: 'notSent'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Options of the client. */
export interface ProviderHttpOptions {
  readonly timeoutMs?: number;
  readonly concurrency?: number;
  readonly queue?: number;
  /** How long an open breaker keeps calls away before it lets one try. */
  readonly breakerResetMs?: number;
  /** Given each breaker when it is made, so that its state can be shown. */
  readonly onBreaker?: (breaker: CircuitBreaker) => void;
  readonly onCall?: (record: CallRecord) => void | Promise<void>;
}

class NotAnswered extends Error {
  constructor(
    readonly answer: ProviderAnswer,
    cause?: unknown,
  ) {
    super('no answer', { cause });
  }
}

/** Failures before a byte of the request left: nothing can have happened at the provider. */
const NOT_SENT = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);
const MAX_ANSWER = 64 * 1024;
/** An answer that is longer is cut off, and counts as unknown. */
const MAX_READ = 1024 * 1024;

/** The one HTTP client of the adapters: a breaker per provider and operation, a bulkhead per provider, and no retries of its own. */
export class ProviderHttp {
  private readonly agent = new Agent({ connect: { timeout: 5_000 }, maxResponseSize: MAX_READ });
  private readonly breakers = new Map<string, CircuitBreaker<[ProviderCall], ProviderAnswer>>();
  private readonly running = new Map<string, number>();
  private readonly waiting: { provider: string; go: () => void }[] = [];

  constructor(private readonly options: ProviderHttpOptions = {}) {}

  /** Never throws: a failure says whether the request can have arrived. */
  async send(call: ProviderCall): Promise<ProviderAnswer> {
    if (!(await this.enter(call.provider)))
      return { kind: 'notSent', reason: 'too many calls wait for this provider' };
    const started = performance.now();
    let answer: ProviderAnswer;
    try {
      answer = await this.breaker(call).fire(call);
    } catch (error) {
      answer =
        error instanceof NotAnswered
          ? error.answer
          : { kind: 'notSent', reason: 'the breaker is open' };
    } finally {
      this.leave(call.provider);
    }
    await this.options.onCall?.({
      provider: call.provider,
      operation: call.operation,
      method: call.method,
      url: call.url,
      durationMs: Math.round(performance.now() - started),
      ...(call.ourRef === undefined ? {} : { ourRef: call.ourRef }),
      ...(call.logBody === undefined ? {} : { requestBody: call.logBody }),
      ...(answer.kind === 'answer'
        ? { status: answer.status, responseBody: answer.text.slice(0, 4_000) }
        : { error: `${answer.kind}: ${answer.reason}` }),
    });
    return answer;
  }

  /** Lets go of its connections. */
  async close(): Promise<void> {
    for (const breaker of this.breakers.values()) breaker.shutdown();
    await this.agent.destroy();
  }

  private breaker(call: ProviderCall): CircuitBreaker<[ProviderCall], ProviderAnswer> {
    const name = `${call.provider}.${call.operation}`;
    const known = this.breakers.get(name);
    if (known) return known;
    const made = new CircuitBreaker((wanted: ProviderCall) => this.perform(wanted), {
      timeout: false,
      errorThresholdPercentage: 50,
      volumeThreshold: 20,
      resetTimeout: this.options.breakerResetMs ?? 5_000,
      name,
    });
    this.options.onBreaker?.(made);
    this.breakers.set(name, made);
    return made;
  }

  private async perform(call: ProviderCall): Promise<ProviderAnswer> {
    const timeout = call.timeoutMs ?? this.options.timeoutMs ?? 30_000;
    try {
      const response = await request(call.url, {
        method: call.method,
        headers: call.headers,
        dispatcher: this.agent,
        headersTimeout: timeout,
        bodyTimeout: timeout,
        // The two above start again with every byte; this one bounds the whole call.
        signal: AbortSignal.timeout(timeout),
        ...(call.body === undefined ? {} : { body: call.body }),
      });
      return {
        kind: 'answer',
        status: response.statusCode,
        text: (await response.body.text()).slice(0, MAX_ANSWER),
      };
    } catch (error) {
      const { code: raw, message = '' } = error as { code?: unknown; message?: string };
      const code = typeof raw === 'string' ? raw : '';
      const reason = `${code} ${message}`.trim();
      throw new NotAnswered({ kind: NOT_SENT.has(code) ? 'notSent' : 'unknown', reason }, error);
    }
  }

  private async enter(provider: string): Promise<boolean> {
    const running = this.running.get(provider) ?? 0;
    if (running < (this.options.concurrency ?? 20)) {
      this.running.set(provider, running + 1);
      return true;
    }
    if (this.waiting.length >= (this.options.queue ?? 1_000)) return false;
    await new Promise<void>((go) => this.waiting.push({ provider, go }));
    return true;
  }

  private leave(provider: string): void {
    const next = this.waiting.findIndex((waiter) => waiter.provider === provider);
    const [waiter] = next < 0 ? [] : this.waiting.splice(next, 1);
    if (waiter) waiter.go();
    else this.running.set(provider, (this.running.get(provider) ?? 1) - 1);
  }
}
