import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import {
  type LoanActivated,
  loanActivated,
  type RepaymentAllocated,
  repaymentAllocated,
  TOPIC,
} from '@daftari/contracts';
import { formatMinor, parseMoney } from '@daftari/kernel';
import { Inbox, type IntegrationMessage } from '@daftari/messaging';
import { Database, type Tx } from '@daftari/service-kit';
import { DeliveryQueue } from '../delivery/delivery-queue.js';

/** Tells the customer that a loan was paid out, with its schedule, and that a payment arrived. */
@Controller()
export class LoanConsumer {
  constructor(
    private readonly db: Database,
    private readonly inbox: Inbox,
    private readonly queue: DeliveryQueue,
  ) {}

  @EventPattern(TOPIC.loanV1)
  async onLoan(@Payload() message: IntegrationMessage): Promise<void> {
    if (message.type !== loanActivated.type && message.type !== repaymentAllocated.type) return;
    await this.db.transaction(async (tx) => {
      if (!(await this.inbox.once(tx.client, 'notifications.loan', message.id))) return;
      if (message.type === loanActivated.type)
        await this.tellPaidOut(tx, message, message.data as LoanActivated);
      else await this.tellReceived(tx, message, message.data as RepaymentAllocated);
    });
  }

  private async tellPaidOut(
    tx: Tx,
    message: IntegrationMessage,
    loan: LoanActivated,
  ): Promise<void> {
    const minor = (amount: string): bigint => parseMoney({ amount, currency: loan.currency }).minor;
    const installments = loan.installments.map((row) => ({
      ...row,
      total: formatMinor(
        minor(row.principal) + minor(row.interest) + minor(row.fees) + minor(row.penalties),
        loan.currency,
      ),
    }));
    const values = {
      ...loan,
      installments,
      firstDueOn: installments[0]?.dueOn,
      firstDue: installments[0]?.total,
    };
    await this.queue.enqueue(tx, message, loan.customerId, 'loan-disbursed', values);
  }

  private async tellReceived(
    tx: Tx,
    message: IntegrationMessage,
    repayment: RepaymentAllocated,
  ): Promise<void> {
    const hasCredit =
      parseMoney({ amount: repayment.overpayment, currency: repayment.currency }).minor > 0n;
    await this.queue.enqueue(tx, message, repayment.customerId, 'repayment-success', {
      ...repayment,
      hasCredit,
    });
  }
}
