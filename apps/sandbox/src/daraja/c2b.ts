import { createHash } from 'node:crypto';
import type { Book } from './book.js';
import type { CallbackSender, Heard } from './callbacks.js';
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

interface Registered {
  readonly shortCode: string;
  readonly confirmation: string;
  readonly validation: string;
  /** What happens when the merchant does not answer a validation in time. */
  readonly unanswered: 'Completed' | 'Cancelled';
}

const FORBIDDEN = /mpesa|m-pesa|safaricom|exe|exec|cmd|sql|query/i;

const addressWrong = (url: string): boolean => !URL.canParse(url) || FORBIDDEN.test(url);

/** Payments that customers make by hand to a paybill: registration, validation, confirmation. */
export class C2b {
  private registered: Registered | undefined;

  constructor(
    private readonly book: Book,
    private readonly callbacks: CallbackSender,
  ) {}

  /** `POST /mpesa/c2b/v1/registerurl`. The reply's key is misspelt, as at the provider. */
  async register(body: Body): Promise<Answer> {
    const confirmation = text(body.ConfirmationURL);
    const validation = text(body.ValidationURL);
    const unanswered = text(body.ResponseType);
    if (!/^\d{5,7}$/.test(text(body.ShortCode))) return invalid('ShortCode');
    if (unanswered !== 'Completed' && unanswered !== 'Cancelled') return invalid('ResponseType');
    if (addressWrong(confirmation))
      return refusal(400, '400.003.02', 'Bad Request - Invalid ConfirmationURL');
    if (addressWrong(validation))
      return refusal(400, '400.003.02', 'Bad Request - Invalid ValidationURL');
    const shortCode = text(body.ShortCode);
    this.registered = { shortCode, confirmation, validation, unanswered };
    return ok({
      OriginatorCoversationID: `${hex(4)}-${hex(2)}-1`,
      ResponseCode: '0',
      ResponseDescription: 'Success',
    });
  }

  /**
   * Control: a customer pays by hand; validation first, then the confirmation, `times` times. Takes msisdn, amount,
   * billRefNumber, transId, times, skipValidation, and `payer`: `masked`, `hashed` or `plain`.
   */
  async customerPays(body: Body): Promise<Body> {
    const { registered } = this;
    if (!registered) return { accepted: false, reason: 'no merchant has registered its URLs yet' };
    const amount = Number(body.amount);
    if (!Number.isFinite(amount) || amount <= 0)
      return { accepted: false, reason: 'amount is not an amount' };
    const call = callOf(body, registered.shortCode);
    const transId = call.TransID;
    if (body.skipValidation !== true) {
      const verdict = await this.callbacks.send(registered.validation, call);
      if (!isAccepted(verdict, registered)) return { accepted: false, transId, verdict };
    }
    this.book.add({
      kind: 'c2b',
      ref: transId,
      conversationId: transId,
      amount,
      msisdn: text(body.msisdn) || DEFAULT_PAYER,
      accountReference: call.BillRefNumber,
      at: new Date().toISOString(),
      resultCode: '0',
      resultDesc: 'Success',
      receipt: transId,
    });
    const answers: unknown[] = [];
    for (let i = 0; i < Math.min(Number(body.times ?? 1), 10); i++)
      answers.push(
        await this.callbacks.send(registered.confirmation, {
          ...call,
          OrgAccountBalance: '49197.00',
        }),
      );
    return { accepted: true, transId, answers };
  }
}

/** Nobody answered: the default that was registered decides. */
const isAccepted = (verdict: Heard, { unanswered }: Registered): boolean =>
  verdict === undefined || verdict === null
    ? unanswered === 'Completed'
    : text(verdict.ResultCode) === '0';

const DEFAULT_PAYER = '254700000000';

const shownPayer = (msisdn: string, payer: unknown): string => {
  if (payer === 'plain') return msisdn;
  if (payer === 'hashed') return createHash('sha256').update(msisdn).digest('hex');
  return `${msisdn.slice(0, 5)}****${msisdn.slice(-3)}`;
};

const callOf = (body: Body, shortCode: string) => ({
  TransactionType: 'Pay Bill',
  TransID: text(body.transId) || newReceipt(),
  TransTime: stamp(),
  TransAmount: Number(body.amount).toFixed(2),
  BusinessShortCode: shortCode,
  BillRefNumber: text(body.billRefNumber).slice(0, 20),
  InvoiceNumber: '',
  OrgAccountBalance: '',
  ThirdPartyTransID: '',
  MSISDN: shownPayer(text(body.msisdn) || DEFAULT_PAYER, body.payer),
  FirstName: 'JOHN',
  MiddleName: '',
  LastName: '',
});
