import type { Book, Movement } from './book.js';
import type { CallbackSender } from './callbacks.js';
import { answerAfter, refusedBefore, type Scenario, scenarioOf } from './faults.js';
import {
  type Answer,
  type Body,
  hex,
  invalid,
  newReceipt,
  ok,
  refusal,
  stamp,
  text,
} from './wire.js';

const MSISDN = /^254[17]\d{8}$/;

/** The first field that the gateway refuses. */
const wrongField = (body: Body): string | undefined => {
  const amount = Number(body.Amount);
  if (!/^\d{5,7}$/.test(text(body.BusinessShortCode))) return 'BusinessShortCode';
  if (!/^\d{14}$/.test(text(body.Timestamp))) return 'Timestamp';
  if (!['CustomerPayBillOnline', 'CustomerBuyGoodsOnline'].includes(text(body.TransactionType)))
    return 'TransactionType';
  if (!Number.isInteger(amount) || amount < 1) return 'Amount';
  if (!MSISDN.test(text(body.PartyA))) return 'PartyA';
  if (text(body.PartyB) === '') return 'PartyB';
  if (!MSISDN.test(text(body.PhoneNumber))) return 'PhoneNumber';
  if (!URL.canParse(text(body.CallBackURL))) return 'CallBackURL';
  if (!/^[A-Za-z0-9]{1,12}$/.test(text(body.AccountReference))) return 'AccountReference';
  if (!/^.{1,13}$/.test(text(body.TransactionDesc))) return 'TransactionDesc';
  return undefined;
};

const passwordFits = (body: Body): boolean => {
  const plain = Buffer.from(text(body.Password), 'base64').toString();
  return (
    plain.startsWith(text(body.BusinessShortCode)) &&
    text(body.Timestamp) !== '' &&
    plain.endsWith(text(body.Timestamp))
  );
};

/** Prompts on customers' phones (STK push): what they answer is chosen by the phone number. */
export class StkPush {
  constructor(
    private readonly book: Book,
    private readonly callbacks: CallbackSender,
    private readonly slowMs: number,
  ) {}

  /** `POST /mpesa/stkpush/v1/processrequest`. */
  async push(body: Body): Promise<Answer> {
    const field = wrongField(body);
    if (field !== undefined) return invalid(field);
    if (!passwordFits(body)) return refusal(500, '500.001.1001', 'Wrong credentials');
    const scenario = scenarioOf(text(body.PhoneNumber));
    const refused = refusedBefore(scenario);
    if (refused) return refused;
    const checkout = `ws_CO_${stamp()}${hex(6)}`;
    const merchant = `${hex(4)}-${String(Date.now() % 100_000)}-1`;
    if (scenario.callback === 'before-answer')
      await this.callBack(body, this.execute(body, checkout, merchant), scenario);
    else
      this.callbacks.later(
        () => this.callBack(body, this.execute(body, checkout, merchant), scenario),
        scenario,
      );
    const accepted = ok({
      MerchantRequestID: merchant,
      CheckoutRequestID: checkout,
      ResponseCode: '0',
      ResponseDescription: 'Success. Request accepted for processing',
      CustomerMessage: 'Success. Request accepted for processing',
    });
    return answerAfter(scenario, accepted, this.slowMs);
  }

  /** `POST /mpesa/stkpushquery/v1/query`: "still processing" is an HTTP 500; neither receipt nor amount is told. */
  async query(body: Body): Promise<Answer> {
    if (!passwordFits(body)) return refusal(500, '500.001.1001', 'Wrong credentials');
    const checkout = text(body.CheckoutRequestID);
    const movement = this.book.find('stk', checkout);
    if (!movement || scenarioOf(movement.msisdn).queryStuck)
      return refusal(500, '500.001.1001', 'The transaction is being processed');
    return ok({
      ResponseCode: '0',
      ResponseDescription: 'The service request has been accepted successsfully',
      MerchantRequestID: movement.conversationId,
      CheckoutRequestID: checkout,
      ResultCode: movement.resultCode,
      ResultDesc: movement.resultDesc,
    });
  }

  private execute(body: Body, checkout: string, merchant: string): Movement {
    const scenario = scenarioOf(text(body.PhoneNumber));
    const amount = Number(body.Amount);
    const movement: Movement = {
      kind: 'stk',
      ref: checkout,
      conversationId: merchant,
      amount: scenario.otherAmount ? Math.max(1, amount - 1) : amount,
      msisdn: text(body.PhoneNumber),
      accountReference: text(body.AccountReference),
      at: new Date().toISOString(),
      resultCode: scenario.resultCode,
      resultDesc: scenario.resultDesc,
      receipt: scenario.resultCode === '0' ? newReceipt() : '',
    };
    this.book.add(movement);
    return movement;
  }

  private async callBack(body: Body, movement: Movement, scenario: Scenario): Promise<void> {
    const url = body.CallBackURL;
    const say = (code: string, more: Body = {}): Promise<unknown> =>
      this.callbacks.send(url, stkCallback(movement, code, more));
    const code = scenario.callbackCode ?? movement.resultCode;
    switch (scenario.callback) {
      case 'never':
        return;
      case 'malformed':
        await this.callbacks.sendText(url, '{"Body":{"stkCallback":{"MerchantRequestID":');
        return;
      case 'unknown-fields':
        await say(code, { Channel: 'APP', Extra: { Level: [1, 2] } });
        return;
      case 'twice':
        await say(code);
        await say(code);
        return;
      case 'out-of-order':
        await say(code);
        await say('1037');
        return;
      case 'once':
      case 'late':
      case 'before-answer':
      case 'timeout-then-result':
      case 'intermediate-first':
        await say(code);
    }
  }
}

const stkCallback = (movement: Movement, code: string, more: Body): unknown => {
  const items = [
    { Name: 'Amount', Value: movement.amount },
    { Name: 'MpesaReceiptNumber', Value: movement.receipt },
    { Name: 'Balance' },
    { Name: 'TransactionDate', Value: Number(stamp(new Date(movement.at))) },
    { Name: 'PhoneNumber', Value: Number(movement.msisdn) },
  ];
  return {
    Body: {
      stkCallback: {
        MerchantRequestID: movement.conversationId,
        CheckoutRequestID: movement.ref,
        ResultCode: Number(code),
        ResultDesc:
          code === movement.resultCode ? movement.resultDesc : 'DS timeout user cannot be reached',
        ...(code === '0' ? { CallbackMetadata: { Item: items } } : {}),
        ...more,
      },
    },
  };
};
