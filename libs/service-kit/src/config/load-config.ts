import { readFileSync } from 'node:fs';
import { validateSync } from 'class-validator';
import type { EdgeConfig } from './edge-config.js';
import { type EnvVariable, envVariables } from './env.js';

/** The environment is wrong; `message` has one line per problem. */
export class ConfigError extends Error {}

const convert = (variable: EnvVariable, raw: string | undefined): unknown => {
  if (raw === undefined || raw === '') return variable.default;
  if (variable.type === 'number') return Number(raw);
  if (variable.type === 'boolean') return raw === 'true' ? true : raw === 'false' ? false : raw;
  return raw;
};

/** The variable's own text, or that of the file which `<NAME>_FILE` names, without the line end. */
const rawOf = (name: string, env: NodeJS.ProcessEnv, problems: string[]): string | undefined => {
  const file = env[`${name}_FILE`];
  if (file === undefined || file === '') return env[name];
  if (env[name] !== undefined && env[name] !== '') {
    problems.push(`${name}: set ${name} or ${name}_FILE, not both`);
    return env[name];
  }
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const { code = error } = error as { code?: unknown };
    problems.push(`${name}_FILE: ${file} cannot be read (${String(code)})`);
    return undefined;
  }
};

/** What holds only in staging or production. Nowhere there is a secret the one that stands in `.env.example`. */
const forEnvironment = (
  config: Partial<EdgeConfig>,
  variables: readonly EnvVariable[],
): string[] => {
  const { NODE_ENV: environment } = config;
  if (environment !== 'staging' && environment !== 'production') return [];
  return variables.flatMap(({ name, secret, example, rules = [] }) => {
    const value: unknown = (config as Record<string, unknown>)[name];
    if (value === undefined) return [];
    const copied = secret === true && value !== '' && value === example;
    const problem = copied
      ? 'is the example, not a secret'
      : rules
          .filter((rule) => rule.in.includes(environment))
          .flatMap((rule) => rule.problem(value) ?? [])[0];
    return problem === undefined ? [] : [`${name}: ${problem} (${environment})`];
  });
};

/** A message that comes again after it was forgotten would take effect twice. */
const forRetention = (config: object): string[] => {
  const { INBOX_RETENTION_DAYS: inbox, BUS_RETENTION_DAYS: bus } = config as {
    INBOX_RETENTION_DAYS?: number;
    BUS_RETENTION_DAYS?: number;
  };
  return inbox !== undefined && bus !== undefined && inbox <= bus
    ? ['INBOX_RETENTION_DAYS must be more than BUS_RETENTION_DAYS']
    : [];
};

/** Reads one config class: `NAME`, or the file that `NAME_FILE` names; gives one line for each thing that is wrong. */
export const readConfig = <T extends object>(
  configClass: new () => T,
  env: NodeJS.ProcessEnv,
): { readonly config: T; readonly problems: string[] } => {
  const config = new configClass();
  const problems: string[] = [];
  for (const variable of envVariables(configClass)) {
    const value = convert(variable, rawOf(variable.name, env, problems));
    if (value !== undefined) Object.assign(config, { [variable.name]: value });
  }
  const broken = validateSync(config, { forbidUnknownValues: false }).map(
    (error) => `${error.property}: ${Object.values(error.constraints ?? {}).join(', ')}`,
  );
  return { config, problems: [...problems, ...broken] };
};

/**
 * Reads and validates one config class from the environment: `NAME`, or the file that `NAME_FILE` names (a secret that
 * an orchestrator mounts). Throws ConfigError listing every problem at once.
 */
export const loadConfig = <T extends object>(
  configClass: new () => T,
  env: NodeJS.ProcessEnv = process.env,
): T => {
  const { config, problems } = readConfig(configClass, env);
  problems.push(...forEnvironment(config, envVariables(configClass)), ...forRetention(config));
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  return config;
};

/** Some variables of a config class, for a process that needs no others. Throws ConfigError for what is wrong with these. */
export const loadPart = <T extends object, K extends keyof T>(
  configClass: new () => T,
  names: readonly K[],
  env: NodeJS.ProcessEnv,
): Pick<T, K> => {
  const { config, problems } = readConfig(configClass, env);
  const own = problems.filter((problem) =>
    names.some((name) => /^\w+?(?=(_FILE)?:)/.exec(problem)?.[0] === name),
  );
  if (own.length > 0) throw new ConfigError(own.join('\n'));
  return config;
};

/** Injection token of the service's own config instance. */
export const CONFIG = Symbol('Config');
