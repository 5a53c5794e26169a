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

type Instance = CircuitBreaker<[Forward], Forwarded>;

/** Did the request not get out at all? Then another instance may have it, whatever it is. */
const neverSent = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  ['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'EOPENBREAKER'].includes(String(error.code));

/**
 * The way to the services: one connection pool, one timeout, and a breaker for each instance. Instances take turns;
 * one that is down is passed over, and a service without any that answers is a 503 at once.
 */
export class Upstreams {
  private readonly agent = new Agent({
    connections: 64,
    connectTimeout: 1_000,
    keepAliveTimeout: 10_000,
  });
  private readonly instances: ReadonlyMap<Upstream, readonly Instance[]>;
  private turn = 0;
  /** The addresses of each service. */
  readonly urls: ReadonlyMap<Upstream, readonly string[]>;

  constructor(config: GatewayConfig) {
    this.urls = new Map(
      NAMES.map((name) => [name, config[`${name.toUpperCase()}_URL` as 'IDENTITY_URL'].split(',')]),
    );
    this.instances = new Map(
      [...this.urls].map(([name, urls]) => [
        name,
        urls.map((url) => this.breaker(name, url, config.UPSTREAM_TIMEOUT_MS)),
      ]),
    );
  }

  /** Sends a request on. Throws Unavailable when no instance answers in time. A read is tried at every instance, a write only where it cannot have arrived before. */
  async forward(upstream: Upstream, call: Forward): Promise<Forwarded> {
    const instances = this.instances.get(upstream) ?? [];
    const first = this.turn++;
    let failure: unknown;
    for (let i = 0; i < instances.length; i++) {
      try {
        const instance = instances[(first + i) % instances.length];
        if (instance) return await instance.fire(call);
      } catch (error) {
        failure = error;
        if (call.method !== 'GET' && !neverSent(error)) break;
      }
    }
    throw new Unavailable(`${upstream} does not answer`, 1_000, { cause: failure });
  }

  async close(): Promise<void> {
    for (const breaker of [...this.instances.values()].flat()) breaker.shutdown();
    await this.agent.destroy();
  }

  private breaker(name: string, url: string, timeoutMs: number): Instance {
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
