// Writes docs/events from the message contracts and the services; with --check it only compares.
import 'reflect-metadata';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { MESSAGES, PARTITIONS, TOPIC } from '@daftari/contracts';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { format } from 'prettier';

const SERVICES = ['identity', 'origination', 'ledger', 'payments', 'notifications', 'reporting'];
const PATTERN = 'microservices:pattern';
const folder = new URL('../docs/events/', import.meta.url);
const camel = (text) => text.replace(/[.-]+(.)/g, (_, next) => next.toUpperCase());
const byName = ([a], [b]) => (a < b ? -1 : 1);
const sorted = (entries) => Object.fromEntries([...entries].sort(byName));

/** The topics that a service's consumers read, from their decorators. */
const consumedBy = (service) => {
  const controllers = Reflect.getMetadata('controllers', service.module) ?? [];
  return new Set(
    controllers.flatMap(({ prototype }) =>
      Object.getOwnPropertyNames(prototype).flatMap(
        (name) => Reflect.getMetadata(PATTERN, prototype[name] ?? {})?.flat() ?? [],
      ),
    ),
  );
};

const schemaOf = (message) => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: `urn:${message.type.replaceAll('.', ':')}`,
  title: message.type,
  description: message.summary,
  ...JSON.parse(JSON.stringify(message.schema)),
  examples: [message.example],
});

const header = (description, more = {}) => ({ type: 'string', description, ...more });
const headers = {
  type: 'object',
  description:
    'CloudEvents 1.0 in Kafka binary mode: attributes as headers, the data as the value.',
  required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_time', 'ce_tenantid'].concat(
    'ce_correlationid',
    'content-type',
  ),
  properties: {
    ce_specversion: { const: '1.0' },
    ce_id: header('The message id: a redelivery has the same one'),
    ce_source: header('The service that published it'),
    ce_type: header('The message type'),
    ce_time: header('When it happened, RFC 3339 UTC', { format: 'date-time' }),
    ce_subject: header('What it is about'),
    ce_tenantid: header('The lender that it belongs to', { format: 'uuid' }),
    ce_correlationid: header('The HTTP request, or provider callback, that everything began with'),
    ce_causationid: header('The message or event that caused this one'),
    ce_sequence: header('The revision of the event in its stream; a higher one is newer'),
    ce_partitionkey: header('The key: the aggregate id'),
    traceparent: header('W3C trace context'),
    'content-type': { const: 'application/json' },
  },
};

const services = await Promise.all(
  SERVICES.map(async (name) => (await import(`../apps/${name}/dist/service.js`)).service),
);
const messages = [...MESSAGES.values()];
const channelOf = (topic) => camel(topic.replace(/^daftari\./, ''));
const ref = (path) => ({ $ref: path });
const operation = (service, action) => (topic) => [
  camel(`${service.name}-${action === 'send' ? 'publishes' : 'reads'}-${channelOf(topic)}`),
  { action, title: service.openapi.title, channel: ref(`#/channels/${channelOf(topic)}`) },
];

const document = {
  asyncapi: '3.0.0',
  info: {
    title: 'Daftari messages',
    version: '1.0.0',
    description:
      'What the services tell each other. Delivered at least once, in order per key. Within a major version only optional fields are added; readers ignore fields that they do not know.',
    license: { name: 'Apache-2.0' },
  },
  defaultContentType: 'application/json',
  channels: sorted(
    Object.values(TOPIC).map((topic) => [
      channelOf(topic),
      {
        address: topic,
        messages: sorted(
          messages
            .filter((message) => message.topic === topic)
            .map(({ type }) => [type, ref(`#/components/messages/${type}`)]),
        ),
        bindings: { kafka: { topic, partitions: PARTITIONS[topic], bindingVersion: '0.5.0' } },
      },
    ]),
  ),
  operations: sorted(
    services.flatMap((service) => [
      ...service.produces.map(operation(service, 'send')),
      ...[...consumedBy(service)].map(operation(service, 'receive')),
    ]),
  ),
  components: {
    messages: sorted(
      messages.map((message) => [
        message.type,
        {
          name: message.type,
          title: message.summary,
          contentType: 'application/json',
          headers: ref('#/components/schemas/headers'),
          payload: {
            schemaFormat: 'application/schema+json;version=2020-12',
            schema: ref(`./schemas/${message.type}.json`),
          },
          examples: [{ payload: message.example }],
        },
      ]),
    ),
    schemas: { headers },
  },
};

/** A document that breaks the AsyncAPI specification is a fault of this tool. */
const assertAsyncApi = (value) => {
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv);
  const require = createRequire(import.meta.url);
  const validate = ajv.compile(require('@asyncapi/specs/schemas/3.0.0-without-$id.json'));
  if (!validate(value))
    throw new Error(`asyncapi.json is invalid: ${ajv.errorsText(validate.errors)}`);
};
assertAsyncApi(document);

const pretty = (value) => format(JSON.stringify(value), { parser: 'json', printWidth: 100 });
const files = new Map([['asyncapi.json', await pretty(document)]]);
for (const message of messages)
  files.set(`schemas/${message.type}.json`, await pretty(schemaOf(message)));

const present = () => {
  try {
    return readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
};
if (process.argv.includes('--check')) {
  const stale = [...files].filter(
    ([name, text]) =>
      !present().includes(name) || readFileSync(new URL(name, folder), 'utf8') !== text,
  );
  const gone = present().filter((name) => !files.has(name));
  if (stale.length + gone.length > 0) {
    const names = [...stale.map(([name]) => name), ...gone].join(', ');
    process.stderr.write(`docs/events is out of date (${names}): run \`npm run docs:events\`\n`);
    process.exit(1);
  }
} else {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(new URL('schemas/', folder), { recursive: true });
  for (const [name, text] of files) writeFileSync(new URL(name, folder), text);
}
