import type { Book, Movement } from './book.js';
import type { CallbackSender } from './callbacks.js';
import { answerAfter, refusedBefore, type Scenario, scenarioOf } from './faults.js';
import type { InitiatorKeys } from './keys.js';
import {
  type Answer,
  type Body,
  dottedTime,
  hex,
  invalid,
  newConversationId,
  newReceipt,
  ok,
  refusal,
  text,
} from './wire.js';

const COMMANDS = ['BusinessPayment', 'SalaryPayment', 'PromotionPayment'];

/** Payouts to phones (B2C) and what became of them (transaction status). */
export class B2c {
  constructor(
    private readonly book: Book,
    private readonly keys: InitiatorKeys,
    private readonly callbacks: CallbackSender,
    private readonly slowMs: number,
  ) {}

  /** `POST /mpesa/b2c/v1/paymentrequest` and `v3`. A known OriginatorConversationID never pays again. */
  async pay(body: Body): Promise<Answer> {
    const field = this.wrongField(body);
    if (field !== undefined) return invalid(field);
    const ref = text(body.OriginatorConversationID) || hex(8);
    const scenario = scenarioOf(text(body.PartyB));
    const known = this.book.find('b2c', ref) !== undefined;
    if (known || scenario.answer === 'duplicate') {
      if (!known) this.execute(ref, body, scenario);
      return refusal(500, '500.002.1001', 'Duplicate OriginatorConversationID.');
    }
    const refused = refusedBefore(scenario);
    if (refused) return refused;
    const movement = this.execute(ref, body, scenario);
    if (scenario.callback === 'before-answer') await this.callBack(body, movement, scenario);
    else this.callbacks.later(() => this.callBack(body, movement, scenario), scenario);
    const accepted = ok({
      ConversationID: movement.conversationId,
      OriginatorConversationID: ref,
      ResponseCode: '0',
      ResponseDescription: 'Accept the service request successfully.',
    });
    return answerAfter(scenario, accepted, this.slowMs);
  }

  /** `POST /mpesa/transactionstatus/v1/query`: the answer arrives as a callback. */
  async status(body: Body): Promise<Answer> {
    const ref = text(body.OriginatorConversationID) || text(body.OriginalConversationID);
    if (ref === '' && text(body.TransactionID) === '') return invalid('TransactionID');
    if (this.keys.open(text(body.SecurityCredential)) === undefined)
      return invalid('SecurityCredential');
    const ids = { originator: hex(8), conversation: newConversationId() };
    this.callbacks.later(() =>
      this.callbacks.send(body.ResultURL, statusResult(ref, ids, this.book.find('b2c', ref))),
    );
    return ok({
      OriginatorConversationID: ids.originator,
      ConversationID: ids.conversation,
      ResponseCode: '0',
      ResponseDescription: 'Accept the service request successfully.',
    });
  }

  private wrongField(body: Body): string | undefined {
    const amount = Number(body.Amount);
    if (!COMMANDS.includes(text(body.CommandID))) return 'CommandID';
    if (!Number.isInteger(amount) || amount < 1) return 'Amount';
    if (!/^254[17]\d{8}$/.test(text(body.PartyB))) return 'PartyB';
    if (this.keys.open(text(body.SecurityCredential)) === undefined) return 'SecurityCredential';
    if (!URL.canParse(text(body.ResultURL))) return 'ResultURL';
    if (!URL.canParse(text(body.QueueTimeOutURL))) return 'QueueTimeOutURL';
    return undefined;
  }

  private execute(ref: string, body: Body, scenario: Scenario): Movement {
    const movement: Movement = {
      kind: 'b2c',
      ref,
      conversationId: newConversationId(),
      amount: Number(body.Amount),
      msisdn: text(body.PartyB),
      accountReference: '',
      at: new Date().toISOString(),
      resultCode: scenario.resultCode,
      resultDesc: scenario.resultDesc,
      receipt: scenario.resultCode === '0' ? newReceipt() : '',
    };
    this.book.add(movement);
    return movement;
  }

