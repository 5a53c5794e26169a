import { METHOD_METADATA } from '@nestjs/common/constants.js';
import { ModulesContainer, Reflector } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ACCESS, type Access } from '../auth/guard.js';
import { ANSWERS, type DocumentedAnswer } from './answers.js';
import { RAW } from './envelope.js';
import { IDEMPOTENT } from './idempotency.js';

/** What a controller's method says of itself. */
export interface HandlerFacts {
  readonly controller: string;
  readonly method: string;
  readonly access: Access | undefined;
  readonly answer: DocumentedAnswer | undefined;
  /** It needs an Idempotency-Key. */
  readonly idempotent: boolean;
  /** Its answer is not in the envelope. */
  readonly raw: boolean;
}

/** Every method that answers HTTP requests. */
export const handlersOf = (app: NestFastifyApplication): HandlerFacts[] => {
  const reflector = app.get(Reflector);
  const found: HandlerFacts[] = [];
  for (const module of app.get(ModulesContainer).values()) {
    for (const { metatype } of module.controllers.values()) {
      if (typeof metatype !== 'function') continue;
      const prototype = metatype.prototype as Record<string, unknown>;
      for (const method of Object.getOwnPropertyNames(prototype)) {
        const handler = prototype[method];
        if (typeof handler !== 'function') continue;
        if (Reflect.getMetadata(METHOD_METADATA, handler) === undefined) continue;
        const targets = [handler as () => void, metatype as () => void];
        found.push({
          controller: metatype.name,
          method,
          access: reflector.getAllAndOverride<Access | undefined>(ACCESS, targets),
          answer: reflector.getAllAndOverride<DocumentedAnswer | undefined>(ANSWERS, targets),
          idempotent:
            reflector.getAllAndOverride<boolean | undefined>(IDEMPOTENT, targets) === true,
          raw: reflector.getAllAndOverride<boolean | undefined>(RAW, targets) === true,
        });
      }
    }
  }
  return found;
};
