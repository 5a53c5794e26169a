import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a running embedded platform says of itself in its data folder. */
export interface PlatformState {
  readonly gateway: string;
  /** Every instance of the gateway; the first is `gateway`. */
  readonly gateways: readonly string[];
  readonly sandbox: string;
  readonly password: string;
  readonly launcher: number;
  readonly pids: Readonly<Record<string, number>>;
}

/** Reads the state of the platform that runs on a data folder; throws when none does. */
export const platformState = (dataDir: string): PlatformState =>
  JSON.parse(readFileSync(join(dataDir, 'platform.json'), 'utf8')) as PlatformState;

/** An answer of the API. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly success: boolean;
    // The shape depends on the route; drivers of tests read what they expect.
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    readonly data?: any;
    readonly message?: string;
    readonly errors?: readonly string[];
    readonly metadata: Readonly<Record<string, unknown>>;
  };
}

/** How a request is sent. */
export interface CallOptions {
  readonly body?: unknown;
  readonly key?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const RETRY_FOR_MS = 120_000;

/** Refused for now: the same request may succeed in a moment. */
const isForLater = ({ status, body }: ApiAnswer): boolean =>
  status === 429 || body.metadata.code === 'idempotency/in-progress';

/** A client of the gateway, as one user. Keeps trying with the same key while the platform is being repaired, as a good client does. */
export class ApiUser {
  constructor(
    readonly gateway: string,
    private token: string | undefined,
    private readonly renew?: () => Promise<string>,
  ) {}

  /** Logs in, at the demo tenant unless another is named. */
  static async login(
    gateway: string,
    email: string,
    password: string,
    tenant?: string,
  ): Promise<ApiUser> {
    const anonymous = new ApiUser(gateway, undefined);
    const login = async (): Promise<string> =>
      String(
        (
          await anonymous.ok('/v1/auth/login', {
            body: { email, password, ...(tenant === undefined ? {} : { tenant }) },
          })
        ).accessToken,
      );
    let entering: Promise<string> | undefined;
    // Many requests of one user may find its session over at once; they share one login.
    const enter = (): Promise<string> =>
      (entering ??= login().finally(() => {
        entering = undefined;
      }));
    return new ApiUser(gateway, await enter(), enter);
  }

  /** One request, whatever comes of it. */
  async call(path: string, { body, key, method, headers }: CallOptions = {}): Promise<ApiAnswer> {
    const response = await fetch(`${this.gateway}/api${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as ApiAnswer['body'],
    };
  }

  /** The data of a successful answer; tries again while a part of the platform is down, and throws for a refusal. */
  async ok(
    path: string,
    options: CallOptions = {},
  ): Promise<NonNullable<ApiAnswer['body']['data']>> {
    const sent = options.body === undefined ? options : { key: randomUUID(), ...options };
    const deadline = Date.now() + RETRY_FOR_MS;
    for (;;) {
      const answer = await this.call(path, sent).catch(() => undefined);
      if (answer && answer.status < 400)
        return answer.body.data as NonNullable<ApiAnswer['body']['data']>;
      const code = answer?.body.metadata.code;
      if (answer?.status === 401 && this.renew && path !== '/v1/auth/login')
        this.token = await this.renew();
      else if (answer && answer.status < 500 && !isForLater(answer))
        throw new Error(
          `${path}: ${String(answer.status)} ${String(code)} ${answer.body.errors?.join('; ') ?? ''}`,
        );
      if (Date.now() > deadline)
        throw new Error(`${path}: no answer in time (${String(answer?.status)} ${String(code)})`);
      const waitMs =
        answer?.status === 429 ? Number(answer.headers.get('retry-after')) * 1_000 : 250;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}
