/** What a simulated customer or network does; chosen by the last three digits of the phone number. */
export interface Scenario {
  readonly resultCode: string;
  readonly resultDesc: string;
  /** The order is not carried out although it was accepted. */
  readonly callback:
    'once' | 'twice' | 'before-answer' | 'never' | 'timeout-then-result' | 'intermediate-first';
  /** How the HTTP answer goes wrong. */
  readonly answer: 'ok' | 'cut-after-executing' | 'throttled' | 'duplicate';
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

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  '001': failed('1', 'The balance is insufficient for the transaction.'),
  '019': failed('1019', 'Transaction has expired.'),
  '032': failed('1032', 'Request cancelled by user.'),
  '037': failed('1037', 'No response from user.'),
  '101': failed(
    '1001',
    'Unable to lock subscriber, a transaction is already in process for the current subscriber.',
  ),
  '201': failed('2001', 'The initiator information is invalid.'),
  '900': { ...OK, callback: 'never' },
  '901': { ...OK, callback: 'before-answer' },
  '902': { ...OK, callback: 'twice' },
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
};

/** The scenario of a phone number; numbers without one succeed. */
export const scenarioOf = (msisdn: string): Scenario => SCENARIOS[msisdn.slice(-3)] ?? OK;
