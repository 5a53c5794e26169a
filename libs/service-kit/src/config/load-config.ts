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

const forProduction = (
  config: EdgeConfig & { TEST_MODE?: boolean; CRASH_AT?: string },
): string[] => {
  if (config.NODE_ENV !== 'production') return [];
  const problems: string[] = [];
  if (config.TEST_MODE) problems.push('TEST_MODE must be false in production');
  if (config.CRASH_AT) problems.push('CRASH_AT must be empty in production');
  if (config.LOG_LEVEL === 'debug') problems.push('LOG_LEVEL must not be debug in production');
  if (new Set(config.INTERNAL_KEY).size < 10 || config.INTERNAL_KEY.includes('daftari')) {
    problems.push('INTERNAL_KEY is too weak for production');
  }
  return problems;
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

/** Reads one config class from the environment and gives one line for each thing that is wrong with it. */
export const readConfig = <T extends object>(
  configClass: new () => T,
  env: NodeJS.ProcessEnv,
): { readonly config: T; readonly problems: string[] } => {
  const config = new configClass();
  for (const variable of envVariables(configClass)) {
    const value = convert(variable, env[variable.name]);
    if (value !== undefined) Object.assign(config, { [variable.name]: value });
  }
  const problems = validateSync(config, { forbidUnknownValues: false }).map(
    (error) => `${error.property}: ${Object.values(error.constraints ?? {}).join(', ')}`,
  );
  return { config, problems };
};

/** Reads and validates one config class from the environment. Throws ConfigError listing every problem at once. */
export const loadConfig = <T extends EdgeConfig>(
  configClass: new () => T,
  env: NodeJS.ProcessEnv = process.env,
): T => {
  const { config, problems } = readConfig(configClass, env);
  problems.push(...forProduction(config), ...forRetention(config));
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  return config;
};

/** Injection token of the service's own config instance. */
export const CONFIG = Symbol('Config');
