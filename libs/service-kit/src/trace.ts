import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

/** What the work that runs now belongs to: the request or callback that it began with, and its W3C trace. */
export interface Trace {
  readonly correlationId: string;
  /** W3C trace context of the caller: `00-<trace id>-<parent id>-<flags>`. */
  readonly traceparent?: string;
}

const storage = new AsyncLocalStorage<Trace>();
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Runs work as part of a trace; everything that it starts belongs to it too. */
export const runInTrace = <T>(trace: Trace, work: () => T): T => storage.run(trace, work);

/** The trace of the work that runs now; undefined outside requests and messages. */
export const currentTrace = (): Trace | undefined => storage.getStore();

/** A well-formed `traceparent` header value, or undefined. Source: W3C Trace Context §3.2. */
export const traceparentFrom = (value: unknown): string | undefined =>
  typeof value === 'string' && TRACEPARENT.test(value) ? value : undefined;

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

/** The same trace with a new parent id, for what leaves this process; a new trace where there is none. */
export const nextTraceparent = (parent?: string): string => {
  const [, traceId = hex(16), , flags = '01'] = parent?.split('-') ?? [];
  return `00-${traceId}-${hex(8)}-${flags}`;
};

/** What a span is of: work for a caller, a call to another, a message given to the bus, a message handled. */
export type SpanKind = 'server' | 'client' | 'producer' | 'consumer';
/** What is said of a span; never personal data or secrets. */
export type SpanAttributes = Readonly<Record<string, string | number>>;

/** A span to start; without a parent it begins a trace. */
export interface SpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  readonly parent?: string;
  readonly attributes?: SpanAttributes;
}

/** A span that runs. */
export interface Span {
  /** What its children, here or elsewhere, name as their parent. */
  readonly traceparent: string;
  end(attributes?: SpanAttributes, failed?: boolean): void;
}

let recorder: ((start: SpanStart) => Span) | undefined;

/** Has every span of this process recorded; undefined ends it. */
export const recordSpans = (record: ((start: SpanStart) => Span) | undefined): void => {
  recorder = record;
};

/** Starts a span; undefined, and no cost, when spans are not recorded. */
export const startSpan = (start: SpanStart): Span | undefined => recorder?.(start);

/** What every log line says of the work that it belongs to. */
export const traceFields = (): Readonly<Record<string, string>> => {
  const trace = currentTrace();
  if (!trace) return {};
  const traceId = trace.traceparent?.split('-')[1];
  return {
    correlationId: trace.correlationId,
    ...(traceId === undefined ? {} : { traceId }),
  };
};