  private async callBack(body: Body, movement: Movement, scenario: Scenario): Promise<void> {
    const result = (type: number, more: Body = {}): Promise<unknown> =>
      this.callbacks.send(body.ResultURL, b2cResult(movement, scenario, type, more));
    switch (scenario.callback) {
      case 'never':
        return;
      case 'malformed':
        await this.callbacks.sendText(body.ResultURL, '{"Result":{"ResultType":0,');
        return;
      case 'unknown-fields':
        await result(0, { Channel: 'API', Extra: { Level: [1, 2] } });
        return;
      case 'timeout-then-result':
        await this.callbacks.send(body.QueueTimeOutURL, queueTimeout(movement));
        await result(0);
        return;
      case 'intermediate-first':
        await result(1);
        await result(0);
        return;
      case 'out-of-order':
        await result(0);
        await result(1);
        return;
      case 'twice':
        await result(0);
        await result(0);
        return;
      case 'once':
      case 'late':
      case 'before-answer':
        await result(0);
    }
  }
}

const FUNDS = { utility: 1_000_000, working: 900_000, charges: -4_510 };
const REFERENCE = {
  ReferenceItem: {
    Key: 'QueueTimeoutURL',
    Value: 'https://internalsandbox.safaricom.co.ke/mpesa/b2cresults/v1/submit',
  },
};

const queueTimeout = (movement: Movement): unknown => ({
  Result: {
    ResultType: 1,
    ResultCode: 1,
    ResultDesc: 'The request timed out in the queue.',
    OriginatorConversationID: movement.ref,
    ConversationID: movement.conversationId,
    TransactionID: '',
  },
});

const b2cResult = (movement: Movement, scenario: Scenario, type: number, more: Body): unknown => {
  const success = movement.resultCode === '0';
  const parameters = [
    { Key: 'TransactionAmount', Value: movement.amount },
    { Key: 'TransactionReceipt', Value: movement.receipt },
    { Key: 'B2CRecipientIsRegisteredCustomer', Value: 'Y' },
    { Key: 'B2CChargesPaidAccountAvailableFunds', Value: FUNDS.charges },
    { Key: 'ReceiverPartyPublicName', Value: `${movement.msisdn} - John Doe` },
    { Key: 'TransactionCompletedDateTime', Value: dottedTime(new Date(movement.at)) },
    { Key: 'B2CUtilityAccountAvailableFunds', Value: FUNDS.utility },
    { Key: 'B2CWorkingAccountAvailableFunds', Value: FUNDS.working },
  ];
  return {
    Result: {
      ResultType: type,
      ResultCode: scenario.codeAsString ? movement.resultCode : Number(movement.resultCode),
      ResultDesc: movement.resultDesc,
      OriginatorConversationID: movement.ref,
      ConversationID: movement.conversationId,
      TransactionID: movement.receipt || newReceipt(),
      ...(success && !scenario.withoutParameters
        ? { ResultParameters: { ResultParameter: parameters } }
        : {}),
      ReferenceData: REFERENCE,
      ...more,
    },
  };
};

const statusOf = (movement: Movement): string =>
  movement.resultCode === '0' ? 'Completed' : 'Declined';

const statusResult = (
  ref: string,
  ids: { originator: string; conversation: string },
  movement: Movement | undefined,
): unknown => {
  const at = movement ? dottedTime(new Date(movement.at)) : '';
  const parameters = [
    { Key: 'DebitPartyName', Value: '600000 - Lender' },
    { Key: 'DebitPartyName', Value: `${movement?.msisdn ?? ''} - John Doe` },
    { Key: 'OriginatorConversationID', Value: ref },
    { Key: 'InitiatedTime', Value: at },
    { Key: 'DebitAccountType', Value: 'Utility Account' },
    { Key: 'DebitPartyCharges', Value: 'Fee For B2C Payment|KES|22.40' },
    { Key: 'TransactionReason' },
    { Key: 'ReasonType', Value: 'Business Payment to Customer via API' },
    { Key: 'TransactionStatus', Value: movement ? statusOf(movement) : '' },
    { Key: 'FinalisedTime', Value: at },
    { Key: 'Amount', Value: String(movement?.amount ?? '') },
    { Key: 'ConversationID', Value: movement?.conversationId ?? '' },
    { Key: 'ReceiptNo', Value: movement?.receipt ?? '' },
  ];
  return {
    Result: {
      ResultType: 0,
      ResultCode: movement ? '0' : '2001',
      ResultDesc: movement
        ? 'The service request is processed successfully.'
        : 'The transaction does not exist.',
      OriginatorConversationID: ids.originator,
      ConversationID: ids.conversation,
      TransactionID: movement?.receipt ?? '',
      ...(movement
        ? { ResultParameters: { ResultParameter: parameters } }
        : {
            ResultParameters: {
              ResultParameter: [{ Key: 'OriginatorConversationID', Value: ref }],
            },
          }),
      ReferenceData: { ReferenceItem: { Key: 'Occasion' } },
    },
  };
};
