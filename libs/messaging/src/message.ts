import { ContractViolation } from '@daftari/kernel';
import type { BusMessage, OutgoingMessage } from './port.js';

/** A message that can never be handled: it cannot be read, or breaks its schema. It goes to the dead letters. */
export class PoisonMessage extends ContractViolation {
  constructor(message: string, options?: ErrorOptions) {
    super(message, [], 'message/poison', options);
  }
}

/** A fact or a command between services. */
export interface IntegrationMessage<T = unknown> {
  readonly id: string;
  readonly type: string;
  readonly topic: string;
  readonly key: string;
  readonly source: string;
  readonly subject?: string;
  readonly time: string;
  readonly tenantId: string;
  readonly correlationId: string;
  readonly causationId?: string;
  /** Revision of the event in its stream: a higher one is newer. */
  readonly sequence?: string;
  readonly traceparent?: string;
  readonly data: T;
}

const OPTIONAL = {
  subject: 'ce_subject',
  causationId: 'ce_causationid',
  sequence: 'ce_sequence',
  traceparent: 'traceparent',
} as const;

/** CloudEvents 1.0, Kafka binary mode: attributes as headers, data as the value. */
export const toBusMessage = (message: IntegrationMessage): OutgoingMessage => ({
  topic: message.topic,
  key: message.key,
  value: Buffer.from(JSON.stringify(message.data)),
  headers: {
    ce_specversion: '1.0',
    ce_id: message.id,
    ce_source: message.source,
    ce_type: message.type,
    ce_time: message.time,
    ce_tenantid: message.tenantId,
    ce_correlationid: message.correlationId,
    ce_partitionkey: message.key,
    'content-type': 'application/json',
    ...Object.fromEntries(
      Object.entries(OPTIONAL).flatMap(([field, header]) => {
        const value = message[field as keyof typeof OPTIONAL];
        return value === undefined ? [] : [[header, value]];
      }),
    ),
  },
});

/** Reads a message; throws PoisonMessage for one that is not CloudEvents JSON. */
export const fromBusMessage = (message: BusMessage): IntegrationMessage => {
  const need = (name: string): string => {
    const value = message.headers[name];
    if (value === undefined || value === '') throw new PoisonMessage(`header ${name} is missing`);
    return value;
  };
  if (need('ce_specversion') !== '1.0')
    throw new PoisonMessage('only CloudEvents 1.0 is understood');
  if (Number.isNaN(Date.parse(need('ce_time')))) throw new PoisonMessage('ce_time is not a time');
  if (message.value === null) throw new PoisonMessage('the value is empty');
  let data: unknown;
  try {
    data = JSON.parse(message.value.toString('utf8'));
  } catch (cause) {
    throw new PoisonMessage('the value is not JSON', { cause });
  }
  const optional = Object.fromEntries(
    Object.entries(OPTIONAL).flatMap(([field, header]) => {
      const value = message.headers[header];
      return value === undefined ? [] : [[field, value]];
    }),
  );
  return {
    id: need('ce_id'),
    type: need('ce_type'),
    topic: message.topic,
    key: message.key ?? '',
    source: need('ce_source'),
    time: need('ce_time'),
    tenantId: need('ce_tenantid'),
    correlationId: need('ce_correlationid'),
    ...optional,
    data,
  };
};
