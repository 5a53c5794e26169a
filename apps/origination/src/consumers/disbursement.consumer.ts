import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import {
  type DisbursementCompleted,
  disbursementCompleted,
  type DisbursementFailed,
  disbursementFailed,
  TOPIC,
} from '@daftari/contracts';
import { Inbox, type IntegrationMessage } from '@daftari/messaging';
import { Database, metaOfMessage, Tenants } from '@daftari/service-kit';
import { ChangeLoan } from '../loan/change-loan.js';
import type { LoanCommand } from '../loan/domain/loan.js';

/** Records how payouts ended. */
@Controller()
export class DisbursementConsumer {
  constructor(
    private readonly db: Database,
    private readonly inbox: Inbox,
    private readonly tenants: Tenants,
    private readonly loans: ChangeLoan,
  ) {}

  /** A completed payout makes the loan active; a failed one brings it back to approved, to be tried again. */
  @EventPattern(TOPIC.disbursementV1)
  async onDisbursement(@Payload() message: IntegrationMessage): Promise<void> {
    if (message.type === disbursementCompleted.type) {
      const { loanId, amount, receipt, effectiveOn } = message.data as DisbursementCompleted;
      const data = { amount, receipt, effectiveOn };
      await this.record(message, loanId, { type: 'RecordDisbursement', data });
    }
    if (message.type === disbursementFailed.type) {
      const { loanId, reason } = message.data as DisbursementFailed;
      const data = { reason, on: await this.tenants.today(message.tenantId) };
      await this.record(message, loanId, { type: 'RecordDisbursementFailure', data });
    }
  }

  private async record(
    message: IntegrationMessage,
    loanId: string,
    command: LoanCommand,
  ): Promise<void> {
    await this.db.transaction(async ({ client }) => {
      if (!(await this.inbox.once(client, 'origination.record-disbursement', message.id))) return;
      await this.loans.forMessage(client, loanId, command, metaOfMessage(message));
    });
  }
}
