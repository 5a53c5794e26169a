import { Unavailable } from '@daftari/kernel';
import { watchBreaker } from '@daftari/service-kit';
import CircuitBreaker from 'opossum';
import { Agent, request } from 'undici';
import type { GatewayConfig } from './config.js';
import type { Upstream } from './routes.js';

/** A request on its way to a service. */
export interface Forward {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** A service's answer. */
export interface Forwarded {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

const NAMES: readonly Upstream[] = [
  'identity',
  'origination',
  'ledger',
  'payments',
  'notifications',
  'reporting',
];

/** The way to the services: one connection pool, one timeout and one breaker each. A service that is down is a 503 at once. */
export class Upstreams {
  private readonly agent = new Agent({
    connections: 64,
    connectTimeout: 1_000,
    keepAliveTimeout: 10_000,
  });
  private readonly breakers: ReadonlyMap<Upstream, CircuitBreaker<[Forward], Forwarded>>;
  readonly urls: ReadonlyMap<Upstream, string>;

  constructor(config: GatewayConfig) {
    this.urls = new Map(
      NAMES.map((name) => [name, config[`${name.toUpperCase()}_URL` as 'IDENTITY_URL']]),
    );
    this.breakers = new Map(
      [...this.urls].map(([name, url]) => [
        name,
        this.breaker(name, url, config.UPSTREAM_TIMEOUT_MS),
      ]),
    );
  }

  /** Sends a request on. Throws Unavailable when the service does not answer in time or its breaker is open. */
  async forward(upstream: Upstream, call: Forward): Promise<Forwarded> {
    const breaker = this.breakers.get(upstream);
    if (!breaker) throw new Unavailable(`there is no ${upstream}`);
    return breaker.fire(call).catch((cause: unknown) => {
      throw new Unavailable(`${upstream} does not answer`, 1_000, { cause });
    });
  }

  async close(): Promise<void> {
    for (const breaker of this.breakers.values()) breaker.shutdown();
    await this.agent.destroy();
  }

  private breaker(
    name: string,
    url: string,
    timeoutMs: number,
  ): CircuitBreaker<[Forward], Forwarded> {
    const send = async ({ method, path, headers, body }: Forward): Promise<Forwarded> => {
      const response = await request(`${url}${path}`, {
        method: method as 'GET',
        headers,
        dispatcher: this.agent,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        ...(body ? { body } : {}),
      });
      return {
        status: response.statusCode,
        headers: response.headers,
        body: Buffer.from(await response.body.arrayBuffer()),
      };
    };
    const breaker = new CircuitBreaker(send, {
      timeout: timeoutMs,
      errorThresholdPercentage: 50,
      volumeThreshold: 20,
      resetTimeout: 1_000,
      name,
    });
    watchBreaker(breaker);
    return breaker;
  }
}
