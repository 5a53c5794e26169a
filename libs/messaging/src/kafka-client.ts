import { createRequire } from 'node:module';
import {
  type ISocketFactory,
  Kafka,
  type KafkaConfig,
  type LogEntry,
  logLevel,
  type SASLOptions,
} from 'kafkajs';

/** How a Kafka cluster is reached. */
export interface KafkaBusOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** TLS, by the authorities that Node knows or by these (PEM). */
  readonly ssl?: boolean | { readonly ca: string[] };
  readonly sasl?: SASLOptions;
  /** Copies of every topic that is made; 3 for a cluster, 1 for a single broker. */
  readonly replicationFactor?: number;
  /** How long topics keep messages; dead letters are kept until people have dealt with them. */
  readonly retentionDays?: number;
  /** What the client has to say: most of it is about brokers that come and go. */
  readonly onLog?: (level: 'warn' | 'debug', text: string, fields: object) => void;
  /** Makes the sockets; tests put a faulty wire here. */
  readonly socketFactory?: ISocketFactory;
}

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

let patched = false;

/** kafkajs 2.2.4 looks at its empty request queue about every millisecond for ever (tulios/kafkajs#1704): an idle one needs no look. */
const patchIdleLoop = (): void => {
  if (patched) return;
  patched = true;
  const require = createRequire(import.meta.url);
  const { prototype } = require('kafkajs/src/network/requestQueue/index.js') as {
    prototype: RequestQueue;
  };
  const original = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) original.call(this);
  };
};

/** The kafkajs client of one process. It retries what a broker that restarts needs, never for ever. */
export const kafkaClient = (options: KafkaBusOptions): Kafka => {
  patchIdleLoop();
  const config: KafkaConfig = {
    clientId: options.clientId,
    brokers: [...options.brokers],
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 },
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ namespace, level, log }: LogEntry) => {
        const { message, timestamp: _, ...fields } = log;
        const weight = level === logLevel.ERROR || level === logLevel.WARN ? 'warn' : 'debug';
        options.onLog?.(weight, `kafka ${namespace}: ${message}`, fields);
      },
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
    ...(options.socketFactory === undefined ? {} : { socketFactory: options.socketFactory }),
  };
  return new Kafka(config);
};
