import type { LocalDate } from '@daftari/kernel';
import { downPaymentOf } from './numbers.js';
import { planOf } from './plan.js';
import { disbursementsOf, type LoanTerms } from './terms.js';

/** One installment: what is due on `dueDate`, and the principal still owed right after it. Minor units. */
export interface ScheduleRow {
  readonly n: number;
  readonly fromDate: LocalDate;
  readonly dueDate: LocalDate;
  readonly principalMinor: bigint;
  readonly interestMinor: bigint;
  readonly feesMinor: bigint;
  readonly penaltiesMinor: bigint;
  readonly balanceMinor: bigint;
}

/** A row of the full table in posting order: money out, or an installment, or a down payment due on the day of its tranche. */
export type ScheduleTableRow =
  | {
      readonly type: 'disbursement';
      readonly date: LocalDate;
      readonly amountMinor: bigint;
      readonly balanceMinor: bigint;
    }
  | ({ readonly type: 'down_payment' | 'installment' } & ScheduleRow);

type Draft = {
  date: LocalDate;
  order: number;
  principal: bigint;
  interest: bigint;
  from: LocalDate;
};

/**
 * The full amortization table in posting order; on one date a regular installment comes first, then the
 * disbursement, then its down payment; one due on the very day of the first payout follows it.
 */
export const buildScheduleTable = (terms: LoanTerms): ScheduleTableRow[] => {
  const drafts: Draft[] = planOf(terms, disbursementsOf(terms)).map((p) => ({
    date: p.due,
    order: p.due > terms.disbursementDate ? 0 : 3,
    principal: p.principal,
    interest: p.interest,
    from: p.from,
  }));
  for (const { date, amountMinor } of disbursementsOf(terms)) {
    drafts.push({ date, order: 1, principal: amountMinor, interest: 0n, from: date });
    if (terms.downPaymentPercent !== undefined) {
      const principal = downPaymentOf(amountMinor, terms);
      drafts.push({ date, order: 2, principal, interest: 0n, from: date });
    }
  }
  drafts.sort((a, b) => (a.date === b.date ? a.order - b.order : a.date < b.date ? -1 : 1));
  let balanceMinor = 0n;
  let n = 0;
  return drafts.map(({ date, order, principal, interest, from }): ScheduleTableRow => {
    if (order === 1) {
      balanceMinor += principal;
      return { type: 'disbursement', date, amountMinor: principal, balanceMinor };
    }
    balanceMinor -= principal;
    n += 1;
    return {
      type: order === 2 ? 'down_payment' : 'installment',
      n,
      fromDate: from,
      dueDate: date,
      principalMinor: principal,
      interestMinor: interest,
      feesMinor: 0n,
      penaltiesMinor: 0n,
      balanceMinor,
    };
  });
};

/** The regular installments of a loan. Down payments and disbursements are in `buildScheduleTable` only. */
export const buildSchedule = (terms: LoanTerms): ScheduleRow[] =>
  buildScheduleTable(terms).flatMap((row) =>
    row.type === 'installment'
      ? [
          {
            n: row.n,
            fromDate: row.fromDate,
            dueDate: row.dueDate,
            principalMinor: row.principalMinor,
            interestMinor: row.interestMinor,
            feesMinor: row.feesMinor,
            penaltiesMinor: row.penaltiesMinor,
            balanceMinor: row.balanceMinor,
          },
        ]
      : [],
  );
