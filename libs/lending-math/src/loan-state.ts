import type { LocalDate } from '@daftari/kernel';
import type { Part } from './allocation.js';
import { at } from './calendar.js';
import { downPaymentOf } from './numbers.js';
import { disburse } from './progressive/installment.js';
import { emptyModel, figures, type ProgressiveModel } from './progressive/model.js';
import { recalculates } from './progressive/recalculation.js';
import type { LoanTerms } from './terms.js';

/** An amount by what it is for. Minor units. */
export interface Parts {
  principalMinor: bigint;
  interestMinor: bigint;
  feesMinor: bigint;
  penaltiesMinor: bigint;
}

/** An installment with what is due and what was paid of it. */
export interface LoanRow {
  /** `extra` holds charges and re-owed money due after the last installment. */
  readonly kind: 'installment' | 'down_payment' | 'extra';
  /** Index of the period in the model; null for other rows. */
  readonly period: number | null;
  n: number;
  fromDate: LocalDate;
  dueDate: LocalDate;
  due: Parts;
  paid: Parts;
  paidInAdvanceMinor: bigint;
  paidLateMinor: bigint;
  /** Date of the transaction that closed the row. */
  completedOn: LocalDate | null;
  /** Owed again after a chargeback; part of `due`. */
  reowed: Parts;
}

/** A running loan as plain data: rows follow from the terms, the money out and the money in. */
export interface LoanState {
  readonly terms: LoanTerms;
  readonly model: ProgressiveModel;
  rows: LoanRow[];
  disbursedMinor: bigint;
  overpaidMinor: bigint;
}

const KEYS = {
  principal: 'principalMinor',
  interest: 'interestMinor',
  fee: 'feesMinor',
  penalty: 'penaltiesMinor',
} as const satisfies Record<Part, keyof Parts>;

/** The field of `Parts` that holds a part. */
export const keyOf = (part: Part): keyof Parts => KEYS[part];

/** Nothing of each part. */
export const noParts = (): Parts => ({
  principalMinor: 0n,
  interestMinor: 0n,
  feesMinor: 0n,
  penaltiesMinor: 0n,
});

/** Sum of the parts. */
export const totalOf = (parts: Parts): bigint =>
  parts.principalMinor + parts.interestMinor + parts.feesMinor + parts.penaltiesMinor;

/** What is still owed of a row. */
export const rowOutstanding = (row: LoanRow): bigint => totalOf(row.due) - totalOf(row.paid);

const emptyRow = (
  kind: LoanRow['kind'],
  period: number | null,
  fromDate: LocalDate,
  dueDate: LocalDate,
): LoanRow => ({
  kind,
  period,
  n: 0,
  fromDate,
  dueDate,
  due: noParts(),
  paid: noParts(),
  paidInAdvanceMinor: 0n,
  paidLateMinor: 0n,
  completedOn: null,
  reowed: noParts(),
});

const ORDER = { installment: 0, down_payment: 1, extra: 2 } as const;

/** Brings rows in line with the model: dues, order, numbers; a row that owes again is open again. */
export const refresh = (state: LoanState): void => {
  const due = figures(state.model);
  for (const row of state.rows) {
    if (row.period !== null) {
      row.due.principalMinor = at(due, row.period).duePrincipal + row.reowed.principalMinor;
      row.due.interestMinor = at(due, row.period).dueInterest + row.reowed.interestMinor;
    }
    if (rowOutstanding(row) > 0n) row.completedOn = null;
  }
  state.rows.sort((a, b) =>
    a.dueDate === b.dueDate ? ORDER[a.kind] - ORDER[b.kind] : a.dueDate < b.dueDate ? -1 : 1,
  );
  state.rows.forEach((row, i) => {
    row.n = i + 1;
  });
};

/** A loan with its installments laid out and no money out yet. */
export const plannedLoan = (terms: LoanTerms): LoanState => {
  const model = emptyModel(terms);
  const rows = model.periods.map((p, i) => emptyRow('installment', i, p.from, p.due));
  const state = { terms, model, rows, disbursedMinor: 0n, overpaidMinor: 0n };
  refresh(state);
  return state;
};

/** Pays a tranche out on the draft; gives the down payment that is due back at once. */
export const payOut = (state: LoanState, date: LocalDate, amountMinor: bigint): bigint => {
  const down = downPaymentOf(amountMinor, state.terms);
  disburse(state.model, date, amountMinor - down);
  state.disbursedMinor += amountMinor;
  if (down > 0n) {
    const row = emptyRow('down_payment', null, date, date);
    row.due.principalMinor = down;
    state.rows.push(row);
  }
  refresh(state);
  return down;
};

const extraRow = (state: LoanState, date: LocalDate): LoanRow => {
  const rows = state.rows.filter((row) => row.kind !== 'down_payment');
  const extra = rows.find((row) => row.kind === 'extra');
  if (extra) {
    extra.dueDate = date > extra.dueDate ? date : extra.dueDate;
    return extra;
  }
  const row = emptyRow('extra', null, at(rows, rows.length - 1).dueDate, date);
  state.rows.push(row);
  return row;
};

/** The installment that a charge due on `date` belongs to; after the last due date an extra row is made. */
export const rowForCharge = (state: LoanState, date: LocalDate): LoanRow => {
  const rows = state.rows.filter((row) => row.kind !== 'down_payment');
  const found = rows.find((row, i) => (row.fromDate < date || i === 0) && date <= row.dueDate);
  if (found) return found;
  return extraRow(state, date);
};
/** Adds a fee or a penalty due on a date to the draft. */
export const charge = (
  state: LoanState,
  date: LocalDate,
  part: 'fee' | 'penalty',
  amountMinor: bigint,
): void => {
  rowForCharge(state, date).due[keyOf(part)] += amountMinor;
  refresh(state);
};

/** Money paid earlier is owed again from a date on: on the running installment, or on an extra row after the last. */
export const oweAgain = (state: LoanState, date: LocalDate, parts: Parts): void => {
  const rows = state.rows.filter((row) => row.kind !== 'down_payment');
  const running = rows.find((row) => row.fromDate <= date && date < row.dueDate);
  const row = running ?? rows.find((r) => r.dueDate === date) ?? extraRow(state, date);
  row.reowed.principalMinor += parts.principalMinor;
  row.reowed.interestMinor += parts.interestMinor;
  if (row.period === null) {
    row.due.principalMinor += parts.principalMinor;
    row.due.interestMinor += parts.interestMinor;
  }
  row.due.feesMinor += parts.feesMinor;
  row.due.penaltiesMinor += parts.penaltiesMinor;
  refresh(state);
};

/** True when payments change the interest of this loan. */
export const followsPayments = (state: LoanState): boolean => recalculates(state.model);
