import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

const ERRORS: Readonly<Record<string, string>> = {
  '400': 'The request cannot be read',
  '401': 'No or a wrong access token',
  '403': 'Not allowed',
  '404': 'No such thing',
  '409': 'The state does not allow it',
  '413': 'The body is too large',
  '415': 'Not JSON',
  '422': 'Validation failed',
  '429': 'Too many requests',
  '500': 'Our fault',
  '503': 'A part of the platform does not answer',
};
const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
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
  example: {
    success: false,
    message: 'Validation failed',
    errors: ['amount: must be a decimal string'],
    metadata: { requestId: '0198…', code: 'request/invalid' },
  },
};

/** The service's OpenAPI 3.1 document, from its DTOs, with the envelope and every error answer on every route. */
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
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) =>
      `${service}_${controller.replace(/Controller$/, '')}_${method}`,
  });
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Envelope: envelope },
  };
  const answer = (description: string) => ({
    description,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Envelope' } } },
  });
  for (const path of Object.keys(document.paths)) {
    const item = document.paths[path] ?? {};
    if (path.startsWith('/internal')) Reflect.deleteProperty(document.paths, path);
    for (const method of METHODS) {
      const operation = item[method];
      if (!operation) continue;
      operation.tags = [service];
      operation.security = [{ bearer: [] }];
      for (const [status, description] of Object.entries(ERRORS))
        operation.responses[status] ??= answer(description);
    }
  }
  return document;
};
