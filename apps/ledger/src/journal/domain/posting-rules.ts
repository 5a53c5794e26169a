import type { Leg, TransactionKind } from './journal.js';

/** The platform's own money at the payment provider; may never fall below zero. */
export const FLOAT = 'asset:float';
/** Money reserved for payouts whose outcome is not known yet. */
export const DISBURSEMENT_CLEARING = 'asset:disbursement-clearing';
/** Money that came in and is not allocated to a loan yet. */
export const REPAYMENT_CLEARING = 'liability:repayment-clearing';

/** What customers owe on one loan. */
export const loanPrincipal = (loanId: string): string => `asset:loan:${loanId}:principal`;
/** What customers paid too much on one loan. */
export const customerCredit = (loanId: string): string => `liability:customer-credit:${loanId}`;

/** A transaction's amounts in minor units; absent parts are zero. */
export interface MinorAmounts {
  readonly amount: bigint;
  readonly principal: bigint;
  readonly interest: bigint;
  readonly fees: bigint;
  readonly penalties: bigint;
  readonly overpayment: bigint;
}

const debit = (account: string, minor: bigint): Leg => ({ account, side: 'debit', minor });
const credit = (account: string, minor: bigint): Leg => ({ account, side: 'credit', minor });

/** Whether a kind must say how its amount splits. */
export const isSplit = (kind: TransactionKind): boolean =>
  kind === 'repayment-allocated' || kind === 'repayment-deallocated';

/** Whether a kind touches accounts of a loan, so that it must name one. */
export const needsLoan = (kind: TransactionKind): boolean =>
  kind === 'disbursement-paid' || isSplit(kind);

/** The postings of a transaction kind: always balanced when the parts sum to the amount. Legs of zero are left out. */
export const postingsOf = (
  kind: TransactionKind,
  amounts: MinorAmounts,
  loanId: string | null,
): readonly Leg[] => {
  const { amount } = amounts;
  const loan = loanId ?? 'none';
  switch (kind) {
    case 'capital-injected':
      return [debit(FLOAT, amount), credit('equity:capital', amount)];
    case 'disbursement-reserved':
      return [debit(DISBURSEMENT_CLEARING, amount), credit(FLOAT, amount)];
    case 'disbursement-paid':
      return [debit(loanPrincipal(loan), amount), credit(DISBURSEMENT_CLEARING, amount)];
    case 'disbursement-released':
      return [debit(FLOAT, amount), credit(DISBURSEMENT_CLEARING, amount)];
    case 'repayment-received':
      return [debit(FLOAT, amount), credit(REPAYMENT_CLEARING, amount)];
    // The mirror of `repayment-received`: the money went back at the provider.
    case 'repayment-reversed':
      return [debit(REPAYMENT_CLEARING, amount), credit(FLOAT, amount)];
    // The mirror of `repayment-allocated`: the loan owes again what the payment had paid.
    case 'repayment-deallocated':
      return [
        debit(loanPrincipal(loan), amounts.principal),
        debit('income:interest', amounts.interest),
        debit('income:fees', amounts.fees),
        debit('income:penalties', amounts.penalties),
        debit(customerCredit(loan), amounts.overpayment),
        credit(REPAYMENT_CLEARING, amount),
      ].filter((leg) => leg.minor !== 0n);
    case 'repayment-allocated':
      return [
        debit(REPAYMENT_CLEARING, amount),
        credit(loanPrincipal(loan), amounts.principal),
        credit('income:interest', amounts.interest),
        credit('income:fees', amounts.fees),
        credit('income:penalties', amounts.penalties),
        credit(customerCredit(loan), amounts.overpayment),
      ].filter((leg) => leg.minor !== 0n);
  }
};
