import { randomBytes } from 'node:crypto';

/** A JSON body as it came in. */
export type Body = Readonly<Record<string, unknown>>;

/** What a request is answered with: JSON unless it is a string. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Set for what is not JSON, or only looks like it. */
  readonly contentType?: string;
}

/** A field's text; numbers count, because merchants quote some fields and not others. Empty when it is neither. */
export const text = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';

const NAIROBI_MS = 3 * 3_600_000;

/** `YYYYMMDDHHmmss` in Nairobi, as in TransTime and TransactionDate. */
export const stamp = (now = new Date()): string =>
  new Date(now.getTime() + NAIROBI_MS).toISOString().replace(/\D/g, '').slice(0, 14);

/** `dd.MM.yyyy HH:mm:ss` in Nairobi: only payout results and statuses write dates like this. */
export const dottedTime = (now = new Date()): string => {
  const [date = '', time = ''] = new Date(now.getTime() + NAIROBI_MS).toISOString().split('T');
  return `${date.split('-').reverse().join('.')} ${time.slice(0, 8)}`;
};

/** A fresh M-Pesa receipt: ten capital letters and digits. */
export const newReceipt = (): string =>
  `S${randomBytes(5).toString('hex').toUpperCase()}`.slice(0, 10);

/** `AG_<date>_<hex>`, as the gateway names its conversations. */
export const newConversationId = (): string =>
  `AG_${stamp().slice(0, 8)}_${randomBytes(10).toString('hex')}`;

/** Random hex digits. */
export const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

/** A 200 with a JSON body. */
export const ok = (body: Body): Answer => ({ status: 200, body });

/** An error of the gateway: `{requestId, errorCode, errorMessage}`. */
export const refusal = (status: number, errorCode: string, errorMessage: string): Answer => ({
  status,
  body: { requestId: `${hex(4)}-${hex(2)}-1`, errorCode, errorMessage },
});

/** The one wording that the gateway has for a field that it does not like. */
export const invalid = (field: string): Answer =>
  refusal(400, '400.002.02', `Bad Request - Invalid ${field}`);
