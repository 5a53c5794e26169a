import { at } from './calendar.js';
import { cumulative } from './cumulative/schedule.js';
import { levelPaymentFinalNotHigher } from './level-payment/schedule.js';
import { downPaymentOf, sumOf } from './numbers.js';
import { UNADJUSTED, type Adjustments, type PlannedPeriod } from './planned-period.js';
import { productPlan } from './products/plan.js';
import { changeRate, disburse } from './progressive/installment.js';
import { emptyModel, figures, type ProgressiveModel } from './progressive/model.js';
import { remainingBalanceLevel } from './remaining-balance-level/schedule.js';
import { agreedSteps, type Disbursement, type LoanTerms } from './terms.js';

/** The model of a progressive loan with all agreed tranches and rate changes in it, and nothing paid. */
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

/** What falls due when, by the convention of the terms, once the given tranches are paid out; only `cumulative` has adjustments. */
export const planOf = (
  terms: LoanTerms,
  tranches: readonly Disbursement[],
  adjustments: Adjustments = UNADJUSTED,
): PlannedPeriod[] => {
  const principal = sumOf(tranches, (t) => t.amountMinor - downPaymentOf(t.amountMinor, terms));
  switch (terms.convention) {
    case 'cumulative':
      return cumulative(terms, tranches, adjustments);
    case 'remaining_balance_level':
      return remainingBalanceLevel(terms, principal);
    case 'level_payment_final_not_higher':
      return levelPaymentFinalNotHigher(terms, principal);
    case 'product':
      return productPlan(terms, tranches);
    case 'progressive': {
      const model = modelOf({ ...terms, disbursements: tranches });
      const due = figures(model);
      return model.periods.map(({ from, due: dueDate }, i) => ({
        from,
        due: dueDate,
        principal: at(due, i).duePrincipal,
        interest: at(due, i).dueInterest,
      }));
    }
  }
};
