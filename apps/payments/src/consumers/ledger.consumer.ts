import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import {
  TOPIC,
  type TransactionPosted,
  transactionPosted,
  type TransactionRefused,
  transactionRefused,
} from '@daftari/contracts';
import { InvariantViolation } from '@daftari/kernel';
import type { IntegrationMessage } from '@daftari/messaging';
import type { DisbursementCommand } from '../disbursement/domain/disbursement.js';
import { Streams } from '../streams.js';
import { TaskQueue } from '../tasks/task-queue.js';

/** The ledger's answers drive the disbursement on. A repeat finds the step taken and changes nothing. */
@Controller()
export class LedgerConsumer {
  constructor(
    private readonly streams: Streams,
    private readonly queue: TaskQueue,
  ) {}

  @EventPattern(TOPIC.ledgerTransactionV1)
  async onTransaction(@Payload() message: IntegrationMessage): Promise<void> {
    const { kind, paymentId } = message.data as TransactionPosted | TransactionRefused;
    const command =
      message.type === transactionPosted.type
        ? afterPosting(kind)
        : message.type === transactionRefused.type
          ? this.afterRefusal(message.data as TransactionRefused)
          : undefined;
    if (!command || paymentId === null) return;
    const { state, meta } = await this.streams.disbursement(paymentId);
    if (state.status === 'none' || meta?.tenantId !== message.tenantId) return;
    await this.streams.changeDisbursement(paymentId, command, null, async (tx, changed) => {
      if (changed && command.type === 'ConfirmReservation')
        await this.queue.schedule(tx, 'submit-payout', paymentId, 0);
    });
  }

  private afterRefusal({
    kind,
    code,
    reason,
  }: TransactionRefused): DisbursementCommand | undefined {
    if (kind === 'disbursement-reserved') return { type: 'RefuseReservation', data: { reason } };
    if (kind === 'disbursement-paid' || kind === 'disbursement-released')
      throw new InvariantViolation(`the ledger refused ${kind}: ${code}`);
    return undefined;
  }
}

const afterPosting = (kind: TransactionPosted['kind']): DisbursementCommand | undefined => {
  if (kind === 'disbursement-reserved') return { type: 'ConfirmReservation' };
  if (kind === 'disbursement-paid') return { type: 'ConfirmPosting' };
  if (kind === 'disbursement-released') return { type: 'ConfirmRelease' };
  return undefined;
};
