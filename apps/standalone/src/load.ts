import { BaseConfig, BUS_VARIABLES, BusConfig, loadPart, readConfig } from '@daftari/service-kit';
import { StandaloneConfig } from './config.js';

type Env = Readonly<Record<string, string>>;

/** Which bus the services use, and the variables that say so; they are passed on as they are. */
export interface BusSettings {
  readonly kind: 'pg' | 'kafka';
  readonly env: Env;
  readonly config: Pick<BusConfig, (typeof BUS_VARIABLES)[number]>;
}

/** What else is passed on as it is: to the gateway, and to the services. */
export interface PassedOn {
  readonly gateway: Env;
  readonly services: Env;
}

const TRACING = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_TRACES_SAMPLER_ARG'] as const;
const EVENTS = [
  'EVENT_STORE',
  'EVENTSTORE_URL',
  'EVENTSTORE_CLIENT',
  'EVENTSTORE_NAMESPACE',
] as const;

/** The variables, or the files that hold them, as far as they are set. */
const setIn = (env: NodeJS.ProcessEnv, names: readonly string[]): Env =>
  Object.fromEntries(
    names
      .flatMap((name) => [name, `${name}_FILE`])
      .flatMap((name) => (env[name] ? [[name, env[name]] as const] : [])),
  );

/** Reads the launcher's settings; throws with one line per wrong variable. */
export const loadStandaloneConfig = (env: NodeJS.ProcessEnv): StandaloneConfig => {
  const { config, problems } = readConfig(StandaloneConfig, env);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return config;
};

/** Reads which bus is wanted; throws with one line per wrong variable. */
export const loadBusSettings = (env: NodeJS.ProcessEnv): BusSettings => {
  const config = loadPart(BusConfig, BUS_VARIABLES, env);
  return { kind: config.BUS, config, env: setIn(env, BUS_VARIABLES) };
};

/** Reads where events are kept and spans are sent; throws with one line per wrong variable. */
export const loadPassedOn = (env: NodeJS.ProcessEnv): PassedOn => {
  const names = [...TRACING, ...EVENTS];
  loadPart(BaseConfig, names, env);
  return { gateway: setIn(env, TRACING), services: setIn(env, names) };
};
