import 'reflect-metadata';

/** How one environment variable is described; `.env.example` is written from it. */
export interface EnvOptions {
  readonly description: string;
  readonly example: string;
  readonly default?: string | number | boolean;
  readonly secret?: boolean;
  /** Rules that hold only where the platform is deployed; the first problem wins. */
  readonly rules?: readonly EnvRule[];
}

/** Says why a value will not do in these environments; undefined when it will. */
export interface EnvRule {
  readonly in: readonly ('staging' | 'production')[];
  readonly problem: (value: unknown) => string | undefined;
}

/** A switch that must be off in production. */
export const offInProduction: EnvRule = {
  in: ['production'],
  problem: (value) => (value === true ? 'must be false' : undefined),
};

/** A setting of tests, which production refuses. */
export const emptyInProduction: EnvRule = {
  in: ['production'],
  problem: (value) => (value === '' ? undefined : 'must be empty'),
};

/** A list that must name something. */
export const notEmpty: EnvRule = {
  in: ['staging', 'production'],
  problem: (value) => (value === '' ? 'must not be empty' : undefined),
};

const GUESSABLE = /daftari|password|secret|default|change.?me|example|test/i;
/** A key that nobody can guess: many different characters, and no word that stands in every word list. */
export const strongKey: EnvRule = {
  in: ['staging', 'production'],
  problem: (value) =>
    new Set(String(value)).size < 10 || GUESSABLE.test(String(value)) ? 'is too weak' : undefined,
};

/** A provider's address: the real one, not its sandbox and not this machine. */
export const realProvider: EnvRule = {
  in: ['production'],
  problem: (value) =>
    /^https:/.test(String(value)) && !/sandbox|localhost|127\.0\.0\.1/i.test(String(value))
      ? undefined
      : 'must be the https address of the real provider',
};

/** A described variable with its name and type. */
export interface EnvVariable extends EnvOptions {
  readonly name: string;
  readonly type: 'string' | 'number' | 'boolean';
}

const KEY = Symbol('daftari:env');

/** Declares a field of a config class as an environment variable of the same name. */
export const Env =
  (options: EnvOptions): PropertyDecorator =>
  (target, property) => {
    const own = (Reflect.getOwnMetadata(KEY, target) as EnvVariable[] | undefined) ?? [];
    const designed = (
      Reflect.getMetadata('design:type', target, property) as { name?: string } | undefined
    )?.name;
    const type = designed === 'Number' ? 'number' : designed === 'Boolean' ? 'boolean' : 'string';
    Reflect.defineMetadata(KEY, [...own, { ...options, name: String(property), type }], target);
  };

/** The names of the variables that a config class adds to those of its parents. */
export const ownVariables = (config: new () => object): string[] =>
  (
    (Reflect.getOwnMetadata(KEY, config.prototype as object) as EnvVariable[] | undefined) ?? []
  ).map(({ name }) => name);

/** Every variable of a config class, its parents' first. */
export const envVariables = (config: new () => object): EnvVariable[] => {
  const chain: EnvVariable[][] = [];
  for (
    let target = config.prototype as object | null;
    target && target !== Object.prototype;
    target = Object.getPrototypeOf(target) as object | null
  ) {
    chain.unshift((Reflect.getOwnMetadata(KEY, target) as EnvVariable[] | undefined) ?? []);
  }
  const byName = new Map(chain.flat().map((variable) => [variable.name, variable]));
  return [...byName.values()];
};
