import type { BusMessage, OutgoingMessage } from './port.js';

/** Where the dead letters of a topic go, for a group. */
export const deadLetterTopic = (topic: string, group: string): string => `${topic}.dlq.${group}`;

/** The message as it was, with why and where it failed in its headers. */
export const deadLetterOf = (
  raw: BusMessage,
  failure: {
    readonly group: string;
    readonly error: unknown;
    readonly attempts: number;
    readonly failedAt: Date;
  },
): OutgoingMessage => {
  const { error, group, attempts, failedAt } = failure;
  const reason = error instanceof Error ? error : new Error(String(error));
  return {
    topic: deadLetterTopic(raw.topic, group),
    key: raw.key,
    value: raw.value,
    headers: {
      ...raw.headers,
      'x-error-class': reason.name,
      'x-error-code': 'code' in reason ? String(reason.code) : '',
      'x-error-message': reason.message.slice(0, 500),
      'x-attempts': String(attempts),
      'x-original-topic': raw.topic,
      'x-original-partition': String(raw.partition),
      'x-original-offset': String(raw.offset),
      'x-failed-at': failedAt.toISOString(),
    },
  };
};
