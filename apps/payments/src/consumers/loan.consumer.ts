import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import {
  type DisbursementRequested,
  disbursementRequested,
  type LoanStatusChanged,
  loanStatusChanged,
  TOPIC,
} from '@daftari/contracts';
import { deterministicId } from '@daftari/kernel';
import { Inbox, type IntegrationMessage } from '@daftari/messaging';
import { Database, metaOfMessage, type Tx } from '@daftari/service-kit';
import { ReviewDesk } from '../review/review-desk.js';
import { Streams } from '../streams.js';
import { TaskQueue } from '../tasks/task-queue.js';

/** Starts disbursements and keeps the loans that can be paid. */
@Controller()
export class LoanConsumer {
  constructor(
    private readonly db: Database,
    private readonly inbox: Inbox,
    private readonly streams: Streams,
    private readonly desk: ReviewDesk,
    private readonly queue: TaskQueue,
  ) {}

  @EventPattern(TOPIC.loanV1)
  async onLoan(@Payload() message: IntegrationMessage): Promise<void> {
    if (message.type === disbursementRequested.type)
      await this.start(message, message.data as DisbursementRequested);
    if (message.type === loanStatusChanged.type) {
      const { loanId, customerId, accountReference, status } = message.data as LoanStatusChanged;
      await this.db.transaction(async (tx) => {
        await this.keepLoan(tx, message, { loanId, customerId, accountReference, status });
        if (status !== 'active') return;
        for (const paymentId of await this.desk.waitingFor(tx, loanId))
          await this.queue.schedule(tx, 'allocate-payment', paymentId, 0);
      });
    }
  }

  /** One disbursement per loan: its id derives from the loan's. */
  private async start(message: IntegrationMessage, data: DisbursementRequested): Promise<void> {
    const { loanId, customerId, principal: amount, phone, effectiveOn, accountReference } = data;
    // A loan whose payout failed may be paid out again: each request of the loan's stream is its own disbursement.
    const disbursementId = deterministicId('disbursement', loanId, message.sequence ?? message.id);
    const order = { disbursementId, loanId, customerId, amount, phone, effectiveOn };
    await this.streams.changeDisbursement(
      disbursementId,
      { type: 'Start', data: order },
      metaOfMessage(message),
      async (tx) => {
        await this.inbox.once(tx.client, 'payments.start-disbursement', message.id);
        await this.keepLoan(tx, message, {
          loanId,
          customerId,
          accountReference,
          status: 'approved',
        });
        await tx.client.query('update payable_loan set disbursement_id = $2 where loan_id = $1', [
          loanId,
          disbursementId,
        ]);
      },
    );
  }

  private async keepLoan(
    tx: Tx,
    message: IntegrationMessage,
    loan: { loanId: string; customerId: string; accountReference: string; status: string },
  ): Promise<void> {
    await tx.client.query(
      `insert into payable_loan(loan_id, tenant_id, customer_id, account_reference, status, sequence) values ($1,$2,$3,$4,$5,$6)
       on conflict (loan_id) do update set status = $5, sequence = $6 where payable_loan.sequence <= $6`,
      [
        loan.loanId,
        message.tenantId,
        loan.customerId,
        loan.accountReference,
        loan.status,
        message.sequence ?? '0',
      ],
    );
  }
}
