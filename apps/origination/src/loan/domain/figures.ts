import { formatMinor, invariant, localDate, type LocalDate, parseMoney } from '@daftari/kernel';
import {
  type AllocationRule,
  type LoanRow,
  type LoanState,
  openLoan,
  type PaymentParts,
} from '@daftari/lending-math';
import { loanTermsOf } from '../../product/domain/loan-terms.js';
import type { Installment, Loan, LoanFacts } from './loan.js';

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
export const ruleOf = ({ terms }: LoanFacts): AllocationRule => {
  const { allocationStrategy: strategy, allocationOrder } = terms;
  if (strategy !== 'rules') return { strategy };
  invariant(
    allocationOrder !== null && allocationOrder !== undefined,
    'a product with rules has an order',
  );
  const { processing, order, future } = allocationOrder;
  return { strategy, processing, rules: { default: { order, future } } };
};

/**
 * The day on which a payment counts. Where interest follows the payments, one that is heard of late counts on the
 * day of the last one, because the ledger already holds how that one was split; elsewhere the days do not matter.
 */
export const allocatedOn = (loan: Loan, effectiveOn: string): LocalDate => {
  const last = loan.allocations.at(-1)?.effectiveOn ?? '';
  const late = loan.math?.terms.recalculation !== undefined && effectiveOn < last;
  return localDate(late ? last : effectiveOn);
};

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
