import { BusConfig, EdgeConfig, envVariables, readConfig } from '@daftari/service-kit';
import { StandaloneConfig } from './config.js';

/** Which bus the services use, and the variables that say so; they are passed on as they are. */
export interface BusSettings {
  readonly kind: 'pg' | 'kafka';
  readonly env: Readonly<Record<string, string>>;
  readonly config: BusConfig;
}

const throwAll = (problems: readonly string[]): void => {
  if (problems.length > 0) throw new Error(problems.join('\n'));
};

/** Reads the launcher's settings; throws with one line per wrong variable. */
export const loadStandaloneConfig = (env: NodeJS.ProcessEnv): StandaloneConfig => {
  const { config, problems } = readConfig(StandaloneConfig, env);
  throwAll(problems);
  return config;
};

/** Reads which bus is wanted; throws with one line per wrong variable. */
export const loadBusSettings = (env: NodeJS.ProcessEnv): BusSettings => {
  const edge = new Set(envVariables(EdgeConfig).map(({ name }) => name));
  const names = envVariables(BusConfig)
    .map(({ name }) => name)
    .filter((name) => !edge.has(name));
  const { config, problems } = readConfig(BusConfig, env);
  throwAll(problems.filter((problem) => names.some((name) => problem.startsWith(`${name}:`))));
  const set = names.flatMap((name) => (env[name] ? [[name, env[name]] as const] : []));
  return { kind: config.BUS, config, env: Object.fromEntries(set) };
};
