import { validateSync } from 'class-validator';
import { envVariables } from '@daftari/service-kit';
import { StandaloneConfig } from './config.js';

/** Reads the launcher's settings; one line per wrong variable. */
export const loadStandaloneConfig = (env: NodeJS.ProcessEnv): StandaloneConfig => {
  const config = new StandaloneConfig();
  for (const { name, type, default: fallback } of envVariables(StandaloneConfig)) {
    const raw = env[name];
    const value =
      raw === undefined || raw === '' ? fallback : type === 'number' ? Number(raw) : raw;
    Object.assign(config, { [name]: value });
  }
  const problems = validateSync(config).map(
    (error) => `${error.property}: ${Object.values(error.constraints ?? {}).join(', ')}`,
  );
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return config;
};
