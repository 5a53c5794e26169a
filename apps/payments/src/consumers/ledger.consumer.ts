import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import {
  TOPIC,
  type TransactionPosted,
  transactionPosted,
  type TransactionRefused,
  transactionRefused,
} from '@daftari/contracts';
import { deterministicId, InvariantViolation } from '@daftari/kernel';
import type { IntegrationMessage } from '@daftari/messaging';
import type { DisbursementCommand } from '../disbursement/domain/disbursement.js';
import { Database } from '@daftari/service-kit';
import { ReviewDesk } from '../review/review-desk.js';
import { Streams } from '../streams.js';
import { TaskQueue } from '../tasks/task-queue.js';

/** The ledger's answers drive the disbursement on. A repeat finds the step taken and changes nothing. */
@Controller()
export class LedgerConsumer {
  constructor(
    private readonly db: Database,
    private readonly streams: Streams,
    private readonly desk: ReviewDesk,
    private readonly queue: TaskQueue,
  ) {}

  @EventPattern(TOPIC.ledgerTransactionV1)
  async onTransaction(@Payload() message: IntegrationMessage): Promise<void> {
    if (message.type === transactionRefused.type)
      await this.askPeople(message as IntegrationMessage<TransactionRefused>);
    const answer = message.data as TransactionPosted | TransactionRefused;
    const { paymentId } = answer;
    const command =
      message.type === transactionPosted.type
        ? afterPosting(answer)
        : message.type === transactionRefused.type
          ? afterRefusal(message.data as TransactionRefused)
          : undefined;
    if (!command || paymentId === null) return;
    const { state, meta } = await this.streams.disbursement(paymentId);
    if (state.status === 'none' || meta?.tenantId !== message.tenantId) return;
    await this.streams.changeDisbursement(paymentId, command, null, async (tx, changed) => {
      if (changed && command.type === 'ConfirmReservation')
        await this.queue.schedule(tx, 'submit-payout', paymentId, 0);
    });
  }

  /** Money moved at the provider and the books do not have it: nothing but people can mend that. */
  private async askPeople({
    data,
    tenantId,
  }: IntegrationMessage<TransactionRefused>): Promise<void> {
    const { kind, paymentId, code, reason, transactionId } = data;
    if (paymentId === null || !OF_PAYMENTS.includes(kind)) return;
    await this.db.transaction((tx) =>
      this.desk.open(
        tx,
        tenantId,
        { type: 'payment', id: paymentId },
        {
          kind: 'posting-refused',
          reason: `the ledger refused ${kind}: ${reason}`,
          amount: null,
          details: { code, transactionId },
        },
      ),
    );
  }
}

const OF_PAYMENTS: readonly TransactionRefused['kind'][] = [
  'repayment-received',
  'repayment-reversed',
];

/** The reservation of a payout that was executed after we had called it failed. */
const isRecovery = ({ kind, transactionId, paymentId }: TransactionPosted | TransactionRefused) =>
  transactionId === deterministicId(kind, paymentId ?? '', 'recovery');

const afterRefusal = (refused: TransactionRefused): DisbursementCommand | undefined => {
  const { kind, code, reason } = refused;
  if (kind === 'disbursement-reserved')
    return { type: isRecovery(refused) ? 'RefuseRecovery' : 'RefuseReservation', data: { reason } };
  if (kind === 'disbursement-paid' || kind === 'disbursement-released')
    throw new InvariantViolation(`the ledger refused ${kind}: ${code}`);
  return undefined;
};

const afterPosting = (
  posted: TransactionPosted | TransactionRefused,
): DisbursementCommand | undefined => {
  const { kind } = posted;
  if (kind === 'disbursement-reserved')
    return { type: isRecovery(posted) ? 'ConfirmRecovery' : 'ConfirmReservation' };
  if (kind === 'disbursement-paid') return { type: 'ConfirmPosting' };
  if (kind === 'disbursement-released') return { type: 'ConfirmRelease' };
  return undefined;
};
