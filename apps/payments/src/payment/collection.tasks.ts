import { Inject, Injectable } from '@nestjs/common';
import {
  CLOCK,
  type Clock,
  crashPoint,
  invariant,
  type MoneyJson,
  parseMoney,
} from '@daftari/kernel';
import type { DarajaClient, Outcome } from '@daftari/integrations';
import { CONFIG, Database, Tenants } from '@daftari/service-kit';
import type { PaymentsConfig } from '../config.js';
import { DARAJA } from '../provider/daraja.provider.js';
import { ReviewDesk } from '../review/review-desk.js';
import { type Loaded, Streams } from '../streams.js';
import { TaskQueue } from '../tasks/task-queue.js';
import type { Payment, PaymentCommand } from './domain/payment.js';
import { Receipts } from './receipts.js';

/** Looks after which a confirmed payment is settled although its callback, which alone holds the receipt, never came. */
const LOOKS_WITHOUT_RECEIPT = 4;

/** Sends prompts and finds out what became of them. */
@Injectable()
export class CollectionTasks {
  constructor(
    private readonly db: Database,
    private readonly streams: Streams,
    private readonly desk: ReviewDesk,
    private readonly queue: TaskQueue,
    private readonly tenants: Tenants,
    private readonly receipts: Receipts,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(DARAJA) private readonly daraja: DarajaClient,
    @Inject(CONFIG) private readonly config: PaymentsConfig,
  ) {}

  /** Sends the prompt. A prompt that may have been sent is never sent again: Daraja has no idempotency for it. */
  async submit(paymentId: string): Promise<'done' | 'again'> {
    const { state, startedAt } = await this.streams.payment(paymentId);
    if (state.status === 'submitting') {
      await this.record(paymentId, {
        type: 'RecordUnknown',
        data: { reason: 'the process died while the prompt was being sent' },
      });
      return 'done';
    }
    if (state.status !== 'initiated' || !state.order) return 'done';
    if (this.ageOf(startedAt) >= this.config.PAYMENT_EXPIRES_MS) {
      const reason = 'the prompt could not be sent in time';
      const data = { code: 'payment/not-sent', reason };
      await this.streams.changePayment(paymentId, { type: 'Fail', data }, null);
      return 'done';
    }
    await this.streams.changePayment(paymentId, { type: 'StartSubmit' }, null);
    const { amount, phone, accountReference } = state.order;
    crashPoint('provider-call-before');
    const outcome = await this.daraja.stkPush({
      ourRef: paymentId,
      amount: parseMoney(amount),
      phone,
      accountReference,
      description: 'Loan payment',
    });
    crashPoint('provider-call-after');
    const command = afterPush(outcome);
    await this.record(paymentId, command);
    return command.type === 'RecordNotSent' ? 'again' : 'done';
  }

  /** Asks the provider. Only its answer settles or fails a payment; the callback alone never does. */
  async poll(paymentId: string, attempt: number): Promise<'done' | 'again'> {
    const loaded = await this.streams.payment(paymentId);
    const { state } = loaded;
    if (['succeeded', 'reversed', 'none'].includes(state.status)) return 'done';
    if (state.checkoutRequestId === null) return this.waitOrExpire(paymentId, loaded);
    const outcome = await this.daraja.stkQuery({
      checkoutRequestId: state.checkoutRequestId,
      ourRef: paymentId,
    });
    if (outcome.kind === 'succeeded') return this.confirm(paymentId, loaded, attempt);
    if (outcome.kind !== 'declined' || state.reported?.success === true)
      return this.waitOrExpire(paymentId, loaded);
    await this.streams.changePayment(
      paymentId,
      { type: 'Fail', data: { code: outcome.code, reason: outcome.reason } },
      null,
    );
    return 'done';
  }

  /** A prompt without a result is given up after a time; a success that a callback spoke of is asked for on. */
  private async waitOrExpire(
    paymentId: string,
    { state, startedAt, meta }: Loaded<Payment>,
  ): Promise<'done' | 'again'> {
    if (this.ageOf(startedAt) < this.config.PAYMENT_EXPIRES_MS) return 'again';
    if (state.status === 'failed' || state.status === 'expired') return 'done';
    if (state.status !== 'pending') return 'again';
    if (state.reported?.success === true) {
      await this.askPeople(paymentId, state, meta?.tenantId);
      return 'again';
    }
    const reason = 'the provider gave no result in time';
    await this.streams.changePayment(paymentId, { type: 'Expire', data: { reason } }, null);
    return 'done';
  }

