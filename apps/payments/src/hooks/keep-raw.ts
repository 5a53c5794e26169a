import { Readable } from 'node:stream';
import { Injectable, type OnModuleInit, PayloadTooLargeException } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Longest callback that is read; the longest that Daraja sends is a few kilobytes. */
export const MOST_BYTES = 256 * 1_024;

const raws = new WeakMap<FastifyRequest, string>();

/** A callback's body exactly as it came in; empty when there was none. A NUL, which no text column takes, is replaced. */
export const rawOf = (request: FastifyRequest): string => raws.get(request) ?? '';

const isJson = (raw: string): boolean => {
  try {
    JSON.parse(raw);
    return true;
  } catch {
    return false;
  }
};

const readAll = async (payload: AsyncIterable<Buffer>): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of payload) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new PayloadTooLargeException();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

/**
 * Keeps the bytes of callbacks before anything reads them. A provider does not repeat a callback that it wrote badly:
 * what cannot be read is stored and shown to people, not refused. Whatever it calls its body, it is tried as JSON.
 */
@Injectable()
export class KeepRawCallbacks implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const server = this.host.httpAdapter.getInstance<FastifyInstance>();
    server.addHook('preParsing', async (request, _reply, payload) => {
      if (request.method !== 'POST' || !request.url.startsWith('/hooks/')) return payload;
      const body = await readAll(payload as AsyncIterable<Buffer>);
      const raw = body.toString('utf8').replaceAll('\0', '\uFFFD');
      raws.set(request, raw);
      request.headers['content-type'] = 'application/json';
      const parsed = Buffer.from(isJson(raw) ? raw : '{}');
      request.headers['content-length'] = String(parsed.length);
      return Readable.from([parsed], { objectMode: false });
    });
  }
}
