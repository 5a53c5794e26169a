import { type EnvVariable, envVariables } from './env.js';

/** A process's config class under its name. */
export interface ConfigSource {
  readonly name: string;
  readonly config: new () => object;
}

const line = ({ name, description, example, default: fallback, secret }: EnvVariable): string =>
  [
    `# ${description}${secret ? ' (secret)' : ''}`,
    fallback === undefined ? `${name}=${example}` : `# ${name}=${String(fallback)}`,
  ].join('\n');

/** The text of .env.example: each variable once, under the first process that reads it; commented where there is a default. */
export const envExample = (sources: readonly ConfigSource[]): string => {
  const seen = new Set<string>();
  const parts = sources.map(({ name, config }) => {
    const own = envVariables(config).filter((variable) => !seen.has(variable.name));
    for (const variable of own) seen.add(variable.name);
    return own.length === 0 ? '' : `## ${name}\n\n${own.map(line).join('\n\n')}\n`;
  });
  return `# Every variable that Daftari reads. \`npm start\` needs none of them.\n\n${parts.filter((part) => part !== '').join('\n')}`;
};
