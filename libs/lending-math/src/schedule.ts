import type { LocalDate } from '@daftari/kernel';
import { downPaymentOf } from './numbers.js';
import { changeRate, disburse } from './progressive/installment.js';
import { emptyModel, figures, type ProgressiveModel } from './progressive/model.js';
import { agreedSteps, disbursementsOf, type LoanTerms } from './terms.js';

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

/** The model of a loan with all agreed tranches and rate changes in it, and nothing paid. */
export const modelOf = (terms: LoanTerms): ProgressiveModel => {
  const model = emptyModel(terms);
  for (const step of agreedSteps(terms)) {
    if ('rate' in step) changeRate(model, step.date, step.rate.annualRatePercent);
    else {
      const amount = step.tranche.amountMinor;
      disburse(model, step.date, amount - downPaymentOf(amount, terms));
    }
  }
  return model;
};

/**
 * The full amortization table in posting order; on one date a regular installment comes first, then the
 * disbursement, then its down payment. Source: Apache Fineract, progressive loan schedule.
 */
export const buildScheduleTable = (terms: LoanTerms): ScheduleTableRow[] => {
  const model = modelOf(terms);
  const due = figures(model);
  const drafts: Draft[] = model.periods.map((p, i) => ({
    date: p.due,
    order: 0,
    principal: due[i]?.duePrincipal ?? 0n,
    interest: due[i]?.dueInterest ?? 0n,
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
      type: order === 0 ? 'installment' : 'down_payment',
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
