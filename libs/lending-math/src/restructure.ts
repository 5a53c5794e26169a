import { ContractViolation, localDate, type LocalDate } from '@daftari/kernel';
import { at, intervalsAfter, later, nextWorkingDay, type PeriodDates } from './calendar.js';
import {
  addCharge,
  emptyRow,
  refresh,
  replan,
  rowOutstanding,
  totalOf,
  type LoanRow,
  type LoanState,
} from './loan-state.js';
import { min, sumOf } from './numbers.js';
import { ratio, roundInstallment } from './ratio.js';
import { relevel } from './progressive/installment.js';
import { settleResidual, type ProgressiveModel } from './progressive/model.js';
import type { LoanTerms } from './terms.js';

const END_OF_TIME = localDate('9999-12-31');

const refuse = (field: string, code: string, message: string): never => {
  throw new ContractViolation(message, [{ field, code, message }]);
};

const principalOwed = ({ due, paid }: LoanRow): bigint => due.principalMinor - paid.principalMinor;

/** An amount in `count` equal shares, rounded as installments are; the last takes the rest. */
const sharesOf = (amount: bigint, count: number, terms: LoanTerms): bigint[] => {
  const share = roundInstallment(ratio(amount, count), terms);
  let left = amount;
  return Array.from({ length: count }, (_, i) => {
    const portion = i === count - 1 ? left : min(share, left);
    left -= portion;
    return portion;
  });
};

const takePrincipal = (state: LoanState, rows: readonly LoanRow[], date: LocalDate): bigint => {
  if (state.terms.recalculation) {
    const message = 'a loan whose interest follows the payments cannot be re-aged or re-amortized';
    return refuse('events', 'history/unsupported', message);
  }
  const moved = sumOf(rows, principalOwed);
  for (const row of rows) {
    const owed = principalOwed(row);
    row.added.principalMinor -= owed;
    row.due.principalMinor -= owed;
    if (owed > 0n && rowOutstanding(row) === 0n) row.completedOn = date;
  }
  return moved;
};

/**
 * Moves the unpaid principal of installments due by a date to the later ones, in equal shares; gives what was moved.
 * No later installment: ContractViolation. Source: Apache Fineract, loan re-amortization.
 */
export const reAmortize = (state: LoanState, date: LocalDate): bigint => {
  const rows = state.rows.filter((row) => row.kind === 'installment' || row.kind === 're_aged');
  const coming = rows.filter((row) => row.dueDate > date);
  if (coming.length === 0) {
    return refuse('date', 're-amortize/nothing-to-come', 'no installment is due after this date');
  }
  const moved = takePrincipal(
    state,
    state.rows.filter((row) => row.dueDate <= date),
    date,
  );
  const shares = sharesOf(moved, coming.length, state.terms);
  coming.forEach((row, i) => {
    row.added.principalMinor += at(shares, i);
  });
  refresh(state);
  return moved;
};

/** New dates for what is owed: the first one, how often, and how many. */
export interface ReAge {
  readonly date: LocalDate;
  readonly startDate: LocalDate;
  readonly frequency: LoanTerms['repaymentEvery'];
  readonly numberOfInstallments: number;
}

/**
 * Moves all unpaid principal to new installments in equal shares; gives what was moved. Installments still to come
 * that have nothing left are dropped. Source: Apache Fineract, loan re-aging.
 */
export const reAge = (state: LoanState, plan: ReAge): bigint => {
  const moved = takePrincipal(state, state.rows, plan.date);
  state.rows = state.rows.filter(
    (row) => row.dueDate <= plan.date || totalOf(row.due) > 0n || totalOf(row.paid) > 0n,
  );
  const interval = { repaymentEvery: plan.frequency };
  let from = state.rows.reduce((latest, row) => later(latest, row.dueDate), plan.date);
  sharesOf(moved, plan.numberOfInstallments, state.terms).forEach((share, k) => {
    const due = nextWorkingDay(
      intervalsAfter(interval, plan.startDate, k),
      state.terms.weekendShift,
    );
    const row = emptyRow('re_aged', null, from < due ? from : plan.date, due);
    row.added.principalMinor = share;
    state.rows.push(row);
    from = due;
  });
  refresh(state);
  return moved;
};

const moveDates = <T extends PeriodDates>(
  periods: readonly T[],
  date: LocalDate,
  newDate: LocalDate,
  terms: LoanTerms,
): T[] => {
  const first = periods.findIndex((period) => period.due >= date);
  if (first < 0) return refuse('date', 'reschedule/no-installment', 'no installment is due then');
  const dueOf = (i: number): LocalDate =>
    i < first
      ? at(periods, i).due
      : nextWorkingDay(intervalsAfter(terms, newDate, i - first), terms.weekendShift);
  return periods.map((period, i) => ({
    ...period,
    from: i === 0 ? period.from : dueOf(i - 1),
    due: dueOf(i),
  }));
};

/** Moves the installment due on a date to another one; the later ones follow at the agreed interval. */
export const moveDueDates = (state: LoanState, date: LocalDate, newDate: LocalDate): void => {
  const { model, terms } = state;
  if (model) {
    const moved = moveDates(model.periods, date, newDate, terms);
    const first = moved.findIndex((period, i) => period.due !== at(model.periods, i).due);
    model.periods.splice(0, moved.length, ...moved);
    for (const row of state.rows) {
      if (row.period === null) continue;
      const { from, due } = at(moved, row.period);
      row.fromDate = from;
      row.dueDate = due;
    }
    if (first >= 0) relevel(model, first);
  } else {
    const dueDates = moveDates(state.plan, date, newDate, terms).map((period) => period.due);
    state.terms = { ...terms, dueDates };
    replan(state);
  }
  refresh(state);
};

/** Ends interest on a date. */
export const stopInterest = (model: ProgressiveModel, date: LocalDate): void => {
  model.pauses = [...model.pauses, { from: date, to: END_OF_TIME }];
  settleResidual(model);
};

const merge = (into: LoanRow, row: LoanRow): void => {
  for (const key of ['principalMinor', 'interestMinor', 'feesMinor', 'penaltiesMinor'] as const) {
    into.paid[key] += row.paid[key];
  }
  for (const item of row.charges) addCharge(into, item);
  into.added.principalMinor += row.added.principalMinor;
  into.added.interestMinor += row.added.interestMinor;
  into.paidInAdvanceMinor += row.paidInAdvanceMinor;
  into.paidLateMinor += row.paidLateMinor;
};

/**
 * Makes everything due on a date, with interest up to it: the running installment takes what the later ones hold.
 * Source: Apache Fineract, charge-off behaviour "accelerate maturity".
 */
export const accelerate = (state: LoanState, date: LocalDate): void => {
  const { model } = state;
  if (!model) {
    const message = 'only progressive loans can be made due early';
    return refuse('terms.chargeOffBehaviour', 'history/unsupported', message);
  }
  const running = model.periods.findIndex((period) => date <= period.due);
  const row = state.rows.find((r) => r.period === running);
  if (row) {
    const kept = at(model.periods, running);
    for (const period of model.periods.splice(running + 1)) {
      kept.paidPrincipal += period.paidPrincipal;
      kept.paidInterest += period.paidInterest;
      kept.changes = [...kept.changes, ...period.changes];
    }
    const dropped = state.rows.filter((r) => r !== row && r.dueDate > date);
    for (const other of dropped) merge(row, other);
    state.rows = state.rows.filter((r) => !dropped.includes(r));
    row.dueDate = date;
  }
  stopInterest(model, date);
  refresh(state);
};
