import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, refusal } from './wire.js';

/** When and how often the merchant is called back, and in which order. */
export type CallbackFault =
  | 'once'
  | 'twice'
  | 'before-answer'
  | 'never'
  | 'late'
  /** B2C: the queue's timeout first, the success afterwards. */
  | 'timeout-then-result'
  /** B2C: ResultType 1 (more will follow) before ResultType 0. */
  | 'intermediate-first'
  /** The final word first, then an older one that contradicts it. */
  | 'out-of-order'
  /** Text that is no JSON; no other callback follows. */
  | 'malformed'
  /** A success with fields that the documents do not name. */
  | 'unknown-fields';

/** How the HTTP answer goes wrong. `cut`, `slow` and `truncated` come after the order was carried out. */
export type AnswerFault =
  | 'ok'
  | 'cut-after-executing'
  | 'slow-after-executing'
  | 'truncated-after-executing'
  | 'internal-error'
  | 'throttled'
  | 'blocked-by-firewall'
  | 'duplicate';

/** What a simulated customer or network does; chosen by the last three digits of the phone number. */
export interface Scenario {
  readonly resultCode: string;
  readonly resultDesc: string;
  readonly callback: CallbackFault;
  readonly answer: AnswerFault;
  readonly codeAsString: boolean;
  readonly withoutParameters: boolean;
  readonly queryStuck: boolean;
  readonly otherAmount: boolean;
  /** The callback says otherwise than the query. */
  readonly callbackCode?: string;
}

const OK: Scenario = {
  resultCode: '0',
  resultDesc: 'The service request is processed successfully.',
  callback: 'once',
  answer: 'ok',
  codeAsString: false,
  withoutParameters: false,
  queryStuck: false,
  otherAmount: false,
};
const failed = (resultCode: string, resultDesc: string): Scenario => ({
  ...OK,
  resultCode,
  resultDesc,
});
const LOCKED =
  'Unable to lock subscriber, a transaction is already in process for the current subscriber.';

/** Every scenario by its selector. 0xx, 1xx, 2xx: how the customer ends it; 90x: callbacks; 91x: payouts; 92x: the network. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  '000': OK,
  '001': failed('1', 'The balance is insufficient for the transaction.'),
  '019': failed('1019', 'Transaction has expired.'),
  '032': failed('1032', 'Request cancelled by user.'),
  '037': failed('1037', 'No response from user.'),
  '101': failed('1001', LOCKED),
  '201': failed('2001', 'The initiator information is invalid.'),
  '900': { ...OK, callback: 'never' },
  '901': { ...OK, callback: 'before-answer' },
  '902': { ...OK, callback: 'twice' },
  '903': { ...OK, callback: 'late' },
  '904': { ...OK, otherAmount: true },
  '905': { ...OK, answer: 'cut-after-executing', callback: 'never' },
  '906': { ...OK, answer: 'throttled' },
  '907': { ...OK, callback: 'never', queryStuck: true },
  '908': { ...OK, callbackCode: '1037' },
  '910': { ...OK, callback: 'timeout-then-result' },
  '911': { ...OK, answer: 'duplicate' },
  '912': { ...OK, callback: 'intermediate-first' },
  '913': { ...OK, codeAsString: true },
  '914': { ...OK, withoutParameters: true },
  '920': { ...OK, answer: 'internal-error' },
  '921': { ...OK, answer: 'slow-after-executing' },
  '922': { ...OK, answer: 'truncated-after-executing' },
  '923': { ...OK, callback: 'malformed' },
  '924': { ...OK, callback: 'out-of-order' },
  '925': { ...OK, callback: 'unknown-fields' },
  '926': { ...OK, answer: 'blocked-by-firewall' },
};

/** The scenario of a phone number; numbers without one succeed. */
export const scenarioOf = (msisdn: string): Scenario => SCENARIOS[msisdn.slice(-3)] ?? OK;

/** The answer that stands for the order not being taken at all; undefined when it is taken. */
export const refusedBefore = ({ answer }: Scenario): Answer | undefined => {
  switch (answer) {
    case 'throttled':
      return refusal(500, '500.003.02', 'Error Occurred: Spike Arrest Violation');
    case 'internal-error':
      return refusal(500, '500.003.1001', 'Internal Server Error');
    case 'blocked-by-firewall':
      return html(403, '<html><body>Request unsuccessful. Incapsula incident ID: 1</body></html>');
    case 'ok':
    case 'duplicate':
    case 'cut-after-executing':
    case 'slow-after-executing':
    case 'truncated-after-executing':
      return undefined;
  }
};

/** The answer after the order was carried out, or what is left of it. */
export const answerAfter = async (
  { answer }: Scenario,
  good: Answer,
  slowMs: number,
): Promise<Answer> => {
  if (answer === 'cut-after-executing') return html(504, '<html>Gateway Time-out</html>');
  if (answer === 'slow-after-executing') await delay(slowMs, undefined, { ref: false });
  if (answer === 'truncated-after-executing') {
    const body = JSON.stringify(good.body);
    return { ...good, body: body.slice(0, body.length / 2), contentType: 'application/json' };
  }
  return good;
};

const html = (status: number, body: string): Answer => ({ status, body, contentType: 'text/html' });
