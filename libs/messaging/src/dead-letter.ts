import type { BusMessage, OutgoingMessage, TopicSpec } from './port.js';

/** Where the dead letters of a topic go, for a group. */
export const deadLetterTopic = (topic: string, group: string): string => `${topic}.dlq.${group}`;

/** Is this a topic of dead letters? They are kept until people have dealt with them. */
export const isDeadLetterTopic = (topic: string): boolean => topic.includes('.dlq.');

/** Where a group puts messages of a topic that it handles later or again; nobody else reads it. */
export const retryTopic = (topic: string, group: string): string => `${topic}.retry.${group}`;

/** Is this a topic of messages that a group handles later? */
export const isRetryTopic = (topic: string): boolean => topic.includes('.retry.');

/** The topics that a group needs for itself, beside those that it consumes: retries and dead letters of each. */
export const groupTopics = (group: string, consumed: readonly string[]): TopicSpec[] =>
  consumed.flatMap((topic) => [
    { topic: retryTopic(topic, group), partitions: 1 },
    { topic: deadLetterTopic(topic, group), partitions: 1 },
  ]);

/** A message for the retry topic: it is handled as if it still lay on its own topic, not before `notBefore`. */
export const retryOf = (
  raw: BusMessage,
  retry: { readonly group: string; readonly attempts: number; readonly notBefore: Date },
): OutgoingMessage => ({
  topic: retryTopic(raw.topic, retry.group),
  key: raw.key,
  value: raw.value,
  headers: {
    ...raw.headers,
    ...originOf(raw),
    'x-attempts': String(retry.attempts),
    'x-not-before': retry.notBefore.toISOString(),
  },
});

/** A message of a retry topic as it lay on its own topic; any other as it is. */
export const asOriginal = (raw: BusMessage): BusMessage => {
  const topic = raw.headers['x-original-topic'];
  return topic === undefined ? raw : { ...raw, topic };
};

/** When a message may be handled, in ms from `now`; 0 for at once. */
export const waitOf = (raw: BusMessage, now: number): number => {
  const notBefore = Date.parse(raw.headers['x-not-before'] ?? '');
  return Number.isNaN(notBefore) ? 0 : Math.max(0, notBefore - now);
};

const originOf = ({ topic, partition, offset, headers }: BusMessage): Record<string, string> => ({
  'x-original-topic': headers['x-original-topic'] ?? topic,
  'x-original-partition': headers['x-original-partition'] ?? String(partition),
  'x-original-offset': headers['x-original-offset'] ?? String(offset),
});

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
      ...originOf(raw),
      'x-failed-at': failedAt.toISOString(),
    },
  };
};
