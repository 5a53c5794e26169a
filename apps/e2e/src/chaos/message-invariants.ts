import {
  disbursementCompleted,
  disbursementFailed,
  disbursementRequested,
  loanActivated,
  repaymentAllocated,
  TOPIC,
  transactionPosted,
} from '@daftari/contracts';
import type { GlobalPosition, RecordedEvent } from '@daftari/event-store';
import { deterministicId } from '@daftari/kernel';
import type { IntegrationMessage } from '@daftari/messaging';
import type { Carried } from './bus.js';
import type { Invariant, Witnesses } from './invariant.js';
import { bothWays } from './promise-invariants.js';
import { EVENT_SOURCED } from './quiet.js';
import type { Stores } from './stores.js';

type Translate = (event: RecordedEvent) => readonly IntegrationMessage[];

/** Who must have handled what: the consumer's name in its inbox, the topics, and the types that it cares for. */
const READERS: readonly {
  readonly database: string;
  readonly consumer: string;
  readonly topics: readonly string[];
  readonly types?: readonly string[];
}[] = [
  {
    database: 'ledger',
    consumer: 'ledger.audit',
    topics: [
      TOPIC.auditV1,
      TOPIC.userV1,
      TOPIC.tenantV1,
      TOPIC.applicationV1,
      TOPIC.loanV1,
      TOPIC.paymentV1,
      TOPIC.disbursementV1,
      TOPIC.deliveryV1,
    ],
  },
  { database: 'reporting', consumer: 'reporting.loans', topics: [TOPIC.loanV1] },
  {
    database: 'reporting',
    consumer: 'reporting.ledger-totals',
    topics: [TOPIC.ledgerTransactionV1],
    types: [transactionPosted.type],
  },
  {
    database: 'notifications',
    consumer: 'notifications.loan',
    topics: [TOPIC.loanV1],
    types: [loanActivated.type, repaymentAllocated.type],
  },
  {
    database: 'origination',
    consumer: 'origination.record-disbursement',
    topics: [TOPIC.disbursementV1],
    types: [disbursementCompleted.type, disbursementFailed.type],
  },
  {
    database: 'payments',
    consumer: 'payments.start-disbursement',
    topics: [TOPIC.loanV1],
    types: [disbursementRequested.type],
  },
];

const isDeadLetter = ({ topic }: Carried): boolean => topic.includes('.dlq.');

/** What a service's own translation makes of its log: what must be on the bus, and nothing else of it. */
const promised = async (stores: Stores, service: string): Promise<IntegrationMessage[]> => {
  const { translate } = (await import(
    new URL(`../../../${service}/dist/translate.js`, import.meta.url).href
  )) as { translate: Translate };
  const { rows } = await stores.pool(service).query<{
    id: string;
    type: string;
    data: string;
    metadata: string;
    stream: string;
    revision: string;
    pos: string;
    created: Date;
  }>(
    `select e.event_id as id, e.type, convert_from(e.data, 'UTF8') as data, convert_from(e.metadata, 'UTF8') as metadata, s.name as stream,
       e.revision::text, e.pos::text, e.created from es.event e join es.stream s using (stream_id) order by e.pos`,
  );
  return rows.flatMap((row) =>
    translate({
      id: row.id,
      type: row.type,
      data: JSON.parse(row.data) as unknown,
      metadata: JSON.parse(row.metadata) as Record<string, string>,
      stream: row.stream,
      revision: BigInt(row.revision),
      position: `pg:${row.pos.padStart(20, '0')}` as GlobalPosition,
      recordedAt: row.created,
    }),
  );
};

/** The first time each message came, by key, in the order of its log: a repeat may come later, never anything before its time. */
const outOfOrder = (carried: readonly Carried[], sent: readonly IntegrationMessage[]): string[] => {
  const place = new Map(sent.map(({ id }, index) => [id, index]));
  const seen = new Set<string>();
  const last = new Map<string, number>();
  const problems: string[] = [];
  for (const { id, topic, key } of carried) {
    const at = place.get(id);
    if (at === undefined || seen.has(id)) continue;
    seen.add(id);
    const line = `${topic} ${key ?? ''}`;
    if (at < (last.get(line) ?? -1)) problems.push(`${line}: ${id} came after a later fact`);
    last.set(line, at);
  }
  return problems;
};

