import { type Static, type TObject, Type } from '@sinclair/typebox';
import type { Topic } from './topics.js';

/** One message type: its topic, its JSON Schema, and an example that the schema must accept. */
export interface MessageDefinition<S extends TObject = TObject> {
  readonly type: string;
  readonly topic: Topic;
  readonly summary: string;
  readonly schema: S;
  readonly example: Static<S>;
}

/** Declares a message of the published language. */
export const defineMessage = <S extends TObject>(
  definition: MessageDefinition<S>,
): MessageDefinition<S> => definition;

/** The data type of a message definition. */
export type DataOf<D> = D extends MessageDefinition<infer S> ? Static<S> : never;

/** A UUID. */
export const Id = Type.String({ format: 'uuid' });
/** A decimal string with exactly the currency's scale. */
export const Amount = Type.String({ pattern: '^-?\\d{1,30}(\\.\\d{1,3})?$' });
/** ISO 4217. */
export const Currency = Type.String({ pattern: '^[A-Z]{3}$' });
/** Money as it travels. */
export const MoneySchema = Type.Object({ amount: Amount, currency: Currency });
/** YYYY-MM-DD. */
export const DateOnly = Type.String({ format: 'date' });
/** An instant, RFC 3339 UTC. */
export const Instant = Type.String({ format: 'date-time' });
/** An array or a string of free length; readers ignore unknown fields everywhere. */
export const Text = Type.String({ maxLength: 2_000 });
