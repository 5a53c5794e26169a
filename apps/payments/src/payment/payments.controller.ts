import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  ParseUUIDPipe,
  Post,
  Query,
} from '@nestjs/common';
import { ApiOperation, ApiPropertyOptional } from '@nestjs/swagger';
import type { TransactionalEventStore } from '@daftari/event-store';
import { deterministicId, formatMinor, NotFound, parseMoney, Rejected } from '@daftari/kernel';
import {
  Answers,
  AnswersPage,
  CONFIG,
  Database,
  EVENT_STORE,
  eventMeta,
  Idempotent,
  Meta,
  page,
  type Page,
  type RequestMeta,
  Requires,
  Tenants,
} from '@daftari/service-kit';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, IsUUID, Matches, Max, Min } from 'class-validator';
import type { PaymentsConfig } from '../config.js';
import { maskPhones } from '../provider/redact.js';
import { Streams } from '../streams.js';
import { TaskQueue } from '../tasks/task-queue.js';
import { translate } from '../translate.js';
import type { PaymentStatus } from './domain/payment.js';
import { StartPaymentRequest } from './start-payment.request.js';
import { DISBURSEMENT, PAYMENT, PAYMENT_ROW, TRAIL } from '../examples.js';

/** Filters of the list. */
export class ListPaymentsRequest {
  @ApiPropertyOptional({ example: '0198c2f0-0000-7000-8000-000000000001' })
  @IsOptional()
  @IsUUID()
  loanId?: string;

  @ApiPropertyOptional({ description: 'nextCursor of the page before' })
  @IsOptional()
  @Matches(/^[\dT:.Z-]{20,30}_[\da-f-]{36}$/)
  cursor?: string;

  @ApiPropertyOptional({ example: 25 })
  @IsOptional()
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(1)
  @Max(100)
  limit?: number;
}

interface Payable {
  readonly customer_id: string;
  readonly account_reference: string;
  readonly status: string;
}

interface Listed {
  readonly amount: string;
  readonly currency: string;
  readonly cursor: string;
}

/** A prompt that is being sent is pending for everybody outside. */
const shownStatus = (status: PaymentStatus): string =>
  status === 'submitting' ? 'pending' : status;

/** Collections and payouts over HTTP. */
@Controller('v1')
export class PaymentsController {
  constructor(
    private readonly db: Database,
    private readonly streams: Streams,
    private readonly queue: TaskQueue,
    private readonly tenants: Tenants,
    @Inject(EVENT_STORE) private readonly store: TransactionalEventStore,
    @Inject(CONFIG) private readonly config: PaymentsConfig,
  ) {}

  @Post('payments')
  @HttpCode(202)
  @Requires('payments:create-own', 'payments:operate')
  @Idempotent()
  @Answers({ paymentId: PAYMENT.paymentId, status: 'initiated' })
  @ApiOperation({ summary: 'Ask a phone to pay for a loan (M-Pesa STK push)' })
  async start(
    @Body() body: StartPaymentRequest,
    @Meta() meta: RequestMeta,
  ): Promise<{ paymentId: string; status: string }> {
    const paymentId = deterministicId('payment', meta.commandId);
    // The repeat of a command whose answer was lost: what it started may have paid the loan off since then.
    const known = await this.streams.payment(paymentId);
    if (known.state.order) return { paymentId, status: 'initiated' };
    const { rows } = await this.db.pool.query<Payable>(
      'select customer_id, account_reference, status from payable_loan where loan_id = $1 and tenant_id = $2',
      [body.loanId, meta.tenantId],
    );
    const loan = rows[0];
    if (!loan || (loan.customer_id !== meta.userId && !meta.permissions.has('payments:operate')))
      throw new NotFound('loan');
    if (meta.tenantId !== this.config.DARAJA_TENANT_ID)
      throw new Rejected(
        'payment/no-merchant-account',
        'No merchant account moves the money of this tenant',
        409,
      );
    if (loan.status !== 'active')
      throw new Rejected('payment/loan-not-active', 'Only an active loan takes payments', 409);
    const { minor } = parseMoney(body.amount);
    if (minor <= 0n || minor % 100n !== 0n) {
      throw new Rejected(
        'payment/amount-invalid',
        'M-Pesa moves whole shillings, at least one',
        422,
        [
          {
            field: 'amount',
            code: 'payment/amount-invalid',
            message: 'whole shillings, at least 1.00',
          },
        ],
      );
    }
    const order = {
      paymentId,
      loanId: body.loanId,
      customerId: loan.customer_id,
      method: 'mpesa-stk' as const,
      amount: { ...body.amount, amount: formatMinor(minor, 'KES') },
      phone: body.phone,
      accountReference: loan.account_reference,
    };
    await this.streams.changePayment(
      paymentId,
      { type: 'Initiate', data: order },
      eventMeta(meta),
      async (tx, changed) => {
        if (changed) await this.queue.schedule(tx, 'submit-payment', paymentId, 0);
      },
    );
    return { paymentId, status: 'initiated' };
  }

