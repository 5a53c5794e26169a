import type { LocalDate } from '@daftari/kernel';
import { at, earlier, periodIndex } from '../calendar.js';
import { max, min, sumOf } from '../numbers.js';
import {
  addChange,
  copyModel,
  figures,
  paidOf,
  settleResidual,
  type ProgressiveModel,
} from './model.js';

/** True when interest follows real payments. */
export const recalculates = (m: ProgressiveModel): boolean => m.terms.recalculation !== undefined;

/** Pays interest of a period. */
export const payInterest = (
  m: ProgressiveModel,
  index: number,
  amount: bigint,
  date: LocalDate,
): void => {
  at(m.periods, index).paidInterest += amount;
  fixPaidAhead(m, index, date);
  settleResidual(m);
};

/** Pays principal of a period: the balance falls on the payment date, at the latest on the period's due date. */
export const payPrincipal = (
  m: ProgressiveModel,
  index: number,
  amount: bigint,
  date: LocalDate,
): void => {
  const period = at(m.periods, index);
  period.paidPrincipal += amount;
  const effective = earlier(closureDate(m, date), period.due);
  addChange(m, Math.min(index, periodIndex(m.periods, effective)), {
    kind: 'payment',
    date: effective,
    amount: -amount,
  });
  fixPaidAhead(m, index, date);
  settleResidual(m);
};

const fixPaidAhead = (m: ProgressiveModel, index: number, date: LocalDate): void => {
  const period = at(m.periods, index);
  const paid = paidOf(period);
  if (date < period.from && (paid > period.emi || paid === period.originalEmi)) period.emi = paid;
};

/** The date to which an early payment on `date` owes interest (`preClosure` of the terms). */
export const closureDate = (m: ProgressiveModel, date: LocalDate): LocalDate => {
  if (m.terms.recalculation?.preClosure !== 'till_rest_frequency_date') return date;
  return m.periods.find((p, i) => (p.from < date || i === 0) && date <= p.due)?.due ?? date;
};

const principalLeft = (m: ProgressiveModel): bigint =>
  m.lent - sumOf(m.periods, (p) => p.paidPrincipal);

/** What can be paid in advance of a period. */
export interface Advance {
  readonly interest: bigint;
  readonly principal: bigint;
}

/** What can be paid on `date` of each period due later: interest accrued to the closure date, and its principal. */
export const payableInAdvance = (
  m: ProgressiveModel,
  date: LocalDate,
): ((index: number) => Advance) => {
  const target = closureDate(m, date);
  const left = principalLeft(m);
  // A period that the residual emptied is still open: money paid from the far end may go to it.
  const unpaid = m.periods.filter((p) => paidOf(p) < p.emi || paidOf(p) === 0n).length;
  const cut = copyModel(m);
  settleResidual(cut, target);
  const due = figures(cut, target);
  return (index) => {
    const paid = at(m.periods, index);
    const future = target <= paid.from;
    if (future && unpaid > 1) {
      const owed = max(0n, paid.originalEmi - paidOf(paid));
      return { interest: 0n, principal: min(owed, left) };
    }
    const { dueInterest } = at(due, index);
    const interest = future ? 0n : max(0n, dueInterest - paid.paidInterest);
    const principal = max(0n, at(cut.periods, index).emi - dueInterest - paid.paidPrincipal);
    return { interest, principal: min(principal, left) };
  };
};

/**
 * Makes principal of installments due before `date` and unpaid bear interest on to `date`.
 * Source: Apache Fineract, overdue balance correction of the progressive interest model.
 */
export const accrueOverdue = (m: ProgressiveModel, date: LocalDate): void => {
  const terms = m.terms.recalculation;
  if (!terms || terms.noInterestOnPastDue === true || m.lent === 0n) return;
  const last = m.periods.length - 1;
  const maturity = at(m.periods, last).due;
  // After maturity nothing bears interest any more: what was adjusted up to there is complete.
  if (m.overdueAdjustedTo !== null && m.overdueAdjustedTo >= maturity) return;
  const current = m.periods.findIndex((p) => p.from < date && date <= p.due);
  const running = current < 0 ? last : current;
  const due = figures(m);
  // An adjustment raises interest and so lowers the principal of the next installment: figures are taken anew.
  const unpaid = (i: number): bigint =>
    max(0n, at(figures(m), i).duePrincipal - at(m.periods, i).paidPrincipal);
  const overdue = m.periods.flatMap((p, i) => {
    const open =
      at(due, i).duePrincipal > p.paidPrincipal || at(due, i).dueInterest > p.paidInterest;
    return p.due < date && open ? [i] : [];
  });
  let carried = 0n;
  let total = 0n;
  const adjust = (index: number): void => {
    if (m.overdueAdjustedTo === date) return;
    const { from, due: end } = at(m.periods, index);
    const start =
      m.overdueAdjustedTo !== null && from <= m.overdueAdjustedTo ? m.overdueAdjustedTo : from;
    if (carried > 0n)
      addChange(m, periodIndex(m.periods, start), {
        kind: 'overdue',
        date: start,
        amount: carried,
      });
    if (from < date && date <= end) {
      const until = terms.restFrequency === 'same_as_repayment' ? end : date;
      addChange(m, index, { kind: 'overdue', date: until, amount: -total });
      m.overdueAdjustedTo = until;
    }
  };
  for (const index of overdue) {
    if (carried > 0n) adjust(index);
    carried = unpaid(index);
    total += carried;
  }
  // The last overdue installment may have been all interest: what earlier ones added ends in the running period too.
  if (overdue.includes(running)) m.overdueAdjustedTo = maturity;
  else if (total > 0n) adjust(running);
  settleResidual(m);
};
