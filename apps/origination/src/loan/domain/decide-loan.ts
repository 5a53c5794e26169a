import {
  accept,
  type Decision,
  formatMinor,
  localDate,
  moneyToJson,
  parseMoney,
  reject,
} from '@daftari/kernel';
import {
  applyRepayment,
  arrears,
  nextDue,
  outstanding,
  withoutPayment,
} from '@daftari/lending-math';
import { allocatedOn, installmentsOf, openedLoan, partsOf, ruleOf } from './figures.js';
import type { Loan, LoanCommand, LoanEvent, LoanRef, LoanRejection } from './loan.js';

type Answer = Decision<LoanEvent, LoanRejection>;
type DataOf<T extends LoanCommand['type']> = Extract<LoanCommand, { type: T }>['data'];

const refOf = ({ loanId, customerId, accountReference }: LoanRef): LoanRef => ({
  loanId,
  customerId,
  accountReference,
});

const request = (data: DataOf<'RequestDisbursement'>, { status, facts, ...loan }: Loan): Answer => {
  if (status !== 'approved' || !facts) return reject('loan/illegal-transition');
  if (loan.disbursementPending) return reject('loan/disbursement-pending');
  const { principal, phone } = facts;
  const { commandId, effectiveOn } = data;
  return accept({
    type: 'DisbursementRequested',
    data: { ...refOf(facts), commandId, principal, phone, effectiveOn },
  });
};

/** The payout is a fact at the provider: it holds for an approved loan even when a failure was reported before. */
const disbursed = (data: DataOf<'RecordDisbursement'>, { facts, ...loan }: Loan): Answer => {
  if (!facts) return reject('loan/illegal-transition');
  if (loan.disbursementReference === data.receipt) return accept();
  if (loan.status !== 'approved') return reject('loan/illegal-transition');
  const { principal } = facts;
  if (data.amount.currency !== principal.currency) return reject('loan/wrong-currency');
  if (parseMoney(data.amount).minor !== parseMoney(principal).minor)
    return reject('loan/wrong-amount');
  const paidOut = { disbursedOn: data.effectiveOn, disbursementReference: data.receipt };
  return accept<LoanEvent>(
    { type: 'LoanDisbursed', data: { ...refOf(facts), ...paidOut } },
    {
      type: 'LoanActivated',
      data: {
        ...refOf(facts),
        currency: principal.currency,
        principal: principal.amount,
        ...paidOut,
        installments: installmentsOf(openedLoan(facts, data.effectiveOn)),
      },
    },
  );
};

const failed = (data: DataOf<'RecordDisbursementFailure'>, loan: Loan): Answer => {
  if (loan.status !== 'approved' || !loan.facts) return reject('loan/illegal-transition');
  if (!loan.disbursementPending) return accept();
  const { reason, on } = data;
  return accept({ type: 'DisbursementFailed', data: { ...refOf(loan.facts), reason, on } });
};

/**
 * Payments are allocated in the order in which they arrive, also a backdated one: the ledger already holds how the
 * earlier ones were split. Money for a completed loan becomes credit; a defaulted loan takes recoveries and stays
 * defaulted.
 */
