import type { Bus, TopicSpec } from '@daftari/messaging';
import { openBus } from './bus.js';
import { BaseConfig } from './config/base-config.js';
import { BUS_VARIABLES } from './config/bus-config.js';
import { loadPart } from './config/load-config.js';
import { createLogger } from './logging.js';
import type { ServiceDefinition } from './service.js';
import { topicsOf } from './topics.js';

/** All that this job needs to know: no database of a service, no key. */
const VARIABLES = [...BUS_VARIABLES, 'BUS_URL', 'BUS_RETENTION_DAYS', 'LOG_LEVEL'] as const;

/** What the job did and found, as lines for people. */
export interface TopicsReport {
  readonly lines: readonly string[];
  /** What is there and not as the code or the configuration wants it; the job changes no topic. */
  readonly errors: readonly string[];
}

/** Compares the topics with those that were there before the missing ones were made. */
export const reportTopics = async (
  bus: Bus,
  wanted: readonly TopicSpec[],
  { before, copies }: { readonly before: ReadonlySet<string>; readonly copies: number },
): Promise<TopicsReport> => {
  const found = await bus.admin.describeTopics(wanted.map(({ topic }) => topic));
  const byName = new Map(found.map((each) => [each.topic, each]));
  const errors = wanted.flatMap(({ topic, partitions }) => {
    const is = byName.get(topic);
    if (is === undefined) return [`${topic} is missing`];
    return [
      ...(is.partitions === partitions
        ? []
        : [`${topic} has ${String(is.partitions)} partitions instead of ${String(partitions)}`]),
      ...((is.copies ?? copies) >= copies
        ? []
        : [
            `${topic} has a replication factor of ${String(is.copies)} instead of ${String(copies)}`,
          ]),
    ];
  });
  const lines = wanted.map(
    ({ topic }) => `${before.has(topic) ? 'there already' : 'made'.padEnd(13)} ${topic}`,
  );
  return { lines, errors };
};

/**
 * The command line of a service: `main.js topics` makes the topics that it needs and that are missing, and ends.
 * Gives the exit code, 1 when a topic is not as it should be, or undefined when the words ask for something else.
 */
export const topicsFromCommandLine = async <C extends BaseConfig>(
  definition: ServiceDefinition<C>,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<number | undefined> => {
  if (words[0] !== 'topics') return undefined;
  const config = loadPart(BaseConfig, VARIABLES, env);
  const wanted = topicsOf(definition);
  let before: ReadonlySet<string> | undefined;
  const logger = createLogger(definition.name, config.LOG_LEVEL);
  const bus = await openBus({
    name: definition.name,
    config,
    logger,
    async prepare({ admin }) {
      const found = await admin.describeTopics(wanted.map(({ topic }) => topic));
      before ??= new Set(found.map(({ topic }) => topic));
      await admin.createTopics(wanted);
    },
  });
  try {
    const copies = config.KAFKA_REPLICATION_FACTOR;
    const { lines, errors } = await reportTopics(bus, wanted, {
      before: before ?? new Set(),
      copies,
    });
    for (const line of lines) process.stdout.write(`${definition.name.padEnd(14)} ${line}\n`);
    for (const line of errors) process.stderr.write(`${definition.name}: error: ${line}\n`);
    return errors.length === 0 ? 0 : 1;
  } finally {
    await bus.close();
  }
};
