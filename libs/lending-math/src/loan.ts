import type { LocalDate } from '@daftari/kernel';
import type { AllocationRule } from './allocation.js';
import { charge } from './charges.js';
import { copyLoan, payOut, plannedLoan, refresh, type LoanState } from './loan-state.js';
import { changeRate } from './progressive/installment.js';
import { receive, type Payment, type PaymentParts } from './repayment.js';
import { agreedSteps, type Disbursement, type LoanTerms } from './terms.js';

/** A loan with all tranches of its terms paid out, and its agreed rate changes made. */
export const openLoan = (terms: LoanTerms): LoanState => {
  const state = plannedLoan(terms);
  for (const step of agreedSteps(terms)) {
    if ('tranche' in step) payOut(state, step.date, step.tranche.amountMinor);
    else if (state.model) changeRate(state.model, step.date, step.rate.annualRatePercent);
  }
  refresh(state);
  return state;
};

/** The loan after a further tranche. The given state is unchanged. */
export const applyDisbursement = (state: LoanState, tranche: Disbursement): LoanState => {
  const next = copyLoan(state);
  payOut(next, tranche.date, tranche.amountMinor);
  return next;
};

/** The loan after a fee or penalty due on a date. The given state is unchanged. */
export const applyCharge = (
  state: LoanState,
  item: {
    readonly date: LocalDate;
    readonly amountMinor: bigint;
    readonly part: 'fee' | 'penalty';
  },
): LoanState => {
  const next = copyLoan(state);
  charge(next, item.date, item.part, item.amountMinor);
  return next;
};

/**
 * The loan after a payment, and what the payment was for. Payments are applied in date order; one dated before an
 * applied one needs a history (`openHistory`). The given state is unchanged.
 */
export const applyRepayment = (
  state: LoanState,
  payment: Payment,
  rule: AllocationRule,
): { state: LoanState; parts: PaymentParts } => {
  return receive(copyLoan(state), payment, rule);
};

/** A loan as JSON data, for storage; a bigint is a string of digits with an `n` after it. */
export type LoanStateJson = Readonly<Record<string, unknown>>;

/** JSON data of a loan. */
export const loanStateToJson = (state: LoanState): LoanStateJson =>
  JSON.parse(
    JSON.stringify(state, (_key, value: unknown) =>
      typeof value === 'bigint' ? `${value.toString()}n` : value,
    ),
  ) as LoanStateJson;

/** The loan that `loanStateToJson` wrote. The data is trusted: it is the caller's own. */
export const loanStateFromJson = (json: LoanStateJson): LoanState =>
  JSON.parse(JSON.stringify(json), (_key, value: unknown) =>
    typeof value === 'string' && /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
  ) as LoanState;
