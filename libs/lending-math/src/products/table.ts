import type { LocalDate } from '@daftari/kernel';
import { at } from '../calendar.js';
import { sumOf } from '../numbers.js';
import type { ScheduleRow } from '../schedule.js';
import { makingsOf } from './engine.js';
import type { Making } from './making.js';
import type { Fee, ProductTerms } from './terms.js';
import { feeAmount, financed, type Tranche } from './tranches.js';

/** A row of a product's table in posting order. Minor units. */
export type ProductRow =
  | {
      readonly type: 'disbursement';
      readonly date: LocalDate;
      readonly amountMinor: bigint;
      /** Fees lent on top, which the installments repay. */
      readonly capitalisedMinor: bigint;
      /** Fees due on the day of the money. */
      readonly feesMinor: bigint;
      readonly balanceMinor: bigint;
    }
  | ({ readonly type: 'down_payment' | 'installment' } & ScheduleRow);

const covers = (making: Making, first: boolean, date: string): boolean =>
  (making.period.from < date || (first && making.period.from === date)) &&
  date <= making.period.due;

const installmentFees = (
  fees: readonly Fee[],
  making: Making,
  index: number,
  lent: bigint,
  terms: ProductTerms,
): bigint => {
  const { due: principal } = making.principal;
  const { due: interest } = making.interest;
  const basis = {
    lent,
    balance: making.opening + making.added,
    principal,
    interest,
    installment: principal + interest,
  };
  const due = fees.filter(
    (fee) => fee.due === 'each_installment' || covers(making, index === 0, fee.due),
  );
  return sumOf(due, (fee) => feeAmount(fee, basis[fee.of ?? 'lent'], terms));
};

type Draft = { readonly date: LocalDate; readonly order: number } & (
  | { readonly tranche: Tranche; readonly down: boolean }
  | { readonly making: Making; readonly fees: bigint }
);

const rowOf = (draft: Draft, n: number, balance: bigint): ProductRow => {
  if ('making' in draft) {
    const { period, principal, interest } = draft.making;
    return {
      type: 'installment',
      n,
      fromDate: period.from,
      dueDate: period.due,
      principalMinor: principal.due,
      interestMinor: interest.due,
      feesMinor: draft.fees,
      penaltiesMinor: 0n,
      balanceMinor: balance - principal.due,
    };
  }
  const { date, amount, downPayment, capitalised, upFront } = draft.tranche;
  return draft.down
    ? {
        type: 'down_payment',
        n,
        fromDate: date,
        dueDate: date,
        principalMinor: downPayment,
        interestMinor: 0n,
        feesMinor: 0n,
        penaltiesMinor: 0n,
        balanceMinor: balance - downPayment,
      }
    : {
        type: 'disbursement',
        date,
        amountMinor: amount,
        capitalisedMinor: capitalised,
        feesMinor: upFront,
        balanceMinor: balance + amount + capitalised,
      };
};

/**
 * The table of a product loan in posting order; on one date an installment comes first, then money out, then its
 * down payment. The terms are taken to be valid: `validateProduct` says what is not.
 */
export const productTable = (terms: ProductTerms): ProductRow[] => {
  const { makings, tranches } = makingsOf(terms);
  const fees = (terms.fees ?? []).filter(
    (fee) => fee.due !== 'at_disbursement' && fee.due !== 'capitalised',
  );
  const lent = sumOf(tranches, financed);
  const drafts: Draft[] = [
    ...makings.map((making, i) => ({
      date: making.period.due,
      order: 0,
      making,
      fees: installmentFees(fees, making, i, lent, terms),
    })),
    ...tranches.map((tranche) => ({ date: tranche.date, order: 1, tranche, down: false })),
    ...tranches.flatMap((tranche) =>
      tranche.downPayment > 0n ? [{ date: tranche.date, order: 2, tranche, down: true }] : [],
    ),
  ].sort((a, b) => (a.date === b.date ? a.order - b.order : a.date < b.date ? -1 : 1));
  const rows: ProductRow[] = [];
  let n = 0;
  drafts.forEach((draft, i) => {
    if (draft.order !== 1) n += 1;
    rows.push(rowOf(draft, n, i === 0 ? 0n : at(rows, i - 1).balanceMinor));
  });
  return rows;
};

/** The installments of a product loan, down payments and money out left away. */
export const productSchedule = (terms: ProductTerms): ScheduleRow[] =>
  productTable(terms).flatMap((row) => {
    if (row.type !== 'installment') return [];
    const { type: _type, ...rest } = row;
    return [rest];
  });
