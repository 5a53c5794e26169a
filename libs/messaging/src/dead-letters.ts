import { NotFound, Rejected } from '@daftari/kernel';
import { deadLetterTopic, isDeadLetterTopic, retryOf } from './dead-letter.js';
import type { Bus, BusMessage, OutgoingMessage } from './port.js';

/** Letters of one topic that are looked at; there are never so many, unless nobody looks. */
const MOST = 10_000;

/** What people decided about a dead letter. */
export interface Resolution {
  readonly kind: 'replayed' | 'discarded';
  readonly by: string;
  readonly reason: string;
  readonly at: string;
}

/** A message that could not be handled by a group, and why. */
export interface DeadLetter {
  /** `<topic>~<group>~<offset>`: where it lies. */
  readonly id: string;
  readonly topic: string;
  readonly group: string;
  /** The code of the error, or its class where it has none. */
  readonly cause: string;
  readonly message: string;
  readonly attempts: number;
  readonly failedAt: string;
  readonly tenantId: string | null;
  readonly type: string | null;
  readonly messageId: string | null;
  readonly correlationId: string | null;
  readonly key: string | null;
  readonly original: { readonly partition: number; readonly offset: string };
  readonly resolution: Resolution | null;
}

/** A dead letter with its contents as text; null for an empty one. */
export interface DeadLetterContents extends DeadLetter {
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** Which letters. Letters that are resolved already are left out unless `resolved` is set. */
export interface DeadLetterFilter {
  readonly tenantId?: string;
  readonly topic?: string;
  readonly group?: string;
  readonly cause?: string;
  readonly resolved?: boolean;
}

interface Found {
  readonly letter: DeadLetter;
  readonly raw: BusMessage;
}

const text = (raw: BusMessage, header: string): string | null => {
  const value = raw.headers[header];
  return value === undefined || value === '' ? null : value;
};

const letterOf = (raw: BusMessage, resolution: Resolution | null): DeadLetter => {
  const [topic = '', group = ''] = raw.topic.split('.dlq.');
  return {
    id: `${topic}~${group}~${String(raw.offset)}`,
    topic,
    group,
    cause: text(raw, 'x-error-code') ?? text(raw, 'x-error-class') ?? 'unknown',
    message: text(raw, 'x-error-message') ?? '',
    attempts: Number(text(raw, 'x-attempts') ?? 1),
    failedAt: text(raw, 'x-failed-at') ?? raw.timestamp.toISOString(),
    tenantId: text(raw, 'ce_tenantid'),
    type: text(raw, 'ce_type'),
    messageId: text(raw, 'ce_id'),
    correlationId: text(raw, 'ce_correlationid'),
    key: raw.key,
    original: {
      partition: Number(text(raw, 'x-original-partition') ?? 0),
      offset: text(raw, 'x-original-offset') ?? '0',
    },
    resolution,
  };
};

const resolutionOf = (raw: BusMessage): Resolution => ({
  kind: raw.headers['x-resolution'] === 'replayed' ? 'replayed' : 'discarded',
  by: raw.headers['x-by'] ?? '',
  reason: raw.headers['x-reason'] ?? '',
  at: raw.headers['x-at'] ?? '',
});

const matches = (letter: DeadLetter, filter: DeadLetterFilter): boolean =>
  (['tenantId', 'topic', 'group', 'cause'] as const).every(
    (field) => filter[field] === undefined || letter[field] === filter[field],
  ) &&
  (filter.resolved === true || letter.resolution === null);

/** Letters of one cause. */
export interface DeadLettersOfCause {
  readonly cause: string;
  readonly count: number;
  readonly letters: readonly DeadLetter[];
}

/** Groups letters by their cause, in the order in which the causes appear. */
export const byCause = (letters: readonly DeadLetter[]): DeadLettersOfCause[] =>
  [...new Set(letters.map(({ cause }) => cause))].map((cause) => {
    const own = letters.filter((letter) => letter.cause === cause);
    return { cause, count: own.length, letters: own };
  });

/** Who decides, and why. */
export interface Decision {
  readonly by: string;
  readonly reason: string;
}

/**
 * What people do with dead letters. Nothing is taken off a topic: a decision is one more record on it, so that both
 * drivers can do this and what was decided stays readable. A replayed message goes to the retry topic of the group that
 * failed, and the inbox of the handler makes a second replay harmless.
 */
export class DeadLetters {
  constructor(
    private readonly bus: Bus,
    private readonly now: () => Date = () => new Date(),
  ) {}

  /** The letters that match, the oldest first. */
  async list(filter: DeadLetterFilter = {}): Promise<DeadLetter[]> {
    return (await this.find(filter)).map(({ letter }) => letter);
  }