  /** Allocates money that waited in suspense for its loan, now that the loan takes payments. */
  async allocate(paymentId: string): Promise<'done' | 'again'> {
    const { state } = await this.streams.payment(paymentId);
    const { order, status } = state;
    const wanted = order?.waitsForLoanId ?? null;
    if (!order || wanted === null || order.loanId !== null) return 'done';
    if (status !== 'succeeded' || state.refundDue) return 'done';
    const data = {
      loanId: wanted,
      customerId: order.customerId ?? '',
      accountReference: order.accountReference,
      reason: 'the loan is active now',
    };
    await this.streams.changePayment(paymentId, { type: 'Allocate', data }, null);
    return 'done';
  }

  private ageOf(startedAt: Date | null): number {
    return this.clock.now().getTime() - (startedAt?.getTime() ?? 0);
  }

  /** A callback spoke of a success that the provider does not confirm: it is asked on, and people are told. */
  private async askPeople(id: string, state: Payment, tenantId = ''): Promise<void> {
    await this.db.transaction((tx) =>
      this.desk.openOnce(
        tx,
        tenantId,
        { type: 'payment', id },
        {
          kind: 'undecided-payment',
          reason: 'a callback says that it was paid, and the provider does not confirm it',
          amount: state.order?.amount ?? null,
          details: { receipt: state.reported?.receipt ?? null },
        },
      ),
    );
  }

  private async confirm(
    paymentId: string,
    { state, meta }: Loaded<Payment>,
    attempt: number,
  ): Promise<'done' | 'again'> {
    invariant(
      state.order !== null && meta !== null && state.checkoutRequestId !== null,
      'a polled payment has an order',
    );
    const reported = state.reported?.success === true ? state.reported : null;
    if (!reported && attempt < LOOKS_WITHOUT_RECEIPT) return 'again';
    const amount: MoneyJson = reported?.amount ?? state.order.amount;
    const receipt = reported?.receipt ?? state.checkoutRequestId;
    if (await this.receipts.isForeign(receipt, paymentId)) {
      const reason = `receipt ${receipt} settled another payment`;
      const data = { code: 'payment/receipt-used', reason };
      await this.streams.changePayment(paymentId, { type: 'Fail', data }, null);
      return 'done';
    }
    const effectiveOn = await this.tenants.today(meta.tenantId);
    await this.streams.changePayment(
      paymentId,
      {
        type: 'Succeed',
        data: {
          receipt,
          amount,
          effectiveOn,
          confirmedBy: reported ? 'callback and query' : 'query',
        },
      },
      null,
      async (tx, changed) => {
        if (changed) await this.receipts.claim(tx, receipt, paymentId);
      },
    );
    return 'done';
  }

  private async record(paymentId: string, command: PaymentCommand): Promise<void> {
    await this.streams.changePayment(paymentId, command, null, async (tx) => {
      if (command.type === 'RecordPrompt' || command.type === 'RecordUnknown')
        await this.queue.schedule(tx, 'poll-payment', paymentId, this.config.POLL_FIRST_MS);
    });
  }
}

const afterPush = (outcome: Outcome): PaymentCommand => {
  switch (outcome.kind) {
    case 'needsCustomer':
    case 'accepted':
      return { type: 'RecordPrompt', data: { checkoutRequestId: outcome.providerRef } };
    case 'notSent':
      return { type: 'RecordNotSent', data: { reason: outcome.reason } };
    case 'throttled':
      return { type: 'RecordNotSent', data: { reason: 'the provider is busy' } };
    case 'declined':
    case 'rejected':
      return { type: 'Fail', data: { code: outcome.code, reason: outcome.reason } };
    case 'pending':
    case 'succeeded':
      return { type: 'RecordUnknown', data: { reason: outcome.kind } };
    case 'unknown':
      return { type: 'RecordUnknown', data: { reason: outcome.reason } };
  }
};
