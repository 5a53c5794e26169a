import { formatMinor, localDate, parseMoney } from '@daftari/kernel';
import {
  type AllocationRule,
  type LoanRow,
  type LoanState,
  openLoan,
  type PaymentParts,
} from '@daftari/lending-math';
import { loanTermsOf } from '../../product/domain/loan-terms.js';
import type { Installment, LoanFacts } from './loan.js';

/** The loan just after its payout. */
export const openedLoan = (facts: LoanFacts, disbursedOn: string): LoanState =>
  openLoan(
    loanTermsOf(
      { currency: facts.principal.currency, terms: facts.terms },
      {
        principalMinor: parseMoney(facts.principal).minor,
        numberOfInstallments: facts.numberOfInstallments,
        disbursedOn: localDate(disbursedOn),
      },
    ),
  );

/** The order of payment that the product agreed on. */
export const ruleOf = (facts: LoanFacts): AllocationRule => ({
  strategy: facts.terms.allocationStrategy,
});

/** What is still owed of a row. Minor units. */
export const owedOf = ({ due, paid }: LoanRow): bigint =>
  due.principalMinor +
  due.interestMinor +
  due.feesMinor +
  due.penaltiesMinor -
  (paid.principalMinor + paid.interestMinor + paid.feesMinor + paid.penaltiesMinor);

/** One row as it is published. */
export const installmentOf = (
  { n, dueDate, due, paid }: LoanRow,
  currency: string,
): Installment => {
  const text = (minor: bigint): string => formatMinor(minor, currency);
  return {
    number: n,
    dueOn: dueDate,
    principal: text(due.principalMinor),
    interest: text(due.interestMinor),
    fees: text(due.feesMinor),
    penalties: text(due.penaltiesMinor),
    paidPrincipal: text(paid.principalMinor),
    paidInterest: text(paid.interestMinor),
    paidFees: text(paid.feesMinor),
    paidPenalties: text(paid.penaltiesMinor),
  };
};

/** All rows as they are published. */
export const installmentsOf = (math: LoanState): Installment[] =>
  math.rows.map((row) => installmentOf(row, math.terms.currency));

/** The parts of a payment as they are published. */
export const partsOf = (
  parts: PaymentParts,
  currency: string,
): Record<'principal' | 'interest' | 'fees' | 'penalties' | 'overpayment', string> => ({
  principal: formatMinor(parts.principalMinor, currency),
  interest: formatMinor(parts.interestMinor, currency),
  fees: formatMinor(parts.feesMinor, currency),
  penalties: formatMinor(parts.penaltiesMinor, currency),
  overpayment: formatMinor(parts.overpaymentMinor, currency),
});
