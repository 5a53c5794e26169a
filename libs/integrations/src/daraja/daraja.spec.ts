import {
  parseB2cResult,
  parseC2bConfirmation,
  parseStatusResult,
  parseStkCallback,
} from './callbacks.js';
import { outcomeOfError, outcomeOfResult } from './codes.js';
import { darajaBasic, darajaPassword, darajaTimestamp } from './daraja-client.js';

const PASSKEY = 'bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919';

describe('Daraja wire format', () => {
  it('matches the golden password, basic credentials and timestamp', () => {
    expect(darajaPassword('174379', PASSKEY, '20260115103000')).toBe(
      'MTc0Mzc5YmZiMjc5ZjlhYTliZGJjZjE1OGU5N2RkNzFhNDY3Y2QyZTBjODkzMDU5YjEwZjc4ZTZiNzJhZGExZWQyYzkxOTIwMjYwMTE1MTAzMDAw',
    );
    expect(darajaBasic('ck_test', 'cs_test')).toBe('Basic Y2tfdGVzdDpjc190ZXN0');
    expect(darajaTimestamp(new Date('2025-12-31T22:30:00Z'))).toBe('20260101013000');
  });

  it('reads an STK success by item name, whatever the order', () => {
    const Item = [
      { Name: 'Balance' },
      { Name: 'MpesaReceiptNumber', Value: 'SGR1' },
      { Name: 'Amount', Value: 100.5 },
    ];
    const fact = parseStkCallback({
      Body: {
        stkCallback: {
          MerchantRequestID: 'm',
          CheckoutRequestID: 'ws_CO_1',
          ResultCode: 0,
          ResultDesc: 'ok',
          CallbackMetadata: { Item },
        },
      },
    });
    expect(fact).toMatchObject({
      dedupeKey: 'ws_CO_1|0',
      receipt: 'SGR1',
      amount: { minor: 10050n },
      outcome: { kind: 'succeeded' },
    });
  });

  it('takes result codes as numbers or strings, and acts on ResultType 0 only', () => {
    const result = (ResultType: number, ResultCode: number | string) =>
      parseB2cResult({
        Result: {
          ResultType,
          ResultCode,
          ResultDesc: 'x',
          OriginatorConversationID: 'o',
          ConversationID: 'c',
          TransactionID: 'T1',
        },
      });
    expect([result(0, '0').outcome.kind, result(0, 0).final, result(1, 0).final]).toEqual([
      'succeeded',
      true,
      false,
    ]);
  });

  it('trusts the transaction status, not the result code of the query', () => {
    const body = (TransactionStatus: string) => ({
      Result: {
        ResultType: '0',
        ResultCode: '0',
        OriginatorConversationID: 'q',
        ConversationID: 'c',
        ResultParameters: {
          ResultParameter: [
            { Key: 'TransactionStatus', Value: TransactionStatus },
            { Key: 'OriginatorConversationID', Value: 'o' },
            { Key: 'TransactionReason' },
          ],
        },
      },
    });
    expect(parseStatusResult(body('Completed'))).toMatchObject({
      ourRef: 'o',
      outcome: { kind: 'succeeded' },
    });
    expect(parseStatusResult(body('Declined')).outcome.kind).toBe('declined');
    expect(parseStatusResult(body('Initiated'))).toMatchObject({
      final: false,
      outcome: { kind: 'unknown' },
    });
  });

  it.each([
    undefined,
    null,
    'x',
    {},
    { Body: { stkCallback: [] } },
    { Result: {} },
    { TransID: 'a', TransAmount: '-5' },
  ])('refuses a malformed callback %#', (body) => {
    for (const parse of [parseStkCallback, parseB2cResult, parseStatusResult, parseC2bConfirmation])
      expect(() => parse(body)).toThrow();
  });

  it('never calls an unlisted code a failure, and gives the same number its meaning per API', () => {
    expect(outcomeOfResult('b2c', '777', 'new', 'r').kind).toBe('unknown');
    expect(outcomeOfResult('stk', '2001', 'pin', 'r').kind).toBe('declined');
    expect(outcomeOfResult('b2c', '2001', 'initiator', 'r')).toMatchObject({
      kind: 'rejected',
      config: true,
    });
    expect(outcomeOfError(500, '500.002.1001', 'Duplicate').kind).toBe('unknown');
    expect(outcomeOfError(500, '500.003.02', 'Spike').kind).toBe('throttled');
  });
});