const repaid = (data: DataOf<'RecordRepayment'>, loan: Loan): Answer => {
  const { facts, math } = loan;
  const { paymentId, receipt, effectiveOn } = data;
  const seen = [...loan.allocations, ...loan.reversals];
  if (seen.some((known) => known.paymentId === paymentId)) return accept();
  if (!facts || !math) return reject('loan/not-active');
  const { currency } = facts.principal;
  if (data.amount.currency !== currency) return reject('loan/wrong-currency');
  const amount = parseMoney(data.amount);
  if (amount.minor <= 0n) return reject('loan/wrong-amount');
  const date = allocatedOn(loan, effectiveOn);
  const { state, parts } = applyRepayment(math, { date, amountMinor: amount.minor }, ruleOf(facts));
  const owed = outstanding(state).totalMinor;
  const open = state.rows.find((row) => row.completedOn === null);
  const next = nextDue(state, open?.dueDate ?? date);
  const allocated: LoanEvent = {
    type: 'RepaymentAllocated',
    data: {
      ...refOf(facts),
      paymentId,
      receipt,
      effectiveOn,
      currency,
      amount: moneyToJson(amount).amount,
      ...partsOf(parts, currency),
      outstanding: formatMinor(owed, currency),
      nextDueOn: next?.dueDate ?? null,
      nextDueAmount: next ? formatMinor(next.amountMinor, currency) : null,
      installments: installmentsOf(state),
    },
  };
  // Completed means that nothing at all is owed; an order that pays principal first may leave interest open.
  return owed === 0n && loan.status === 'active'
    ? accept<LoanEvent>(allocated, {
        type: 'LoanCompleted',
        data: { ...refOf(facts), completedOn: effectiveOn },
      })
    : accept(allocated);
};

/**
 * The mirror of the allocation: what the payment paid of each row is owed again, and a completed loan is active again.
 * Where interest follows the payments, later ones were split by this one: they are taken back first.
 */
const takenBack = (data: DataOf<'ReverseRepayment'>, { facts, math, ...loan }: Loan): Answer => {
  const { paymentId, effectiveOn, providerReference, reason } = data;
  if (loan.reversals.some((known) => known.paymentId === paymentId)) return accept();
  const allocation = loan.allocations.find((known) => known.paymentId === paymentId);
  const share = loan.shares[paymentId];
  if (!facts || !math || !allocation || !share) return reject('loan/payment-unknown');
  if (share.before && loan.allocations.at(-1) !== allocation)
    return reject('loan/later-payments-first');
  const state = withoutPayment(math, share);
  const owed = outstanding(state).totalMinor;
  const { currency } = allocation;
  const open = state.rows.find((row) => row.completedOn === null);
  const next = nextDue(state, open?.dueDate ?? localDate(effectiveOn));
  return accept<LoanEvent>({
    type: 'RepaymentReversed',
    data: {
      ...refOf(facts),
      ...allocation,
      effectiveOn,
      providerReference,
      reason,
      reopened: loan.status === 'completed' && owed > 0n,
      outstanding: formatMinor(owed, currency),
      nextDueOn: next?.dueDate ?? null,
      nextDueAmount: next ? formatMinor(next.amountMinor, currency) : null,
      installments: installmentsOf(state),
    },
  });
};

const defaulted = (data: DataOf<'DefaultLoan'>, { status, facts, math }: Loan): Answer => {
  if (status !== 'active' || !facts || !math) return reject('loan/illegal-transition');
  if (arrears(math, localDate(data.on)).overdueMinor === 0n) return reject('loan/not-in-arrears');
  const { commandId, on: defaultedOn, reason } = data;
  return accept({
    type: 'LoanDefaulted',
    data: { ...refOf(facts), commandId, defaultedOn, reason },
  });
};

/**
 * Decides one command; pure. approved → disbursed → active → completed or defaulted; anything else is refused. The
 * repeat of a command, a payout or a payment that already took effect is accepted and changes nothing.
 */
export const decideLoan = (command: LoanCommand, state: Loan): Answer => {
  switch (command.type) {
    case 'CreateLoan':
      return state.status === 'none'
        ? accept({ type: 'LoanCreated', data: command.data })
        : accept();
    case 'RequestDisbursement':
      return state.commandIds.includes(command.data.commandId)
        ? accept()
        : request(command.data, state);
    case 'RecordDisbursement':
      return disbursed(command.data, state);
    case 'RecordDisbursementFailure':
      return failed(command.data, state);
    case 'RecordRepayment':
      return repaid(command.data, state);
    case 'ReverseRepayment':
      return takenBack(command.data, state);
    case 'DefaultLoan':
      return state.commandIds.includes(command.data.commandId)
        ? accept()
        : defaulted(command.data, state);
  }
};
