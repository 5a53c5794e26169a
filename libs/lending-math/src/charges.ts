import type { LocalDate } from '@daftari/kernel';
import { at } from './calendar.js';
import {
  addCharge,
  emptyRow,
  refresh,
  type LoanRow,
  type LoanState,
  type Parts,
} from './loan-state.js';
import { chargeBack } from './progressive/installment.js';

const regularRows = (state: LoanState): LoanRow[] =>
  state.rows.filter((row) => row.kind !== 'down_payment' && row.kind !== 'prepayment');

const extraRow = (state: LoanState, date: LocalDate): LoanRow => {
  const rows = regularRows(state);
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
export const rowForCharge = (state: LoanState, date: LocalDate): LoanRow =>
  regularRows(state).find((row, i) => (row.fromDate < date || i === 0) && date <= row.dueDate) ??
  extraRow(state, date);

/** Adds a fee or a penalty due on a date to the draft. */
export const charge = (
  state: LoanState,
  date: LocalDate,
  part: 'fee' | 'penalty',
  amountMinor: bigint,
): void => {
  addCharge(rowForCharge(state, date), { part, date, amountMinor });
  refresh(state);
};

const rowOwingAgain = (state: LoanState, date: LocalDate): LoanRow => {
  const rows = regularRows(state);
  const running = rows.find((row) =>
    state.terms.convention === 'progressive'
      ? row.fromDate <= date && date < row.dueDate
      : row.fromDate < date && date <= row.dueDate,
  );
  return running ?? rows.find((r) => r.dueDate === date) ?? extraRow(state, date);
};

/**
 * Money paid earlier is owed again from a date on: on the running installment, or on an extra row after the last.
 * Where interest follows the payments, its principal bears interest again.
 */
export const oweAgain = (state: LoanState, date: LocalDate, parts: Parts): void => {
  const row = rowOwingAgain(state, date);
  const inModel = state.model?.terms.recalculation !== undefined && row.period !== null;
  state.reowedMinor += parts.principalMinor;
  if (state.model && inModel) chargeBack(state.model, date, parts.principalMinor);
  else row.added.principalMinor += parts.principalMinor;
  row.added.interestMinor += parts.interestMinor;
  addCharge(row, { part: 'fee', date, amountMinor: parts.feesMinor });
  addCharge(row, { part: 'penalty', date, amountMinor: parts.penaltiesMinor });
  refresh(state);
};
