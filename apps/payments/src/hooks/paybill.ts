import { Inject, Injectable } from '@nestjs/common';
import { deterministicId, invariant, type MoneyJson, moneyToJson } from '@daftari/kernel';
import type { CallbackFact } from '@daftari/integrations';
import { CONFIG, Database, type EventMeta, Tenants, type Tx } from '@daftari/service-kit';
import type { PaymentsConfig } from '../config.js';
import type { PaymentOrder } from '../payment/domain/payment.js';
import { Receipts } from '../payment/receipts.js';
import { Streams } from '../streams.js';
import { TaskQueue } from '../tasks/task-queue.js';

interface Payable {
  readonly loan_id: string;
  readonly customer_id: string;
  readonly status: string;
}
/** A loan in one of these takes no payments yet; money for it is not lost and not a dead letter. */
const NOT_ACTIVE_YET: readonly string[] = ['approved', 'disbursed'];

/** Payments that customers make by hand: a confirmation is final by the provider's own rule; what matches no loan goes to suspense. */
@Injectable()
export class Paybill {
  constructor(
    private readonly db: Database,
    private readonly streams: Streams,
    private readonly queue: TaskQueue,
    private readonly tenants: Tenants,
    private readonly receipts: Receipts,
    @Inject(CONFIG) private readonly config: PaymentsConfig,
  ) {}

  /** Settles it once, whatever was heard of it before; `done` ends the callback in the same transaction. */
  async receive(
    callbackId: string,
    fact: CallbackFact,
    done: (tx: Tx) => Promise<void>,
  ): Promise<true> {
    const { DARAJA_TENANT_ID: tenantId } = this.config;
    invariant(
      fact.receipt !== undefined && fact.amount !== undefined,
      'a confirmation has a receipt and an amount',
    );
    const paymentId = deterministicId('c2b', tenantId, fact.receipt);
    const amount = moneyToJson(fact.amount);
    const order = await this.orderOf(paymentId, fact, amount);
    const meta: EventMeta = {
      tenantId,
      actorId: 'system',
      correlationId: `c2b-${fact.receipt}`,
      causationId: `callback-${callbackId}`,
    };
    if (await this.receipts.isForeign(fact.receipt, paymentId)) {
      await this.db.transaction(done);
      return true;
    }
    const { receipt } = fact;
    await this.streams.changePayment(paymentId, { type: 'Initiate', data: order }, meta);
    const effectiveOn = await this.tenants.today(tenantId);
    await this.streams.changePayment(
      paymentId,
      {
        type: 'Succeed',
        data: { receipt, amount, effectiveOn, confirmedBy: 'confirmation' },
      },
      meta,
      async (tx, changed) => {
        if (changed) await this.receipts.claim(tx, receipt, paymentId);
        if (changed) await this.wake(tx, order);
        await done(tx);
      },
    );
    return true;
  }

  /** A loan that was paid out takes the money now; for one that is not active yet it waits in suspense. */
  private async orderOf(
    paymentId: string,
    { accountReference = '' }: CallbackFact,
    amount: MoneyJson,
  ): Promise<PaymentOrder> {
    const { rows } = await this.db.pool.query<Payable>(
      'select loan_id, customer_id, status from payable_loan where tenant_id = $1 and account_reference = $2',
      [this.config.DARAJA_TENANT_ID, accountReference],
    );
    const loan = rows[0];
    const waits = loan !== undefined && NOT_ACTIVE_YET.includes(loan.status);
    return {
      paymentId,
      loanId: waits ? null : (loan?.loan_id ?? null),
      customerId: loan?.customer_id ?? null,
      method: 'mpesa-c2b',
      amount,
      phone: '',
      accountReference,
      ...(waits ? { waitsForLoanId: loan.loan_id } : {}),
    };
  }

  /** The loan may have become active meanwhile; its row is locked, so either this sees it or the loan's consumer sees this. */
  private async wake(tx: Tx, { paymentId, waitsForLoanId = null }: PaymentOrder): Promise<void> {
    if (waitsForLoanId === null) return;
    const { rows } = await tx.client.query<{ status: string }>(
      'select status from payable_loan where loan_id = $1 for update',
      [waitsForLoanId],
    );
    if (rows[0] && !NOT_ACTIVE_YET.includes(rows[0].status))
      await this.queue.schedule(tx, 'allocate-payment', paymentId, 0);
  }
}
