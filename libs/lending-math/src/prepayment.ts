import { ContractViolation, type LocalDate } from '@daftari/kernel';
import type { AllocationRule, FutureRule, Part } from './allocation.js';
import { at, periodIndex } from './calendar.js';
import {
  emptyRow,
  followsPayments,
  noParts,
  refresh,
  replan,
  rowOutstanding,
  totalOf,
  copyLoan,
  type LoanRow,
  type LoanState,
} from './loan-state.js';
import { min, sumOf } from './numbers.js';
import { accrue } from './payoff.js';
import { relevel } from './progressive/installment.js';
import { addChange, settleResidual, type ProgressiveModel } from './progressive/model.js';
import { receive, type Payment, type PaymentParts } from './repayment.js';

/**
 * What money beyond what is due does. `reduce_term`: principal falls at once, installments stay and the last ones fall
 * away. `reduce_installment`: principal falls at once, as many installments stay and are set anew.
 * `next_installment`, `last_installment`: it pays coming installments, the nearest or the farthest first.
 */
export type PrepaymentStrategy =
  'reduce_term' | 'reduce_installment' | 'next_installment' | 'last_installment';

const refuse = (code: string, message: string): never => {
  throw new ContractViolation(message, [{ field: 'strategy', code, message }]);
};

const PARTS: readonly Part[] = ['penalty', 'fee', 'interest', 'principal'];

const inAdvance = (future: FutureRule): AllocationRule => ({
  strategy: 'rules',
  processing: 'horizontal',
  rules: { default: { order: PARTS.map((part) => `in_advance_${part}` as const), future } },
});

/** Tells a model that does not follow payments what its installments were paid, so that none falls below it. */
const tellPaid = (model: ProgressiveModel, rows: readonly LoanRow[]): void => {
  for (const row of rows) {
    if (row.period === null) continue;
    const period = at(model.periods, row.period);
    const news = row.paid.principalMinor - period.paidPrincipal;
    if (news !== 0n) {
      addChange(model, row.period, { kind: 'payment', date: row.dueDate, amount: -news });
    }
    period.paidPrincipal = row.paid.principalMinor;
    period.paidInterest = row.paid.interestMinor;
  }
};

type Reduce = Extract<PrepaymentStrategy, `reduce_${string}`>;

const reduceModel = (
  model: ProgressiveModel,
  date: LocalDate,
  amount: bigint,
  strategy: Reduce,
): void => {
  const index = periodIndex(model.periods, date);
  addChange(model, index, { kind: 'payment', date, amount: -amount });
  model.lent -= amount;
  if (strategy === 'reduce_installment') relevel(model, index);
  else settleResidual(model);
};

const reducePlan = (state: LoanState, date: LocalDate, amount: bigint, strategy: Reduce): void => {
  const { terms, plan, adjustments, rows } = state;
  if (terms.convention !== 'cumulative' || terms.interestMethod === 'flat') {
    const message = 'only loans with interest on the declining balance can be reduced';
    return refuse('prepayment/unsupported', message);
  }
  if (rows.some((row) => row.dueDate > date && totalOf(row.paid) > 0n)) {
    const message = 'installments paid in advance cannot be set anew';
    return refuse('prepayment/paid-in-advance', message);
  }
  const period = periodIndex(plan, date);
  const repaid = { period, date, amount, level: strategy === 'reduce_installment' };
  state.adjustments = { ...adjustments, repaid: [...adjustments.repaid, repaid] };
  replan(state);
};

const reduce = (state: LoanState, date: LocalDate, money: bigint, strategy: Reduce): bigint => {
  if (state.model && !followsPayments(state)) tellPaid(state.model, state.rows);
  const left = sumOf(state.rows, (row) => row.due.principalMinor - row.paid.principalMinor);
  const amount = min(money, left);
  if (amount <= 0n) return 0n;
  if (state.model) reduceModel(state.model, date, amount, strategy);
  else reducePlan(state, date, amount, strategy);
  const row = emptyRow('prepayment', null, date, date);
  row.added.principalMinor = amount;
  row.paid.principalMinor = amount;
  row.completedOn = date;
  state.rows.push(row);
  refresh(state);
  return amount;
};

const sum = (a: PaymentParts, b: PaymentParts): PaymentParts => ({
  principalMinor: a.principalMinor + b.principalMinor,
  interestMinor: a.interestMinor + b.interestMinor,
  feesMinor: a.feesMinor + b.feesMinor,
  penaltiesMinor: a.penaltiesMinor + b.penaltiesMinor,
  overpaymentMinor: a.overpaymentMinor + b.overpaymentMinor,
});

/** Takes a payment into the draft: first what is due by the rule, the rest by the strategy. */
export const prepay = (
  state: LoanState,
  payment: Payment,
  strategy: PrepaymentStrategy,
  rule: AllocationRule,
): { state: LoanState; parts: PaymentParts } => {
  const { date, amountMinor } = payment;
  accrue(state, date);
  const due = state.rows.filter((row) => row.dueDate <= date);
  const now = min(amountMinor, sumOf(due, rowOutstanding));
  const paid = receive(state, { ...payment, amountMinor: now }, rule);
  const rest = amountMinor - now;
  if (strategy === 'next_installment' || strategy === 'last_installment') {
    const ahead = receive(paid.state, { date, amountMinor: rest }, inAdvance(strategy));
    return { state: ahead.state, parts: sum(paid.parts, ahead.parts) };
  }
  const principalMinor = reduce(paid.state, date, rest, strategy);
  const reduced = { ...noParts(), principalMinor, overpaymentMinor: 0n };
  const last = receive(
    paid.state,
    { date, amountMinor: rest - principalMinor },
    inAdvance('next_installment'),
  );
  return { state: last.state, parts: sum(sum(paid.parts, reduced), last.parts) };
};

/**
 * The loan after a payment of more than is due, and what it was for. The given state is unchanged. A loan that the
 * strategy does not fit is a ContractViolation.
 */
export const applyPrepayment = (
  state: LoanState,
  payment: Payment,
  strategy: PrepaymentStrategy,
  rule: AllocationRule,
): { state: LoanState; parts: PaymentParts } => prepay(copyLoan(state), payment, strategy, rule);
