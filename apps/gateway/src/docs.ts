import { dirname } from 'node:path';
import { createRequire } from 'node:module';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import type { Upstreams } from './upstreams.js';

interface OpenApi {
  openapi: string;
  info: object;
  paths: Record<string, unknown>;
  components: { schemas: Record<string, unknown>; securitySchemes: Record<string, unknown> };
}

const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Daftari API</title>
<link rel="stylesheet" href="/api/docs/assets/swagger-ui.css"></head><body><div id="ui"></div>
<script src="/api/docs/assets/swagger-ui-bundle.js"></script><script src="/api/docs/start.js"></script></body></html>`;

/** Every service's document as one, as clients see it: below /api, the callbacks left out. */
export const mergedOpenApi = async (upstreams: Upstreams): Promise<OpenApi> => {
  const merged: OpenApi = {
    openapi: '3.1.0',
    info: {
      title: 'Daftari',
      version: '1',
      description:
        'Every answer is the envelope {success, data?, message?, errors?, metadata}; metadata.code is stable.',
    },
    paths: {},
    components: {
      schemas: {},
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
  for (const name of upstreams.urls.keys()) {
    const { body } = await upstreams.forward(name, {
      method: 'GET',
      path: '/openapi.json',
      headers: {},
    });
    const document = JSON.parse(body.toString('utf8')) as Partial<OpenApi>;
    Object.assign(merged.components.schemas, document.components?.schemas);
    for (const [path, item] of Object.entries(document.paths ?? {})) {
      if (path.startsWith('/v1/')) merged.paths[`/api${path}`] = item;
    }
  }
  return merged;
};

/** Serves /api/openapi.json and an explorer at /api/docs; nothing is loaded from elsewhere. */
export const mountDocs = async (server: FastifyInstance, upstreams: Upstreams): Promise<void> => {
  let document: OpenApi | undefined;
  await server.register(fastifyStatic, {
    root: dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json')),
    prefix: '/api/docs/assets/',
    index: false,
  });
  server.get('/api/openapi.json', async (_request, reply) => {
    document ??= await mergedOpenApi(upstreams);
    return reply.send(document);
  });
  server.get('/api/docs', async (_request, reply) => reply.type('text/html').send(page));
  server.get('/api/docs/start.js', async (_request, reply) =>
    reply
      .type('text/javascript')
      .send("SwaggerUIBundle({url:'/api/openapi.json',dom_id:'#ui',deepLinking:true});"),
  );
};