  /** One letter with its contents. Throws NotFound. */
  async show(id: string, tenantId?: string): Promise<DeadLetterContents> {
    const { letter, raw } = await this.one(id, tenantId);
    return { ...letter, value: raw.value?.toString() ?? null, headers: raw.headers };
  }

  /** Hands one letter to its group again. Throws NotFound, or Rejected `dead-letter/resolved` when that was decided before. */
  async replay(id: string, decision: Decision, tenantId?: string): Promise<DeadLetter> {
    const found = await this.unresolved(id, tenantId);
    return this.replayFound(found, decision);
  }

  /** Hands every letter that matches to its group again, the oldest first; gives them. */
  async replayAll(filter: DeadLetterFilter, decision: Decision): Promise<DeadLetter[]> {
    const replayed: DeadLetter[] = [];
    for (const found of await this.find({ ...filter, resolved: false }))
      replayed.push(await this.replayFound(found, decision));
    return replayed;
  }

  /** Gives one letter up. Throws as `replay`. */
  async discard(id: string, decision: Decision, tenantId?: string): Promise<DeadLetter> {
    const { letter, raw } = await this.unresolved(id, tenantId);
    const [record, resolution] = this.record(raw, 'discarded', decision);
    await (await this.bus.producer()).send([record]);
    return { ...letter, resolution };
  }

  /** The message first: a crash between the two leaves a letter that is replayed once more, which is safe. */
  private async replayFound({ letter, raw }: Found, decision: Decision): Promise<DeadLetter> {
    const producer = await this.bus.producer();
    const { group, topic } = letter;
    const again = retryOf({ ...raw, topic }, { group, attempts: 0, notBefore: this.now() });
    const headers = Object.entries(again.headers).filter(
      ([name]) => !name.startsWith('x-error-') && name !== 'x-failed-at',
    );
    await producer.send([{ ...again, headers: Object.fromEntries(headers) }]);
    const [record, resolution] = this.record(raw, 'replayed', decision);
    await producer.send([record]);
    return { ...letter, resolution };
  }

  private record(
    raw: BusMessage,
    kind: Resolution['kind'],
    { by, reason }: Decision,
  ): [OutgoingMessage, Resolution] {
    const at = this.now().toISOString();
    const headers = {
      'x-resolves': String(raw.offset),
      'x-resolution': kind,
      'x-by': by,
      'x-reason': reason,
      'x-at': at,
    };
    return [
      { topic: raw.topic, key: raw.key, value: null, headers },
      { kind, by, reason, at },
    ];
  }

  private async unresolved(id: string, tenantId?: string): Promise<Found> {
    const found = await this.one(id, tenantId);
    if (found.letter.resolution !== null)
      throw new Rejected(
        'dead-letter/resolved',
        `The letter was ${found.letter.resolution.kind} at ${found.letter.resolution.at}`,
        409,
      );
    return found;
  }

  private async one(id: string, tenantId?: string): Promise<Found> {
    const [topic = '', group = ''] = id.split('~');
    const name = deadLetterTopic(topic, group);
    const known = (await this.bus.admin.topics()).includes(name);
    const found = (known ? await this.read(name) : []).find(({ letter }) => letter.id === id);
    if (!found || (tenantId !== undefined && found.letter.tenantId !== tenantId))
      throw new NotFound('dead-letter');
    return found;
  }

  private async find(filter: DeadLetterFilter): Promise<Found[]> {
    const topics = (await this.bus.admin.topics()).filter((topic) => isDeadLetterTopic(topic));
    const wanted = topics.filter((name) => {
      const [topic, group] = name.split('.dlq.');
      return (filter.topic ?? topic) === topic && (filter.group ?? group) === group;
    });
    const all: Found[] = [];
    for (const topic of wanted) all.push(...(await this.read(topic)));
    return all
      .filter(({ letter }) => matches(letter, filter))
      .sort((a, b) => a.letter.failedAt.localeCompare(b.letter.failedAt));
  }

  private async read(topic: string): Promise<Found[]> {
    const records = await this.bus.admin.read(topic, 0, 0n, MOST);
    const resolved = new Map(
      records.flatMap((raw) => {
        const offset = raw.headers['x-resolves'];
        return offset === undefined ? [] : [[offset, resolutionOf(raw)]];
      }),
    );
    return records
      .filter((raw) => raw.headers['x-resolves'] === undefined)
      .map((raw) => ({ raw, letter: letterOf(raw, resolved.get(String(raw.offset)) ?? null) }));
  }
}
