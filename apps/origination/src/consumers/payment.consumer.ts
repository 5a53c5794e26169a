import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { type PaymentSettled, paymentSettled, TOPIC } from '@daftari/contracts';
import { Inbox, type IntegrationMessage } from '@daftari/messaging';
import { Database, metaOfMessage } from '@daftari/service-kit';
import { ChangeLoan } from '../loan/change-loan.js';

/** Allocates settled payments to their loans. */
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
    if (message.type !== paymentSettled.type) return; // Other facts on this topic are not ours.
    const { loanId, paymentId, receipt, amount, effectiveOn } = message.data as PaymentSettled;
    if (loanId === null) return; // Suspense: nobody's loan yet.
    const data = { paymentId, receipt, amount, effectiveOn };
    await this.db.transaction(async ({ client }) => {
      if (!(await this.inbox.once(client, 'origination.record-repayment', message.id))) return;
      const meta = metaOfMessage(message);
      await this.loans.forMessage(client, loanId, { type: 'RecordRepayment', data }, meta);
    });
  }
}
