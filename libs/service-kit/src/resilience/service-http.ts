import { Injectable } from '@nestjs/common';
import { NotFound, Unavailable } from '@daftari/kernel';
import CircuitBreaker from 'opossum';
import { request } from 'undici';
import { watchBreaker } from '../observe.js';
import { currentTrace, nextTraceparent, type Span, startSpan } from '../trace.js';

interface Answer {
  readonly status: number;
  readonly body: { data?: unknown; message?: string };
}
interface Call {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const TIMEOUT_MS = 5_000;
const spanOf = ({ method, url }: Call): Span | undefined => {
  const { host } = new URL(url);
  const parent = currentTrace()?.traceparent;
  const attributes = { 'http.request.method': method, 'server.address': host };
  return startSpan({
    name: `${method} ${host}`,
    kind: 'client',
    ...(parent && { parent }),
    attributes,
  });
};
const traceHeaders = (span: Span | undefined): Record<string, string> => {
  const trace = currentTrace();
  if (!trace) return span ? { traceparent: span.traceparent } : {};
  return {
    'x-request-id': trace.correlationId,
    traceparent: span?.traceparent ?? nextTraceparent(trace.traceparent),
  };
};
const send = async (call: Call): Promise<Answer> => {
  const span = spanOf(call);
  let failed = true;
  try {
    const answer = await exchange(call, span);
    failed = false;
    return answer;
  } finally {
    span?.end({}, failed);
  }
};
const exchange = async (call: Call, span: Span | undefined): Promise<Answer> => {
  const response = await request(call.url, {
    method: call.method,
    headers: {
      accept: 'application/json',
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...traceHeaders(span),
      ...call.headers,
    },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  const body = (await response.body.json()) as Answer['body'];
  if (response.statusCode >= 500)
    throw new Error(`${call.url} answered ${String(response.statusCode)}`);
  return { status: response.statusCode, body };
};

/** Calls between services: a timeout and a breaker for each host. A host that is down fails at once as Unavailable. */
@Injectable()
export class ServiceHttp {
  private readonly breakers = new Map<string, CircuitBreaker<[Call], Answer>>();

  /** The `data` of the answer's envelope. NotFound for a 404, Unavailable for anything that is not an answer. */
  async get<T>(
    url: string,
    options: { headers?: Readonly<Record<string, string>> } = {},
  ): Promise<T> {
    return this.call<T>({ method: 'GET', url, headers: options.headers ?? {} });
  }

  /** As `get`, with a JSON body. */
  async post<T>(
    url: string,
    body: unknown,
    options: { headers?: Readonly<Record<string, string>> } = {},
  ): Promise<T> {
    return this.call<T>({ method: 'POST', url, body, headers: options.headers ?? {} });
  }

  private async call<T>(call: Call): Promise<T> {
    const { origin } = new URL(call.url);
    const answer = await this.breaker(origin)
      .fire(call)
      .catch((cause: unknown) => {
        throw new Unavailable(`${origin} does not answer`, 1_000, { cause });
      });
    if (answer.status === 404) throw new NotFound('resource');
    if (answer.status >= 400)
      throw new Unavailable(`${origin} refused: ${answer.body.message ?? String(answer.status)}`);
    return answer.body.data as T;
  }

  private breaker(origin: string): CircuitBreaker<[Call], Answer> {
    const known = this.breakers.get(origin);
    if (known) return known;
    const made = new CircuitBreaker(send, {
      timeout: TIMEOUT_MS,
      errorThresholdPercentage: 50,
      volumeThreshold: 10,
      resetTimeout: 2_000,
      name: origin,
    });
    watchBreaker(made);
    this.breakers.set(origin, made);
    return made;
  }
}
