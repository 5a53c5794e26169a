import { readFileSync } from 'node:fs';
import { validateSync } from 'class-validator';
import type { EdgeConfig } from './base-config.js';
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

const forProduction = (config: Partial<EdgeConfig & { TEST_MODE: boolean }>): string[] => {
  if (config.NODE_ENV !== 'production') return [];
  const problems: string[] = [];
  if (config.TEST_MODE) problems.push('TEST_MODE must be false in production');
  if (config.LOG_LEVEL === 'debug') problems.push('LOG_LEVEL must not be debug in production');
  const { INTERNAL_KEY: key } = config;
  if (key !== undefined && (new Set(key).size < 10 || key.includes('daftari'))) {
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

/**
 * Reads and validates one config class from the environment: `NAME`, or the file that `NAME_FILE` names (a secret that
 * an orchestrator mounts). Throws ConfigError listing every problem at once.
 */
export const loadConfig = <T extends object>(
  configClass: new () => T,
  env: NodeJS.ProcessEnv = process.env,
): T => {
  const config = new configClass();
  const problems: string[] = [];
  for (const variable of envVariables(configClass)) {
    const value = convert(variable, rawOf(variable.name, env, problems));
    if (value !== undefined) Object.assign(config, { [variable.name]: value });
  }
  const broken = validateSync(config, { forbidUnknownValues: false }).map(
    (error) => `${error.property}: ${Object.values(error.constraints ?? {}).join(', ')}`,
  );
  problems.push(...broken, ...forProduction(config), ...forRetention(config));
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  return config;
};

/** Injection token of the service's own config instance. */
export const CONFIG = Symbol('Config');
