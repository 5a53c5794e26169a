import { Column, Entity, PrimaryColumn } from 'typeorm';

const MONEY = { type: 'numeric', precision: 38, scale: 0 } as const;

/** One instalment as the newest snapshot of its loan has it. Amounts are minor units. */
@Entity('read_installments')
export class InstallmentEntity {
  @PrimaryColumn({ name: 'loan_id', type: 'uuid' }) loanId: string;
  @PrimaryColumn({ type: 'int' }) number: number;
  @Column({ name: 'due_on', type: 'date' }) dueOn: string;
  @Column(MONEY) principal: string;
  @Column(MONEY) interest: string;
  @Column(MONEY) fees: string;
  @Column(MONEY) penalties: string;
  @Column({ ...MONEY, name: 'paid_principal' }) paidPrincipal: string;
  @Column({ ...MONEY, name: 'paid_interest' }) paidInterest: string;
  @Column({ ...MONEY, name: 'paid_fees' }) paidFees: string;
  @Column({ ...MONEY, name: 'paid_penalties' }) paidPenalties: string;
}

/** One allocated repayment. Amounts are minor units. */
@Entity('read_collections')
export class CollectionEntity {
  @PrimaryColumn({ name: 'payment_id', type: 'uuid' }) paymentId: string;
  @Column({ name: 'tenant_id', type: 'text' }) tenantId: string;
  @Column({ name: 'loan_id', type: 'uuid' }) loanId: string;
  @Column({ name: 'message_id', type: 'text' }) messageId: string;
  @Column({ name: 'effective_on', type: 'date' }) effectiveOn: string;
  @Column({ type: 'char', length: 3 }) currency: string;
  @Column(MONEY) amount: string;
  @Column(MONEY) principal: string;
  @Column(MONEY) interest: string;
  @Column(MONEY) fees: string;
  @Column(MONEY) penalties: string;
  @Column(MONEY) overpayment: string;
}
