import 'reflect-metadata';

/** How one environment variable is described; `.env.example` is written from it. */
export interface EnvOptions {
  readonly description: string;
  readonly example: string;
  readonly default?: string | number | boolean;
  readonly secret?: boolean;
}

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
