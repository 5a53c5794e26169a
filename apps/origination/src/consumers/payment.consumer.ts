import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import {
  type PaymentReversed,
  paymentReversed,
  type PaymentSettled,
  paymentSettled,
  TOPIC,
} from '@daftari/contracts';
import { Inbox, type IntegrationMessage } from '@daftari/messaging';
import { Database, metaOfMessage } from '@daftari/service-kit';
import { ChangeLoan } from '../loan/change-loan.js';
import type { LoanCommand } from '../loan/domain/loan.js';

/** Allocates settled payments to their loans, and takes reversed ones back. */
@Controller()
export class PaymentConsumer {
  constructor(
    private readonly db: Database,
    private readonly inbox: Inbox,
    private readonly loans: ChangeLoan,
  ) {}

  /** Delivered at least once, takes effect once: by the inbox, and again by the payment's id on the loan. */
  @EventPattern(TOPIC.paymentV1)
  async onPayment(@Payload() message: IntegrationMessage): Promise<void> {
    if (message.type === paymentSettled.type) {
      const { loanId, paymentId, receipt, amount, effectiveOn } = message.data as PaymentSettled;
      if (loanId === null) return; // Suspense: nobody's loan yet.
      const data = { paymentId, receipt, amount, effectiveOn };
      await this.record(message, loanId, { type: 'RecordRepayment', data });
    }
    if (message.type === paymentReversed.type) {
      const { loanId, paymentId, providerReference, reason, effectiveOn } =
        message.data as PaymentReversed;
      const data = { paymentId, providerReference, reason, effectiveOn };
      await this.record(message, loanId, { type: 'ReverseRepayment', data });
    }
  }

  private async record(
    message: IntegrationMessage,
    loanId: string,
    command: LoanCommand,
  ): Promise<void> {
    await this.db.transaction(async ({ client }) => {
      if (!(await this.inbox.once(client, 'origination.record-repayment', message.id))) return;
      await this.loans.forMessage(client, loanId, command, metaOfMessage(message));
    });
  }
}
