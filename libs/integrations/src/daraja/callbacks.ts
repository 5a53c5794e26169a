import { ContractViolation, type Money, parseMoney } from '@daftari/kernel';
import type { CallbackFact } from '../outcome.js';
import { outcomeOfResult } from './codes.js';

type Json = Readonly<Record<string, unknown>>;
const object = (value: unknown, what: string): Json => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ContractViolation(`${what} is not an object`, [], 'callback/malformed');
  return value as Json;
};
const text = (value: unknown, what: string): string => {
  if (typeof value === 'string' && value !== '' && value.length <= 200) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  throw new ContractViolation(`${what} is missing`, [], 'callback/malformed');
};
const maybe = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== ''
    ? value
    : typeof value === 'number'
      ? String(value)
      : undefined;
const kes = (value: unknown): Money | undefined => {
  const amount = maybe(value);
  return amount === undefined || !/^\d{1,12}(\.\d{1,2})?$/.test(amount)
    ? undefined
    : parseMoney({ amount, currency: 'KES' });
};
/** `{Key|Name, Value}` lists, single or many; order and length vary, so they are read by name. */
const items = (value: unknown): ReadonlyMap<string, unknown> => {
  const list = Array.isArray(value) ? (value as unknown[]) : value === undefined ? [] : [value];
  return new Map(
    list.map((entry) => {
      const { Key, Name, Value } = object(entry, 'parameter');
      return [maybe(Key) ?? maybe(Name) ?? '', Value];
    }),
  );
};

/** STK push callback: correlates by CheckoutRequestID. */
export const parseStkCallback = (body: unknown): CallbackFact => {
  const callback = object(object(object(body, 'body').Body, 'Body').stkCallback, 'stkCallback');
  const providerRef = text(callback.CheckoutRequestID, 'CheckoutRequestID');
  const code = text(callback.ResultCode, 'ResultCode');
  const metadata =
    callback.CallbackMetadata === undefined
      ? new Map<string, unknown>()
      : items(object(callback.CallbackMetadata, 'CallbackMetadata').Item);
  const receipt = maybe(metadata.get('MpesaReceiptNumber'));
  const amount = kes(metadata.get('Amount'));
  return {
    kind: 'stk',
    dedupeKey: `${providerRef}|${code}`,
    providerRef,
    final: true,
    outcome: outcomeOfResult('stk', code, maybe(callback.ResultDesc) ?? '', providerRef, receipt),
    ...(amount ? { amount } : {}),
    ...(receipt === undefined ? {} : { receipt }),
  };
};

/** B2C result: correlates by OriginatorConversationID; only ResultType 0 is final. */
export const parseB2cResult = (body: unknown): CallbackFact => {
  const result = object(object(body, 'body').Result, 'Result');
  const providerRef = text(result.ConversationID, 'ConversationID');
  const code = text(result.ResultCode, 'ResultCode');
  const type = text(result.ResultType, 'ResultType');
  const parameters =
    result.ResultParameters === undefined
      ? new Map<string, unknown>()
      : items(object(result.ResultParameters, 'ResultParameters').ResultParameter);
  const receipt = maybe(parameters.get('TransactionReceipt')) ?? maybe(result.TransactionID);
  const amount = kes(parameters.get('TransactionAmount'));
  return {
    kind: 'b2c',
    dedupeKey: `${providerRef}|${type}|${code}`,
    ourRef: text(result.OriginatorConversationID, 'OriginatorConversationID'),
    providerRef,
    final: type === '0',
    outcome: outcomeOfResult('b2c', code, maybe(result.ResultDesc) ?? '', providerRef, receipt),
    ...(amount ? { amount } : {}),
    ...(receipt === undefined ? {} : { receipt }),
  };
};

/** The queue timed out: proves nothing, so the status is asked for. */
export const parseQueueTimeout = (body: unknown): CallbackFact => {
  const result = object(object(body, 'body').Result ?? body, 'Result');
  const ourRef = text(result.OriginatorConversationID, 'OriginatorConversationID');
  return {
    kind: 'b2c-timeout',
    dedupeKey: `timeout|${ourRef}`,
    ourRef,
    final: false,
    outcome: { kind: 'unknown', reason: 'the queue timed out' },
  };
};

/** Transaction status result. ResultCode 0 means that the query worked: the payment's own state is TransactionStatus. */
export const parseStatusResult = (body: unknown): CallbackFact => {
  const result = object(object(body, 'body').Result, 'Result');
  const parameters =
    result.ResultParameters === undefined
      ? new Map<string, unknown>()
      : items(object(result.ResultParameters, 'ResultParameters').ResultParameter);
  const providerRef = text(result.ConversationID, 'ConversationID');
  const status = maybe(parameters.get('TransactionStatus')) ?? '';
  const receipt = maybe(parameters.get('ReceiptNo'));
  const ourRef =
    maybe(parameters.get('OriginatorConversationID')) ??
    text(result.OriginatorConversationID, 'OriginatorConversationID');
  const amount = kes(parameters.get('Amount'));
  const outcome: CallbackFact['outcome'] =
    status === 'Completed'
      ? { kind: 'succeeded', providerRef, ...(receipt === undefined ? {} : { receipt }) }
      : ['Cancelled', 'Declined', 'Expired'].includes(status)
        ? { kind: 'declined', code: status, reason: status, providerRef }
        : { kind: 'unknown', reason: `status ${status || text(result.ResultCode, 'ResultCode')}` };
  return {
    kind: 'status',
    dedupeKey: `${providerRef}|${status}`,
    ourRef,
    providerRef,
    final: outcome.kind !== 'unknown',
    outcome,
    ...(amount ? { amount } : {}),
    ...(receipt === undefined ? {} : { receipt }),
  };
};

const c2b = (body: unknown, kind: 'c2b-confirmation' | 'c2b-validation'): CallbackFact => {
  const call = object(body, 'body');
  const receipt = text(call.TransID, 'TransID');
  const amount = kes(call.TransAmount);
  if (!amount || amount.minor <= 0n)
    throw new ContractViolation('TransAmount is not an amount', [], 'callback/malformed');
  const accountReference = maybe(call.BillRefNumber)?.trim().toUpperCase();
  return {
    kind,
    dedupeKey: `${receipt}|${kind === 'c2b-validation' ? 'v' : 'c'}`,
    providerRef: receipt,
    final: kind === 'c2b-confirmation',
    outcome: { kind: 'succeeded', providerRef: receipt, receipt, amount },
    amount,
    receipt,
    ...(accountReference === undefined ? {} : { accountReference }),
  };
};

/** Paybill confirmation: final, never repeated by the provider. */
export const parseC2bConfirmation = (body: unknown): CallbackFact => c2b(body, 'c2b-confirmation');
/** Paybill validation: the answer decides whether the money is taken. */
export const parseC2bValidation = (body: unknown): CallbackFact => c2b(body, 'c2b-validation');
