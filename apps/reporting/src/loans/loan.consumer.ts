import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import {
  type DisbursementRequested,
  disbursementRequested,
  type LoanActivated,
  loanActivated,
  type LoanStatusChanged,
  loanStatusChanged,
  type RepaymentAllocated,
  repaymentAllocated,
  type RepaymentReversed,
  repaymentReversed,
  TOPIC,
} from '@daftari/contracts';
import { parseMoney } from '@daftari/kernel';
import { Inbox, type IntegrationMessage } from '@daftari/messaging';
import { Database, type Tx } from '@daftari/service-kit';
import { CollectionEntity, InstallmentEntity } from './loan.entities.js';

type Snapshot = Pick<LoanActivated, 'loanId' | 'currency' | 'installments'>;

const minor = (amount: string, currency: string): string =>
  parseMoney({ amount, currency }).minor.toString();

const installmentRow = (
  { loanId, currency }: Snapshot,
  part: Snapshot['installments'][number],
): InstallmentEntity => ({
  loanId,
  number: part.number,
  dueOn: part.dueOn,
  principal: minor(part.principal, currency),
  interest: minor(part.interest, currency),
  fees: minor(part.fees, currency),
  penalties: minor(part.penalties, currency),
  paidPrincipal: minor(part.paidPrincipal, currency),
  paidInterest: minor(part.paidInterest, currency),
  paidFees: minor(part.paidFees, currency),
  paidPenalties: minor(part.paidPenalties, currency),
});

const collectionRow = (
  message: IntegrationMessage<RepaymentAllocated | RepaymentReversed>,
): CollectionEntity => {
  const { data, tenantId, id: messageId } = message;
  const { paymentId, loanId, effectiveOn, currency } = data;
  return {
    paymentId,
    tenantId,
    loanId,
    messageId,
    effectiveOn,
    currency,
    amount: minor(data.amount, currency),
    principal: minor(data.principal, currency),
    interest: minor(data.interest, currency),
    fees: minor(data.fees, currency),
    penalties: minor(data.penalties, currency),
    overpayment: minor(data.overpayment, currency),
  };
};

/** Keeps loans, schedules and collections. Any order of messages gives the same rows: a newer sequence wins. */
@Controller()
export class LoanConsumer {
  constructor(
    private readonly db: Database,
    private readonly inbox: Inbox,
  ) {}

  @EventPattern(TOPIC.loanV1)
  async onLoan(@Payload() message: IntegrationMessage): Promise<void> {
    await this.db.transaction(async (tx) => {
      if (!(await this.inbox.once(tx.client, 'reporting.loans', message.id))) return;
      switch (message.type) {
        case disbursementRequested.type:
          return this.requested(tx, message as IntegrationMessage<DisbursementRequested>);
        case loanActivated.type:
          return this.activated(tx, message as IntegrationMessage<LoanActivated>);
        case repaymentAllocated.type:
          return this.allocated(tx, message as IntegrationMessage<RepaymentAllocated>);
        case repaymentReversed.type:
          return this.reversed(tx, message as IntegrationMessage<RepaymentReversed>);
        case loanStatusChanged.type:
          return this.moved(tx, message as IntegrationMessage<LoanStatusChanged>);
      }
    });
  }

  private async know(tx: Tx, { tenantId, data }: IntegrationMessage<LoanRef>): Promise<void> {
    await tx.client.query(
      `insert into read_loans as l(loan_id, tenant_id, customer_id, account_reference) values ($1, $2, $3, $4)
       on conflict (loan_id) do update set account_reference = coalesce(l.account_reference, $4)`,
      [data.loanId, tenantId, data.customerId, data.accountReference ?? null],
    );
  }

  private async requested(
    tx: Tx,
    message: IntegrationMessage<DisbursementRequested>,
  ): Promise<void> {
    await this.know(tx, message);
    const { loanId, principal } = message.data;
    await tx.client.query(
      'update read_loans set principal = coalesce(principal, $2), currency = coalesce(currency, $3) where loan_id = $1',
      [loanId, parseMoney(principal).minor.toString(), principal.currency],
    );
  }

  private async activated(tx: Tx, message: IntegrationMessage<LoanActivated>): Promise<void> {
    await this.know(tx, message);
    const { loanId, principal, currency, disbursedOn } = message.data;
    await tx.client.query(
      'update read_loans set principal = $2, currency = $3, disbursed_on = $4 where loan_id = $1',
      [loanId, minor(principal, currency), currency, disbursedOn],
    );
    await this.replaceSchedule(tx, message);
  }

  private async allocated(tx: Tx, message: IntegrationMessage<RepaymentAllocated>): Promise<void> {
    await this.know(tx, message);
    await tx.manager.getRepository(CollectionEntity).upsert(collectionRow(message), ['paymentId']);
    await this.replaceSchedule(tx, message);
  }

  /** A payment that was taken back counts for nothing, also when its allocation is heard of later. */
  private async reversed(tx: Tx, message: IntegrationMessage<RepaymentReversed>): Promise<void> {
    await this.know(tx, message);
    const { paymentId } = message.data;
    const rows = tx.manager.getRepository(CollectionEntity);
    if (!(await rows.existsBy({ paymentId }))) await rows.insert(collectionRow(message));
    await tx.client.query('update read_collections set reversed = true where payment_id = $1', [
      paymentId,
    ]);
    await this.replaceSchedule(tx, message);
  }

  private async replaceSchedule(tx: Tx, message: IntegrationMessage<Snapshot>): Promise<void> {
    const { data } = message;
    const { rowCount } = await tx.client.query(
      'update read_loans set schedule_sequence = $2 where loan_id = $1 and schedule_sequence < $2',
      [data.loanId, message.sequence ?? '0'],
    );
    if (rowCount !== 1) return;
    const rows = tx.manager.getRepository(InstallmentEntity);
    await rows.delete({ loanId: data.loanId });
    await rows.insert(data.installments.map((part) => installmentRow(data, part)));
  }

  private async moved(tx: Tx, message: IntegrationMessage<LoanStatusChanged>): Promise<void> {
    await this.know(tx, message);
    await tx.client.query(
      'update read_loans set status = $2, status_sequence = $3 where loan_id = $1 and status_sequence <= $3',
      [message.data.loanId, message.data.status, message.sequence ?? '0'],
    );
  }
}

interface LoanRef {
  readonly loanId: string;
  readonly customerId: string;
  readonly accountReference?: string;
}
