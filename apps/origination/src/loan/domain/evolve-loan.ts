import { parseMoney } from '@daftari/kernel';
import { applyRepayment, shareOf, withoutPayment } from '@daftari/lending-math';
import { allocatedOn, openedLoan, ruleOf } from './figures.js';
import type { Allocation, Loan, LoanEvent, Reversal } from './loan.js';

const allocated = (loan: Loan, data: Allocation): Loan => {
  if (!loan.math || !loan.facts) return loan;
  const { amount, currency, effectiveOn } = data;
  const { minor: amountMinor } = parseMoney({ amount, currency });
  const payment = { date: allocatedOn(loan, effectiveOn), amountMinor };
  const { state } = applyRepayment(loan.math, payment, ruleOf(loan.facts));
  return {
    ...loan,
    math: state,
    allocations: [...loan.allocations, data],
    shares: { ...loan.shares, [data.paymentId]: shareOf(loan.math, state) },
  };
};

const reversed = (loan: Loan, data: Reversal): Loan => {
  const { [data.paymentId]: share, ...shares } = loan.shares;
  if (!loan.math || !share) return loan;
  return {
    ...loan,
    status: data.reopened ? 'active' : loan.status,
    math: withoutPayment(loan.math, share),
    allocations: loan.allocations.filter(({ paymentId }) => paymentId !== data.paymentId),
    shares,
    reversals: [...loan.reversals, data],
  };
};

/** Folds one event. */
export const evolveLoan = (loan: Loan, event: LoanEvent): Loan => {
  switch (event.type) {
    case 'LoanCreated':
      return { ...loan, status: 'approved', facts: event.data };
    case 'DisbursementRequested': {
      const commandIds = [...loan.commandIds, event.data.commandId];
      return { ...loan, disbursementPending: true, failure: null, commandIds };
    }
    case 'DisbursementFailed':
      return { ...loan, disbursementPending: false, failure: event.data.reason };
    case 'LoanDisbursed': {
      const { disbursedOn, disbursementReference } = event.data;
      return {
        ...loan,
        status: 'disbursed',
        disbursementPending: false,
        failure: null,
        disbursedOn,
        disbursementReference,
      };
    }
    case 'LoanActivated':
      return {
        ...loan,
        status: 'active',
        math: loan.facts && openedLoan(loan.facts, event.data.disbursedOn),
      };
    case 'RepaymentAllocated':
      return allocated(loan, event.data);
    case 'RepaymentReversed':
      return reversed(loan, event.data);
    case 'LoanCompleted':
      return { ...loan, status: 'completed' };
    case 'LoanDefaulted':
      return {
        ...loan,
        status: 'defaulted',
        commandIds: [...loan.commandIds, event.data.commandId],
      };
  }
};