/** Topics whose messages all come out of logs of events. */
const OF_LOGS: readonly string[] = [
  TOPIC.applicationV1,
  TOPIC.loanV1,
  TOPIC.paymentV1,
  TOPIC.disbursementV1,
  TOPIC.ledgerCommandsV1,
  TOPIC.ledgerTransactionV1,
];

const published = async (
  { stores, poison }: Witnesses,
  all: readonly Carried[],
): Promise<string[]> => {
  const carried = all.filter(({ topic, id }) => OF_LOGS.includes(topic) && !poison.has(id));
  const want = new Set<string>();
  const problems: string[] = [];
  for (const service of EVENT_SOURCED) {
    const sent = await promised(stores, service);
    for (const { id } of sent) want.add(id);
    problems.push(...outOfOrder(carried, sent));
  }
  return [...problems, ...bothWays('published', new Set(carried.map(({ id }) => id)), want)];
};

const handled = async (
  { stores, poison }: Witnesses,
  all: readonly Carried[],
): Promise<string[]> => {
  const problems: string[] = [];
  for (const { database, consumer, topics, types } of READERS) {
    const want = new Set(
      all
        .filter(({ topic, type, id }) => {
          const cares = types === undefined || types.includes(type);
          return cares && topics.includes(topic) && !poison.has(id);
        })
        .map(({ id }) => id),
    );
    const rows = await stores.rows(
      database,
      'select message_id as id from inbox where consumer = $1',
      [consumer],
    );
    const have = new Set(rows.map(({ id = '' }) => id).filter((id) => !poison.has(id)));
    problems.push(...bothWays(`handled by ${consumer}`, have, want));
  }
  return problems;
};

/** I6: every fact reaches everybody, once. */
export const MESSAGES: readonly Invariant[] = [
  {
    id: 'I6',
    says: 'each event is on the bus in its order, and each consumer handled it once',
    evidence: async (witnesses) => {
      const all = await witnesses.bus.messages();
      return [...(await published(witnesses, all)), ...(await handled(witnesses, all))];
    },
  },
  {
    id: 'I6-audit',
    says: 'the audit trail holds each fact once',
    evidence: async ({ stores }) => {
      const rows = await stores.rows(
        'ledger',
        `select (select count(*) from inbox where consumer = 'ledger.audit')::text as handled, (select count(*) from es.event where type = 'AuditRecorded')::text as kept,
           (select count(distinct message_id) from read_audit)::text as shown`,
      );
      const { handled: told, kept, shown } = rows[0] ?? {};
      return told === kept && kept === shown
        ? []
        : [`handled ${told ?? ''}, kept ${kept ?? ''}, shown ${shown ?? ''}`];
    },
  },
  {
    id: 'jobs',
    says: 'each mail and SMS was a job that ended well, and was told of once',
    evidence: async ({ stores, bus, poison }) => {
      const jobs = await stores.rows(
        'notifications',
        `select delivery.id, delivery.status, job.state, job.attempts::text from delivery left join job using (id)
         where channel <> 'in-app'`,
      );
      const unfinished = jobs.filter(
        ({ status, state }) => status !== 'accepted' || state !== 'succeeded',
      );
      const want = jobs.map(({ id = '', attempts = '' }) =>
        deterministicId('delivery-recorded', id, attempts),
      );
      const told = (await bus.messages()).filter(
        ({ topic, id }) => topic === TOPIC.deliveryV1 && !poison.has(id),
      );
      return [
        ...unfinished.map((job) => `delivery ${JSON.stringify(job)}`),
        ...bothWays('told of', new Set(told.map(({ id }) => id)), new Set(want)),
      ];
    },
  },
  {
    id: 'dead-letters',
    says: 'nothing is a dead letter but what was made to be one',
    evidence: async ({ bus, poison }) =>
      (await bus.messages())
        .filter((message) => isDeadLetter(message) && !poison.has(message.id))
        .map(({ topic, id, type }) => `${topic}: ${type} ${id}`),
  },
];
