import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock, crashPoint, parseMoney } from '@daftari/kernel';
import type { DarajaClient, Outcome } from '@daftari/integrations';
import { CONFIG, Database, type EventMeta } from '@daftari/service-kit';
import type { PaymentsConfig } from '../config.js';
import { DARAJA } from '../provider/daraja.provider.js';
import { ReviewDesk } from '../review/review-desk.js';
import { Streams } from '../streams.js';
import { TaskQueue } from '../tasks/task-queue.js';
import type { DisbursementCommand, PayoutOrder } from './domain/disbursement.js';

/** Sends payouts and finds out what became of them. The disbursement's id is the provider's idempotency key. */
@Injectable()
export class PayoutTasks {
  constructor(
    private readonly db: Database,
    private readonly streams: Streams,
    private readonly queue: TaskQueue,
    private readonly desk: ReviewDesk,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(DARAJA) private readonly daraja: DarajaClient,
    @Inject(CONFIG) private readonly config: PaymentsConfig,
  ) {}

  /** Sends the payout once its money is reserved. A payout that may have left is asked for, not sent again. */
  async submit(id: string): Promise<'done' | 'again'> {
    const { state, meta } = await this.streams.disbursement(id);
    if (state.status === 'submitting') {
      await this.record(id, {
        type: 'RecordUnknown',
        data: { reason: 'the process died while the payout was being sent' },
      });
      return 'done';
    }
    if (state.status !== 'reserved' || !state.order) return 'done';
    await this.streams.changeDisbursement(id, { type: 'StartSubmit' }, null);
    const command =
      meta?.tenantId === this.config.DARAJA_TENANT_ID
        ? afterPayout(await this.send(state.order))
        : NO_MERCHANT;
    await this.record(id, command);
    return command.type === 'RecordNotSent' ? 'again' : 'done';
  }

  /** Asks for the status; the answer arrives as a callback. An order that nobody knows of after a long time is sent again under the same id (ADR 6). */
  async poll(id: string): Promise<'done' | 'again'> {
    const { state, meta, startedAt, changedAt } = await this.streams.disbursement(id);
    if (
      (state.status !== 'accepted' &&
        state.status !== 'unknown' &&
        state.status !== 'submitting') ||
      !state.order
    )
      return 'done';
    if (state.status === 'unknown' && this.isOld(changedAt)) {
      const outcome = await this.send(state.order);
      if (outcome.kind === 'accepted')
        await this.record(id, {
          type: 'RecordAccepted',
          data: { providerRef: outcome.providerRef },
        });
    }
    await this.daraja.transactionStatus({ ourRef: id });
    const age = this.clock.now().getTime() - (startedAt?.getTime() ?? 0);
    if (age >= this.config.PAYOUT_REVIEW_AFTER_MS) await this.askPeople(id, state.order, meta);
    return 'again';
  }

  /** Nobody says what became of it. It is asked on, never assumed; people may know more. */
  private async askPeople(id: string, order: PayoutOrder, meta: EventMeta | null): Promise<void> {
    const reason = 'the provider gave no result in time';
    const details = { loanId: order.loanId };
    await this.db.transaction((tx) =>
      this.desk.openOnce(
        tx,
        meta?.tenantId ?? '',
        { type: 'disbursement', id },
        { kind: 'undecided-payout', reason, amount: order.amount, details },
      ),
    );
  }

  private async send(order: PayoutOrder): Promise<Outcome> {
    crashPoint('provider-call-before');
    const outcome = await this.daraja.b2c({
      ourRef: order.disbursementId,
      amount: parseMoney(order.amount),
      phone: order.phone,
      remarks: `Loan ${order.loanId}`,
    });
    crashPoint('provider-call-after');
    return outcome;
  }

  private isOld(changedAt: Date | null): boolean {
    const age = changedAt ? this.clock.now().getTime() - changedAt.getTime() : 0;
    return age > this.config.PAYOUT_RESEND_AFTER_MS;
  }

  private async record(id: string, command: DisbursementCommand): Promise<void> {
    await this.streams.changeDisbursement(id, command, null, async (tx, changed) => {
      if (changed && (command.type === 'RecordAccepted' || command.type === 'RecordUnknown'))
        await this.queue.schedule(tx, 'poll-payout', id, this.config.POLL_FIRST_MS);
    });
  }
}

/** The merchant account moves the money of one tenant; nobody is paid with another's. */
const NO_MERCHANT: DisbursementCommand = {
  type: 'Decline',
  data: {
    code: 'payment/no-merchant-account',
    reason: 'no merchant account moves the money of this tenant',
  },
};

const afterPayout = (outcome: Outcome): DisbursementCommand => {
  switch (outcome.kind) {
    case 'accepted':
      return { type: 'RecordAccepted', data: { providerRef: outcome.providerRef } };
    case 'notSent':
      return { type: 'RecordNotSent', data: { reason: outcome.reason } };
    case 'throttled':
      return { type: 'RecordNotSent', data: { reason: 'the provider is busy' } };
    case 'declined':
      return { type: 'Decline', data: { code: outcome.code, reason: outcome.reason } };
    case 'rejected':
      return outcome.config
        ? { type: 'RecordNotSent', data: { reason: `configuration: ${outcome.reason}` } }
        : { type: 'Decline', data: { code: outcome.code, reason: outcome.reason } };
    case 'needsCustomer':
    case 'pending':
    case 'succeeded':
      return { type: 'RecordUnknown', data: { reason: outcome.kind } };
    case 'unknown':
      return { type: 'RecordUnknown', data: { reason: outcome.reason } };
  }
};
