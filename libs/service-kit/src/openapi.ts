import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { ERROR_CODES, type ErrorCode } from '@daftari/kernel';
import { type HandlerFacts, handlersOf } from './http/routes.js';
import { exampleOf, type Schema, type Schemas, withNullTypes } from './openapi-examples.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
const REQUEST_ID = '0198c2f0-7b1e-7cc3-9d5a-3f6f0a1b2c3d';
const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header' as const,
  required: true,
  description: 'Repeat the request with the same key to get the first answer again',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
  example: '7d0c6a2e-8c0f-4b0e-9a53-0f0f6c1f5f11',
};

const envelope = {
  type: 'object',
  required: ['success', 'metadata'],
  properties: {
    success: { type: 'boolean' },
    data: {},
    message: { type: 'string' },
    errors: { type: 'array', items: { type: 'string' } },
    metadata: { type: 'object', additionalProperties: true },
  },
  example: { success: true, data: {}, metadata: { requestId: REQUEST_ID } },
};
const ENVELOPE = { $ref: '#/components/schemas/Envelope' };

/** An error answer by its most usual code; a client that asks for it gets a problem document instead. */
const errorAnswer = (code: ErrorCode): object => {
  const { meaning } = ERROR_CODES[code];
  const metadata = { requestId: REQUEST_ID, code };
  const example = { success: false, message: meaning, errors: [meaning], metadata };
  return {
    description: meaning,
    content: { 'application/json': { schema: ENVELOPE, example } },
  };
};

const ALWAYS: readonly ErrorCode[] = [
  'request/malformed',
  'request/too-many',
  'server/error',
  'service/unavailable',
];
const errorCodesOf = (
  { access, idempotent }: HandlerFacts,
  has: { readonly body: boolean; readonly parameters: boolean; readonly path: boolean },
): ErrorCode[] => [
  ...ALWAYS,
  ...(access?.kind === 'public' ? [] : (['auth/invalid-token', 'auth/forbidden'] as const)),
  ...(has.path ? (['route/not-found'] as const) : []),
  ...(has.body ? (['request/too-large', 'request/unsupported-media-type'] as const) : []),
  ...(has.body || has.parameters || idempotent ? (['request/invalid'] as const) : []),
  ...(has.body || idempotent ? (['concurrency/conflict'] as const) : []),
];

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

const documentBody = (operation: Operation, schemas: Schemas): void => {
  const { requestBody } = operation;
  if (!requestBody || !('content' in requestBody)) return;
  for (const media of Object.values(requestBody.content))
    if (media.schema) media.example ??= exampleOf(media.schema as Schema, schemas);
};

const documentAnswers = (operation: Operation, facts: HandlerFacts, path: string): void => {
  const { answer, raw } = facts;
  for (const [status, response] of Object.entries(operation.responses)) {
    if (!status.startsWith('2') || !answer) continue;
    const { data, metadata } = answer;
    const example = raw
      ? data
      : { success: true, data, metadata: { requestId: REQUEST_ID, ...metadata } };
    const schema = raw ? { type: 'object' } : ENVELOPE;
    const description = operation.summary ?? 'Done';
    Object.assign(response as object, {
      description,
      content: { 'application/json': { schema, example } },
    });
  }
  const has = {
    body: operation.requestBody !== undefined,
    parameters: (operation.parameters ?? []).length > 0,
    path: path.includes('{'),
  };
  for (const code of errorCodesOf(facts, has)) {
    const status = String(ERROR_CODES[code].status);
    operation.responses[status] ??= errorAnswer(code) as Operation['responses'][string];
  }
};

/** Adds to one operation what its controller says of it. */
const documentOperation = (operation: Operation, facts: HandlerFacts, path: string): void => {
  const { access, idempotent } = facts;
  operation.security = access?.kind === 'public' ? [] : [{ bearer: [] }];
  if (access?.kind === 'permissions') Object.assign(operation, { 'x-permissions': access.any });
  for (const parameter of operation.parameters ?? [])
    if ('in' in parameter && parameter.in === 'path' && parameter.schema)
      parameter.example ??= parameter.name === 'account' ? 'asset:float' : REQUEST_ID;
  documentAnswers(operation, facts, path);
  if (idempotent) operation.parameters = [...(operation.parameters ?? []), IDEMPOTENCY_KEY];
};

/** Gives every schema the name of its service, so that documents can be merged. */
const withOwnSchemas = (document: OpenAPIObject, service: string): OpenAPIObject => {
  const text = JSON.stringify(document).replaceAll(
    /#\/components\/schemas\/(?!Envelope")/g,
    `#/components/schemas/${service}.`,
  );
  const own = JSON.parse(text) as OpenAPIObject;
  const schemas = Object.entries(own.components?.schemas ?? {}).map(
    ([name, schema]) => [`${service}.${name}`, schema] as const,
  );
  own.components = {
    ...own.components,
    schemas: { ...Object.fromEntries(schemas), Envelope: envelope },
  };
  return own;
};

/** The service's OpenAPI 3.1 document: from its DTOs and what its routes say of access, answers and repeats. */
export const openApiOf = (
  app: NestFastifyApplication,
  service: string,
  about: { title: string; description: string },
): OpenAPIObject => {
  const config = new DocumentBuilder()
    .setTitle(about.title)
    .setDescription(about.description)
    .setVersion('1')
    .addBearerAuth()
    .setOpenAPIVersion('3.1.0')
    .build();
  const idOf = (controller: string, method: string): string =>
    `${service}_${controller.replace(/Controller$/, '')}_${method}`;
  const document = SwaggerModule.createDocument(app, config, { operationIdFactory: idOf });
  const facts = new Map(handlersOf(app).map((f) => [idOf(f.controller, f.method), f]));
  for (const path of Object.keys(document.paths)) {
    const item = document.paths[path] ?? {};
    if (path.startsWith('/internal')) Reflect.deleteProperty(document.paths, path);
    for (const method of METHODS) {
      const operation = item[method];
      const known = operation && facts.get(operation.operationId ?? '');
      if (!known) continue;
      operation.tags = [service];
      documentBody(operation, document.components?.schemas as Schemas);
      documentOperation(operation, known, path);
    }
  }
  return withNullTypes(withOwnSchemas(document, service)) as OpenAPIObject;
};
