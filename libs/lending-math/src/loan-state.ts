import type { LocalDate } from '@daftari/kernel';
import type { Part } from './allocation.js';
import { at } from './calendar.js';
import { downPaymentOf } from './numbers.js';
import { planOf } from './plan.js';
import { UNADJUSTED, type Adjustments, type PlannedPeriod } from './planned-period.js';
import { disburse } from './progressive/installment.js';
import { copyModel, emptyModel, figures, type ProgressiveModel } from './progressive/model.js';
import type { Disbursement, LoanTerms } from './terms.js';

/** An amount by what it is for. Minor units. */
export interface Parts {
  principalMinor: bigint;
  interestMinor: bigint;
  feesMinor: bigint;
  penaltiesMinor: bigint;
}

/** A fee or penalty of a row, due on its own date. */
export interface RowCharge {
  readonly part: 'fee' | 'penalty';
  readonly date: LocalDate;
  readonly amountMinor: bigint;
}

/** An installment with what is due and what was paid of it. */
export interface LoanRow {
  /** `extra` holds charges and re-owed money due after the last installment; `re_aged` principal moved to new dates; `prepayment` principal
   * repaid outside the installments. */
  readonly kind: 'installment' | 'down_payment' | 'extra' | 're_aged' | 'prepayment';
  /** Index of the period that is planned; null for other rows. */
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
  /** The charges in `due`. Never changed in place. */
  charges: readonly RowCharge[];
  /** Owed on top of what is planned: money charged back, and principal moved here (moved away: negative). */
  added: Pick<Parts, 'principalMinor' | 'interestMinor'>;
}

/** A running loan as plain data: rows follow from the terms, the money out and the money in. */
export interface LoanState {
  terms: LoanTerms;
  /** Progressive loans: the model that gives the figures of the periods. */
  readonly model: ProgressiveModel | null;
  /** Other loans: the periods as planned when money last went out. */
  plan: readonly PlannedPeriod[];
  /** What payments did to that plan, where it follows them. */
  adjustments: Adjustments;
  tranches: readonly Disbursement[];
  rows: LoanRow[];
  disbursedMinor: bigint;
  /** Principal that was paid and is owed again. */
  reowedMinor: bigint;
  overpaidMinor: bigint;
}

const KEYS = {
  principal: 'principalMinor',
  interest: 'interestMinor',
  fee: 'feesMinor',
  penalty: 'penaltiesMinor',
} as const satisfies Record<Part, keyof Parts>;

/** The field of `Parts` that holds a part. */
export const keyOf = <P extends Part>(part: P): (typeof KEYS)[P] => KEYS[part];

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

/** Adds a fee or a penalty to a row. */
export const addCharge = (row: LoanRow, charge: RowCharge): void => {
  if (charge.amountMinor === 0n) return;
  row.due[keyOf(charge.part)] += charge.amountMinor;
  row.charges = [...row.charges, charge];
};

/** A row of which nothing is due yet. */
export const emptyRow = (
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
  charges: [],
  added: { principalMinor: 0n, interestMinor: 0n },
});

/** A copy that can be changed without the original. */
export const copyLoan = (state: LoanState): LoanState => ({
  ...state,
  model: state.model && copyModel(state.model),
  rows: state.rows.map((row) => ({
    ...row,
    due: { ...row.due },
    paid: { ...row.paid },
    added: { ...row.added },
  })),
});

const ORDER = { installment: 0, re_aged: 0, down_payment: 1, prepayment: 1, extra: 2 } as const;

const plannedOf = ({ model, plan }: LoanState): Pick<PlannedPeriod, 'principal' | 'interest'>[] =>
  model
    ? figures(model).map((f) => ({ principal: f.duePrincipal, interest: f.dueInterest }))
    : [...plan];

/** Brings rows in line with what is planned: dues, order, numbers; a row that owes again is open again. */
export const refresh = (state: LoanState): void => {
  const planned = plannedOf(state);
  for (const row of state.rows) {
    const due = row.period === null ? undefined : at(planned, row.period);
    row.due.principalMinor = (due?.principal ?? 0n) + row.added.principalMinor;
    row.due.interestMinor = (due?.interest ?? 0n) + row.added.interestMinor;
    if (rowOutstanding(row) > 0n) row.completedOn = null;
  }
  state.rows.sort((a, b) =>
    a.dueDate === b.dueDate ? ORDER[a.kind] - ORDER[b.kind] : a.dueDate < b.dueDate ? -1 : 1,
  );
  state.rows.forEach((row, i) => {
    row.n = i + 1;
  });
};

/** Plans the periods of a loan without a model anew, from its terms and the money out. */
export const replan = (state: LoanState): void => {
  state.plan = planOf(state.terms, state.tranches, state.adjustments);
  for (const row of state.rows) {
    if (row.period === null) continue;
    const { from, due } = at(state.plan, row.period);
    row.fromDate = from;
    row.dueDate = due;
  }
};

/** A loan with its installments laid out and no money out yet. */
export const plannedLoan = (terms: LoanTerms): LoanState => {
  const model = terms.convention === 'progressive' ? emptyModel(terms) : null;
  const plan = model ? [] : planOf(terms, []);
  const rows = (model?.periods ?? plan).map((p, i) => emptyRow('installment', i, p.from, p.due));
  const money = { disbursedMinor: 0n, reowedMinor: 0n, overpaidMinor: 0n };
  const adjustments = UNADJUSTED;
  const state: LoanState = { terms, model, plan, adjustments, tranches: [], rows, ...money };
  refresh(state);
  return state;
};

/** Pays a tranche out on the draft; gives the down payment that is due back at once. */
export const payOut = (state: LoanState, date: LocalDate, amountMinor: bigint): bigint => {
  const down = downPaymentOf(amountMinor, state.terms);
  state.tranches = [...state.tranches, { date, amountMinor }];
  if (state.model) disburse(state.model, date, amountMinor - down);
  else replan(state);
  state.disbursedMinor += amountMinor;
  if (down > 0n) {
    const row = emptyRow('down_payment', null, date, date);
    row.added.principalMinor = down;
    state.rows.push(row);
  }
  refresh(state);
  return down;
};

/** Principal of the draft that is out: what was lent and owed again less what was paid. */
export const principalBalance = (state: LoanState): bigint =>
  state.rows.reduce(
    (left, row) => left - row.paid.principalMinor,
    state.disbursedMinor + state.reowedMinor,
  );

/** True when payments change the interest of this progressive loan. */
export const followsPayments = (
  state: LoanState,
): state is LoanState & { readonly model: ProgressiveModel } =>
  state.model?.terms.recalculation !== undefined;
