/** What is read of a JSON Schema here. */
export interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly nullable?: boolean;
  readonly type?: string | readonly string[];
  readonly example?: unknown;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}
/** Schemas by name. */
export type Schemas = Readonly<Record<string, Schema>> | undefined;

/** The schema that a reference leads to; itself when it is none. */
export const resolved = (schema: Schema, schemas: Schemas): Schema => {
  const [only] = schema.allOf ?? [];
  if (only && schema.allOf?.length === 1) return resolved(only, schemas);
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : (schemas?.[name] ?? {});
};

/**
 * The example of a schema, put together from the examples of its fields; undefined where one lacks. An object that may
 * be null and shows no example of its own is null: it is there for special cases.
 */
export const exampleOf = (given: Schema, schemas: Schemas): unknown => {
  if (given.nullable === true && given.example === undefined) return null;
  const schema = resolved(given, schemas);
  if (schema.example !== undefined) return schema.example;
  if (schema.properties) {
    const fields = Object.entries(schema.properties).map(
      ([name, field]) => [name, exampleOf(field, schemas)] as const,
    );
    return Object.fromEntries(fields.filter(([, example]) => example !== undefined));
  }
  if (schema.items) {
    const item = exampleOf(schema.items, schemas);
    return item === undefined ? undefined : [item];
  }
  return schema.default ?? schema.enum?.[0];
};

/** A document in the words of OpenAPI 3.1, which knows no `nullable`: the type, or a choice, names null. */
export const withNullTypes = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(withNullTypes);
  if (typeof node !== 'object' || node === null) return node;
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      key === 'example' ? (value as unknown) : withNullTypes(value),
    ]),
  );
  if (nullable !== true) return nullable === undefined ? rest : { ...rest, nullable };
  if (typeof rest['type'] === 'string') return { ...rest, type: [rest['type'], 'null'] };
  const { allOf, $ref, ...others } = rest;
  const choices = $ref === undefined ? (allOf as unknown[]) : [{ $ref }];
  return { ...others, anyOf: [...choices, { type: 'null' }] };
};