  @Get('payments')
  @Requires('payments:read-own', 'payments:read')
  @AnswersPage(PAYMENT_ROW, { asOf: '2026-01-31' })
  @ApiOperation({ summary: 'List payments, newest first; metadata.asOf is the business date' })
  async list(
    @Query() query: ListPaymentsRequest,
    @Meta() meta: RequestMeta,
  ): Promise<Page<object>> {
    const limit = query.limit ?? 25;
    const { rows } = await this.db.pool.query<Listed>(
      `select payment_id as "paymentId", loan_id as "loanId", method, amount, currency, status, receipt, created_at as "createdAt",
         to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '_' || payment_id as cursor from read_payments
       where tenant_id = $1 and ($2::uuid is null or customer_id = $2) and ($3::uuid is null or loan_id = $3)
         and ($5::timestamptz is null or (created_at, payment_id) < ($5, $6::uuid))
       order by created_at desc, payment_id desc limit $4`,
      [
        meta.tenantId,
        meta.permissions.has('payments:read') ? null : meta.userId,
        query.loanId ?? null,
        limit + 1,
        ...(query.cursor === undefined ? [null, null] : query.cursor.split('_')),
      ],
    );
    const shown = rows.slice(0, limit);
    return page(
      shown.map(({ cursor: _, ...row }) => ({
        ...row,
        amount: { amount: formatMinor(BigInt(row.amount), row.currency), currency: row.currency },
      })),
      rows.length > limit ? (shown.at(-1)?.cursor ?? null) : null,
      { asOf: await this.tenants.today(meta.tenantId) },
    );
  }

  @Get('payments/:id')
  @Requires('payments:read-own', 'payments:read')
  @Answers(PAYMENT)
  @ApiOperation({ summary: 'One payment' })
  async one(@Param('id', ParseUUIDPipe) id: string, @Meta() meta: RequestMeta): Promise<object> {
    const { state, meta: known } = await this.streams.payment(id);
    const allowed =
      known?.tenantId === meta.tenantId &&
      (meta.permissions.has('payments:read') || state.order?.customerId === meta.userId);
    if (!allowed || !state.order) throw new NotFound('payment');
    const { paymentId, loanId, method, amount } = state.order;
    const history: object[] = [];
    for await (const { type, recordedAt } of this.store.readStream(`payment-${id}`))
      history.push({ event: type, at: recordedAt });
    const { receipt } = state;
    return {
      ...{ paymentId, loanId, method, amount, receipt, history },
      status: shownStatus(state.status),
    };
  }

  @Get('payments/:id/trail')
  @Requires('payments:read')
  @Answers(TRAIL)
  @ApiOperation({
    summary: 'Everything about one payment or payout: events, messages, provider calls, callbacks',
  })
  async trail(@Param('id', ParseUUIDPipe) id: string, @Meta() meta: RequestMeta): Promise<object> {
    const payment = await this.streams.payment(id);
    const stream = payment.revision === null ? `disbursement-${id}` : `payment-${id}`;
    const known =
      payment.revision === null ? (await this.streams.disbursement(id)).meta : payment.meta;
    if (known?.tenantId !== meta.tenantId) throw new NotFound('payment');
    const events: object[] = [];
    const messages: object[] = [];
    for await (const event of this.store.readStream(stream)) {
      const { type, data, revision, recordedAt, metadata } = event;
      events.push({ type, data, revision: revision.toString(), recordedAt, metadata });
      messages.push(...translate(event));
    }
    const calls = await this.db.pool.query(
      'select at, provider, operation, status, duration_ms as "durationMs", request_body as "request", response_body as "response", error from provider_call where our_ref = $1 order by id',
      [id],
    );
    const callbacks = await this.db.pool.query<{ raw: string }>(
      'select received_at as "receivedAt", kind, status, raw from webhook_inbox where our_ref = $1 or position($1 in raw) > 0 or position($2 in raw) > 0 order by id',
      [id, payment.state.receipt ?? id],
    );
    return {
      events,
      messages,
      providerCalls: calls.rows,
      callbacks: callbacks.rows.map((row) => ({ ...row, raw: maskPhones(row.raw) })),
    };
  }

  @Get('disbursements/:id')
  @Requires('payments:read')
  @Answers(DISBURSEMENT)
  @ApiOperation({ summary: "A loan's newest disbursement, by the loan's id or its own" })
  async disbursement(
    @Param('id', ParseUUIDPipe) id: string,
    @Meta() meta: RequestMeta,
  ): Promise<object> {
    const { rows } = await this.db.pool.query<{ id: string | null }>(
      'select disbursement_id as id from payable_loan where loan_id = $1',
      [id],
    );
    const { state, meta: known } = await this.streams.disbursement(rows[0]?.id ?? id);
    if (known?.tenantId !== meta.tenantId || !state.order) throw new NotFound('disbursement');
    const { phone: _phone, ...order } = state.order;
    const { status, receipt, reason, review } = state;
    return { ...order, status, receipt, reason, review };
  }
}
