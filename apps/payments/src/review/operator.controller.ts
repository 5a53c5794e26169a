import { Body, Controller, HttpCode, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { NotFound, Rejected } from '@daftari/kernel';
import {
  Answers,
  Database,
  eventMeta,
  Idempotent,
  Meta,
  type RequestMeta,
  Requires,
  Tenants,
} from '@daftari/service-kit';
import type { DisbursementCommand } from '../disbursement/domain/disbursement.js';
import type { PaymentCommand } from '../payment/domain/payment.js';
import { Receipts } from '../payment/receipts.js';
import { Streams } from '../streams.js';
import { AllocatePaymentRequest, ProviderWordRequest, ReasonRequest } from './requests.js';
import { DISBURSEMENT, PAYMENT } from '../examples.js';

interface Answer {
  readonly id: string;
  readonly status: string;
}
interface Payable {
  readonly loan_id: string;
  readonly customer_id: string;
  readonly account_reference: string;
  readonly status: string;
}
const PAYABLE = ['active', 'completed', 'defaulted'];

/**
 * An operator's decisions about money that the platform cannot decide about by itself. Each says why; the events name
 * who. A repeat changes nothing, and what contradicts a decision that was made before is refused.
 */
@Controller('v1')
@Requires('payments:operate')
export class OperatorController {
  constructor(
    private readonly db: Database,
    private readonly streams: Streams,
    private readonly receipts: Receipts,
    private readonly tenants: Tenants,
  ) {}

  /** 404 for no such loan, 409 `payment/loan-not-active`, `payment/allocated-already`, `payment/refund-due`. */
  @Post('payments/:id/allocate')
  @HttpCode(200)
  @Idempotent()
  @Answers({ id: PAYMENT.paymentId, status: 'succeeded' })
  @ApiOperation({ summary: 'Allocate a payment in suspense to a loan' })
  async allocate(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() body: AllocatePaymentRequest,
    @Meta() meta: RequestMeta,
  ): Promise<Answer> {
    const { rows } = await this.db.pool.query<Payable>(
      `select loan_id, customer_id, account_reference, status from payable_loan
       where tenant_id = $1 and (loan_id = $2 or account_reference = $3)`,
      [meta.tenantId, body.loanId ?? null, body.accountReference?.toUpperCase() ?? null],
    );
    const [loan, other] = rows;
    if (!loan || other) throw new NotFound('loan');
    if (!PAYABLE.includes(loan.status))
      throw new Rejected('payment/loan-not-active', 'Only a loan that was paid out takes payments');
    const data = {
      loanId: loan.loan_id,
      customerId: loan.customer_id,
      accountReference: loan.account_reference,
      reason: body.reason,
    };
    return this.payment(id, { type: 'Allocate', data }, meta);
  }

  /** 409 `payment/allocated-already` for money that paid a loan: that is reversed, not refunded. */
  @Post('payments/:id/mark-refund')
  @HttpCode(200)
  @Idempotent()
  @Answers({ id: PAYMENT.paymentId, status: 'succeeded' })
  @ApiOperation({ summary: 'Say that a payment in suspense goes back to its payer' })
  markRefund(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { reason }: ReasonRequest,
    @Meta() meta: RequestMeta,
  ): Promise<Answer> {
    return this.payment(id, { type: 'MarkRefund', data: { reason } }, meta);
  }

  /** The money went back at the provider: what was posted is posted back, linked to the payment. */
  @Post('payments/:id/reverse')
  @HttpCode(200)
  @Idempotent()
  @Answers({ id: PAYMENT.paymentId, status: 'reversed' })
  @ApiOperation({ summary: 'Record that a payment was reversed or refunded at the provider' })
  async reverse(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { reason, providerReference }: ProviderWordRequest,
    @Meta() meta: RequestMeta,
  ): Promise<Answer> {
    const effectiveOn = await this.tenants.today(meta.tenantId);
    const data = { reason, providerReference, effectiveOn };
    return this.payment(id, { type: 'Reverse', data }, meta);
  }

  /** 409 `payment/receipt-used` for a receipt that settled another payment. */
  @Post('payments/:id/confirm-received')
  @HttpCode(200)
  @Idempotent()
  @Answers({ id: PAYMENT.paymentId, status: 'succeeded' })
  @ApiOperation({ summary: 'Say that an undecided payment arrived, with its receipt' })
  async confirmReceived(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { providerReference: receipt }: ProviderWordRequest,
    @Meta() meta: RequestMeta,
  ): Promise<Answer> {
    const { state } = await this.ownPayment(id, meta);
    if (await this.receipts.isForeign(receipt, id))
      throw new Rejected('payment/receipt-used', 'This receipt settled another payment');
    const amount = state.reported?.amount ?? state.order?.amount;
    if (!amount) throw new NotFound('payment');
    const effectiveOn = await this.tenants.today(meta.tenantId);
    const data = { receipt, amount, effectiveOn, confirmedBy: 'operator' };
    await this.streams.changePayment(
      id,
      { type: 'Succeed', data },
      eventMeta(meta),
      async (tx, changed) => {
        if (changed) await this.receipts.claim(tx, receipt, id);
      },
    );
    return { id, status: (await this.streams.payment(id)).state.status };
  }

  /** 409 `disbursement/superseded` when the loan was paid out again meanwhile: that money is recovered by hand. */
  @Post('disbursements/:id/confirm-executed')
  @HttpCode(200)
  @Idempotent()
  @Answers({ id: DISBURSEMENT.disbursementId, status: 'settled' })
  @ApiOperation({ summary: 'Say that a payout was executed, with its receipt' })
  async confirmExecuted(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { reason, providerReference }: ProviderWordRequest,
    @Meta() meta: RequestMeta,
  ): Promise<Answer> {
    const { rowCount } = await this.db.pool.query(
      'select 1 from payable_loan where tenant_id = $1 and disbursement_id = $2',
      [meta.tenantId, id],
    );
    const { state, meta: known } = await this.streams.disbursement(id);
    if (known?.tenantId === meta.tenantId && state.status === 'failed' && rowCount === 0)
      throw new Rejected('disbursement/superseded', 'The loan has a newer disbursement');
    return this.disbursement(
      id,
      { type: 'ConfirmExecuted', data: { reason, providerReference } },
      meta,
    );
  }

  /** 409 `disbursement/already-executed` for a payout that is known to have left. */
  @Post('disbursements/:id/confirm-failed')
  @HttpCode(200)
  @Idempotent()
  @Answers({ id: DISBURSEMENT.disbursementId, status: 'releasing' })
  @ApiOperation({ summary: 'Say that a payout was not executed, with what the provider calls it' })
  confirmFailed(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { reason, providerReference }: ProviderWordRequest,
    @Meta() meta: RequestMeta,
  ): Promise<Answer> {
    const data = { reason, providerReference };
    return this.disbursement(id, { type: 'ConfirmFailed', data }, meta);
  }

  private async ownPayment(id: string, meta: RequestMeta) {
    const loaded = await this.streams.payment(id);
    if (loaded.meta?.tenantId !== meta.tenantId) throw new NotFound('payment');
    return loaded;
  }

  private async payment(id: string, command: PaymentCommand, meta: RequestMeta): Promise<Answer> {
    await this.ownPayment(id, meta);
    await this.streams.changePayment(id, command, eventMeta(meta));
    return { id, status: (await this.streams.payment(id)).state.status };
  }

  private async disbursement(
    id: string,
    command: DisbursementCommand,
    meta: RequestMeta,
  ): Promise<Answer> {
    const { meta: known } = await this.streams.disbursement(id);
    if (known?.tenantId !== meta.tenantId) throw new NotFound('disbursement');
    await this.streams.changeDisbursement(id, command, eventMeta(meta));
    return { id, status: (await this.streams.disbursement(id)).state.status };
  }
}
