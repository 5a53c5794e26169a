import { randomBytes, randomUUID } from 'node:crypto';
import { paymentSettled, TOPIC } from '@daftari/contracts';
import { toBusMessage } from '@daftari/messaging';
import type { Raw } from '../bus.js';
import { sleep } from '../random.js';
import type { Fault, FaultContext } from './fault.js';

const TOPICS = Object.values(TOPIC);

/** Puts the newest messages of a topic on the bus again, each one to five times, in any order. */
const repeatSome = async ({ bus, random, note }: FaultContext): Promise<void> => {
  const topic = random.pick(TOPICS);
  const found = await bus.newest(topic, random.int(5, 40)).catch(() => []);
  const copies = found.flatMap((message) =>
    Array.from({ length: random.int(1, 5) }, () => message),
  );
  if (copies.length === 0) return;
  await bus.produce(random.shuffled(copies)).catch((error: unknown) => {
    note(`repeats failed: ${String(error)}`);
  });
  note(`${String(copies.length)} repeats on ${topic}`);
};

const poisonOf = (original: Raw, kind: (typeof POISONS)[number], id: string): Raw => {
  const headers: Record<string, string> = { ...original.headers, ce_id: id };
  switch (kind) {
    case 'bad JSON':
      return { ...original, headers, value: Buffer.from('{"loanId": ') };
    case 'no value':
      return { ...original, headers, value: null };
    case 'unknown type':
      return { ...original, headers: { ...headers, ce_type: 'daftari.nobody.knows.v1' } };
    case 'unknown version':
      return { ...original, headers: { ...headers, ce_specversion: '9.9' } };
    case 'wrong shape':
      return { ...original, headers, value: Buffer.from('{"loanId": 7, "amount": null}') };
    case 'no tenant':
      return { ...original, headers: { ...headers, ce_tenantid: '' } };
    case 'too big':
      return {
        ...original,
        headers,
        value: Buffer.from(JSON.stringify({ text: randomBytes(1_500_000).toString('base64') })),
      };
  }
};
const POISONS = [
  'bad JSON',
  'no value',
  'unknown type',
  'unknown version',
  'wrong shape',
  'no tenant',
  'too big',
] as const;

/** Can be read, and no handler can do it: money for a loan that nobody has. */
const impossible = (tenantId: string, id: string): Raw => {
  const [loanId, paymentId, customerId] = [randomUUID(), randomUUID(), randomUUID()];
  const amount = { amount: '1.00', currency: 'KES' };
  const facts = { method: 'mpesa-c2b', amount, receipt: 'SNOBODY', effectiveOn: '2026-01-02' };
  return toBusMessage({
    id,
    type: paymentSettled.type,
    topic: TOPIC.paymentV1,
    key: loanId,
    source: '/daftari/payments',
    time: new Date().toISOString(),
    tenantId,
    correlationId: id,
    data: { paymentId, loanId, customerId, ...facts },
  });
};

const poisonSome = async (context: FaultContext): Promise<void> => {
  const { bus, random, note, poison } = context;
  const topic = random.pick(TOPICS);
  const [original] = await bus.newest(topic, 1).catch(() => []);
  if (!original) return;
  const kinds = random.shuffled(POISONS).slice(0, random.int(1, 3));
  const messages = kinds.map((kind) => {
    const id = randomUUID();
    poison.add(id);
    return poisonOf(original, kind, id);
  });
  if (random.chance(0.3)) {
    const id = randomUUID();
    poison.add(id);
    messages.push(impossible(original.headers.ce_tenantid ?? '', id));
    note('a payment of a loan that nobody has');
  }
  await bus.produce(messages);
  note(`${kinds.join(', ')} on ${topic}`);
};

const everyNowAndThen = (what: (context: FaultContext) => Promise<void>): Fault['strike'] =>
  async function strike(context): Promise<void> {
    const times = context.random.int(4, 8);
    for (let index = 0; index < times; index++) {
      await sleep(context.random.int(300, 1_200));
      await what(context);
    }
  };

/** F7 and F8: messages come again, late and in any order, and messages come that nobody can read. */
export const MESSAGE_FAULTS: readonly Fault[] = [
  { name: 'repeats in any order', row: 'F7', strike: everyNowAndThen(repeatSome) },
  { name: 'poison', row: 'F8', strike: everyNowAndThen(poisonSome) },
];
