import type { ApiAnswer } from '@daftari/testing';

/** What is read of a JSON Schema of the document. */
export interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly type?: string | readonly string[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}
interface Media {
  readonly schema?: Schema;
  readonly example?: unknown;
}
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly example?: unknown;
  readonly schema?: Schema & { readonly example?: unknown };
}
interface Response {
  readonly description?: string;
  readonly content?: Readonly<Record<string, Media>>;
}
interface RawOperation {
  readonly summary?: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, Response>>;
  readonly 'x-permissions'?: readonly string[];
}

/** One route of the document. */
export interface Operation extends RawOperation {
  /** `POST /v1/payments/{id}/allocate`. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly body: Media | undefined;
  readonly isPublic: boolean;
  readonly needsKey: boolean;
}

/** The document that the gateway serves. */
export interface ApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Reads the document of a running gateway. */
export const readDocument = async (gateway: string): Promise<ApiDocument> =>
  (await (await fetch(`${gateway}/api/openapi.json`)).json()) as ApiDocument;

/** Every route of a document, with the path below /api. */
export const operationsOf = (document: ApiDocument): Operation[] =>
  Object.entries(document.paths).flatMap(([fullPath, item]) =>
    Object.entries(item).map(([verb, operation]) => {
      const path = fullPath.replace(/^\/api/, '');
      const method = verb.toUpperCase();
      return {
        ...operation,
        ...{ name: `${method} ${path}`, method, path },
        body: operation.requestBody?.content['application/json'],
        isPublic: operation.security?.length === 0,
        needsKey: (operation.parameters ?? []).some(({ name }) => name === 'Idempotency-Key'),
      };
    }),
  );

/** The schema itself where another is referred to. */
export const resolved = (schema: Schema, document: ApiDocument): Schema => {
  const reference = schema.$ref ?? (schema.allOf ?? schema.anyOf)?.[0]?.$ref;
  const name = reference?.split('/').at(-1);
  return name === undefined ? schema : (document.components.schemas[name] ?? {});
};

const hasExample = (response: Response | undefined): boolean =>
  response?.content?.['application/json']?.example !== undefined;

/** What a route's documentation lacks, one sentence each. */
export const gapsOf = (operation: Operation): string[] => {
  const { responses, body, isPublic, needsKey } = operation;
  const good = Object.keys(responses).filter((status) => status.startsWith('2'));
  const errors = [
    ...['400', '429', '500', '503'],
    ...(isPublic ? [] : ['401', '403']),
    ...(body ? ['413', '415', '422', '409'] : []),
    ...(needsKey ? ['409', '422'] : []),
    ...(operation.path.includes('{') ? ['404'] : []),
  ];
  const parameters = (operation.parameters ?? []).filter(
    ({ name, example, schema }) =>
      name !== 'cursor' && example === undefined && schema?.example === undefined,
  );
  return [
    ...((operation.summary ?? '') === '' ? ['has no summary'] : []),
    ...(operation.security === undefined ? ['says nothing of security'] : []),
    ...(!isPublic && !operation['x-permissions']?.length ? ['names no permission'] : []),
    ...(good.length === 0 ? ['has no good answer'] : []),
    ...good.filter((s) => !hasExample(responses[s])).map((s) => `has no example of ${s}`),
    ...errors.filter((s) => !hasExample(responses[s])).map((s) => `has no example of ${s}`),
    ...(operation.requestBody && body?.example === undefined ? ['has no example of a body'] : []),
    ...parameters.map(({ name }) => `has no example of ${name}`),
  ];
};

/** A body with one thing wrong, and the field that must be named for it. */
export interface BadBody {
  readonly field: string;
  readonly body: unknown;
}

const wrongFor = ({ type = [], properties }: Schema): unknown =>
  (properties ?? [type].flat().some((t) => t === 'object' || t === 'array'))
    ? 'text'
    : { not: 'this' };

/** From a good body: one with an unknown property, and one for each field with a value of a wrong type, nested ones too. */
export const badBodies = (
  schema: Schema,
  good: Readonly<Record<string, unknown>>,
  document: ApiDocument,
  prefix = '',
): BadBody[] => {
  const { properties = {} } = resolved(schema, document);
  const bad: BadBody[] = [{ field: `${prefix}unknownField`, body: { ...good, unknownField: 1 } }];
  for (const [name, given] of Object.entries(properties)) {
    const field = resolved(given, document);
    bad.push({ field: `${prefix}${name}`, body: { ...good, [name]: wrongFor(field) } });
    const inner = good[name];
    if (!field.properties || typeof inner !== 'object' || inner === null) continue;
    const nested = badBodies(
      field,
      inner as Record<string, unknown>,
      document,
      `${prefix}${name}.`,
    );
    for (const { field: path, body } of nested)
      bad.push({ field: path, body: { ...good, [name]: body } });
  }
  return bad;
};

/** The fields that an answer complains about. */
export const complaintsOf = ({ body }: ApiAnswer): string[] =>
  ((body.metadata.fields ?? []) as { field: string }[]).map(({ field }) => field);
