import type { TObject } from '@sinclair/typebox';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { ContractViolation } from '@daftari/kernel';
import type { MessageDefinition } from './define.js';
import * as identity from './identity.js';
import * as ledger from './ledger.js';
import * as notifications from './notifications.js';
import * as origination from './origination.js';
import * as payments from './payments.js';

const isDefinition = (value: unknown): value is MessageDefinition =>
  typeof value === 'object' && value !== null && 'topic' in value && 'schema' in value;

/** Every message of the published language, by its type. */
export const MESSAGES: ReadonlyMap<string, MessageDefinition> = new Map(
  [identity, origination, payments, ledger, notifications]
    .flatMap((context): unknown[] => Object.values(context))
    .filter(isDefinition)
    .map((definition) => [definition.type, definition]),
);

const ajv = new Ajv2020({ allErrors: true, strict: false });
formats.default(ajv);
const validators = new Map(
  [...MESSAGES].map(([type, definition]) => [
    type,
    ajv.compile<unknown>(definition.schema as TObject),
  ]),
);

/** Throws ContractViolation when the type is unknown, the topic is not its own, or the data breaks its schema. */
export const assertMessage = (message: { type: string; topic: string; data: unknown }): void => {
  const definition = MESSAGES.get(message.type);
  const validate = validators.get(message.type);
  if (!definition || !validate)
    throw new ContractViolation(`Unknown message type ${message.type}`, [], 'message/unknown-type');
  if (definition.topic !== message.topic) {
    throw new ContractViolation(
      `${message.type} does not belong on ${message.topic}`,
      [],
      'message/wrong-topic',
    );
  }
  if (!validate(message.data)) {
    const fields = (validate.errors ?? []).map((error) => ({
      field: error.instancePath === '' ? 'data' : error.instancePath,
      code: `message/${error.keyword}`,
      message: error.message ?? error.keyword,
    }));
    throw new ContractViolation(`${message.type} breaks its schema`, fields, 'message/invalid');
  }
};
