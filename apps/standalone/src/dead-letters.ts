import 'reflect-metadata';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type AuditRecorded, auditRecorded } from '@daftari/contracts';
import {
  type Bus,
  byCause,
  createKafkaBus,
  createPgBus,
  type DeadLetter,
  DeadLetters,
  toBusMessage,
} from '@daftari/messaging';
import { kafkaOptionsOf, messageFrom, newId } from '@daftari/service-kit';
import { portsFrom } from './layout.js';
import { loadBusSettings, loadStandaloneConfig } from './load.js';
import { PostgresServer } from './postgres-server.js';
import { secretsIn } from './secrets.js';

const HELP = `npm run dead-letters -- <command>

  list                       what waits, by cause
  show <id>                  one letter with its contents
  replay <id> | --all        hands it to its service again; what was handled after all is not handled twice
  discard <id>               gives it up

  --cause, --topic, --group, --tenant   narrow list and replay --all
  --resolved                            list: also what was dealt with
  --reason                              replay and discard: why; needed
  --json                                list: one letter a line

Works on the bus of BUS, KAFKA_BROKERS and so on; without them on the embedded platform of DATA_DIR, which must run.
`;

const fail = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

const parse = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        cause: text,
        topic: text,
        group: text,
        tenant: text,
        reason: text,
        resolved: flag,
        all: flag,
        json: flag,
        help: { ...flag, short: 'h' },
      },
    });
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
  }
};

const openBus = async (): Promise<Bus> => {
  const { config, kind } = loadBusSettings(process.env);
  if (kind === 'kafka') return createKafkaBus(kafkaOptionsOf(config, 'dead-letters'));
  const standalone = loadStandaloneConfig(process.env);
  const dataDir = resolve(standalone.DATA_DIR);
  const postgres = new PostgresServer({
    dataDir,
    port: portsFrom(standalone.PORT_BASE).postgres,
    password: secretsIn(dataDir, '').postgres,
  });
  if (!(await postgres.answers())) fail('The embedded platform does not run: start it first.');
  return createPgBus({ connectionString: await postgres.ensureDatabase('bus') });
};

const { values, positionals } = parse();
const [command = '', id = ''] = positionals;
const by = `cli:${userInfo().username}`;
const filter = {
  ...(values.cause === undefined ? {} : { cause: values.cause }),
  ...(values.topic === undefined ? {} : { topic: values.topic }),
  ...(values.group === undefined ? {} : { group: values.group }),
  ...(values.tenant === undefined ? {} : { tenantId: values.tenant }),
};
const decision = () => {
  const reason = values.reason?.trim() ?? '';
  if (reason.length < 3) fail('Say why, with --reason "...".');
  return { by, reason };
};

/** Tells the audit trail of the letter's tenant; a letter that names no tenant has only its own record. */
const audit = async (bus: Bus, action: string, letter: DeadLetter): Promise<void> => {
  if (letter.tenantId === null) return;
  const now = new Date();
  const data: AuditRecorded = {
    action: `dead-letters ${action}`,
    service: 'standalone',
    actorId: by,
    roles: ['operator'],
    target: letter.id,
    result: '200',
    ip: '',
    userAgent: 'dead-letters',
    requestId: newId(),
    at: now.toISOString(),
  };
  const message = messageFrom(auditRecorded, {
    id: newId(),
    key: letter.tenantId,
    tenantId: letter.tenantId,
    correlationId: letter.correlationId ?? data.requestId,
    source: '/daftari/standalone',
    time: now,
    data,
  });
  await (await bus.producer()).send([toBusMessage(message)]);
};

const print = (letters: readonly DeadLetter[]): void => {
  for (const { cause, count, letters: own } of byCause(letters)) {
    say(`${cause} (${String(count)}): ${own[0]?.message ?? ''}`);
    for (const letter of own) {
      const done = letter.resolution === null ? '' : `  ${letter.resolution.kind}`;
      say(`  ${letter.id}  ${letter.failedAt}  ${letter.type ?? 'unreadable'}${done}`);
    }
  }
  if (letters.length === 0) say('no dead letters');
};

const run = async (bus: Bus): Promise<void> => {
  const letters = new DeadLetters(bus);
  if (command === 'list') {
    const found = await letters.list({ ...filter, resolved: values.resolved });
    if (values.json) for (const letter of found) say(JSON.stringify(letter));
    else print(found);
  } else if (command === 'show') {
    say(JSON.stringify(await letters.show(id), null, 2));
  } else if (command === 'replay') {
    const why = decision();
    const replayed = values.all
      ? await letters.replayAll(filter, why)
      : [await letters.replay(id, why)];
    for (const letter of replayed) await audit(bus, 'replay', letter);
    say(`${String(replayed.length)} replayed`);
  } else {
    await audit(bus, 'discard', await letters.discard(id, decision()));
    say('1 discarded');
  }
};

if (values.help) {
  say(HELP);
  process.exit(0);
}
if (!['list', 'show', 'replay', 'discard'].includes(command)) fail(HELP);
if (command !== 'list' && id === '' && !(command === 'replay' && values.all))
  fail(`${command} wants the id of a letter; \`list\` shows them.`);
try {
  const bus = await openBus();
  await run(bus).finally(() => bus.close());
  process.exit(0);
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}
