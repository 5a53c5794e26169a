import { ContractViolation, daysBetween } from '@daftari/kernel';
import { at } from '../calendar.js';
import { sumOf } from '../numbers.js';
import { modelOf } from '../plan.js';
import { productTermsOf } from '../products/plan.js';
import {
  figures,
  slicesOf,
  type Slice,
  type PeriodFigures,
  type ProgressiveModel,
} from '../progressive/model.js';
import { ratio, ratioText, times } from '../ratio.js';
import type { LoanTerms } from '../terms.js';
import type { InterestStep, RowExplanation } from './explanation.js';
import { explainProduct } from './product.js';
import { stepsInterest } from './recompute.js';

const RATE_DECIMALS = 6;

const stepOf = (opening: bigint, { from, to, added, rate, share }: Slice): InterestStep => ({
  from,
  to,
  days: daysBetween(from, to),
  share,
  ratePercent: ratioText(times(rate, ratio(100n)), RATE_DECIMALS),
  balanceMinor: opening + added,
});

const progressiveRow = (
  m: ProgressiveModel,
  index: number,
  due: readonly PeriodFigures[],
): RowExplanation => {
  const { roundingMode: rounding, daysInMonth, daysInYear } = m.terms;
  const period = at(m.periods, index);
  const own = at(due, index);
  const carriedInMinor = index === 0 ? 0n : at(due, index - 1).carry;
  const bears = own.opening !== 0n || period.changes.length > 0;
  const steps = bears
    ? slicesOf(m, period, undefined).map((slice) => stepOf(own.opening, slice))
    : [];
  return {
    dueDate: period.due,
    interest: {
      rule: 'accrued',
      dayCount: `${daysInMonth === '30' ? '30 days a month' : 'actual days'} over ${daysInYear}`,
      steps,
      unrounded: stepsInterest(steps),
      rounding,
      roundedMinor: own.dueInterest + own.carry - carriedInMinor,
      carriedInMinor,
      carriedOutMinor: own.carry,
      putOffBeforeMinor: 0n,
      putOffAfterMinor: 0n,
      dueMinor: own.dueInterest,
    },
    principal: {
      rule: period.interestOnly ? 'grace' : 'set_installment',
      unrounded: period.interestOnly ? null : ratio(period.emi),
      stepMinor: 1n,
      rounding,
      owedMinor: own.opening + sumOf(period.changes, (c) => c.amount),
      dueMinor: own.duePrincipal,
    },
  };
};

/**
 * What made every installment of a schedule as agreed, in due-date order: conventions `progressive` and `product`. The
 * others are a ContractViolation.
 */
export const explainSchedule = (terms: LoanTerms): RowExplanation[] => {
  if (terms.convention === 'product') return explainProduct(productTermsOf(terms));
  if (terms.convention !== 'progressive') {
    const message = `schedules of the convention ${terms.convention} do not explain themselves`;
    throw new ContractViolation(message, [
      { field: 'convention', code: 'explain/unsupported', message: 'progressive or product' },
    ]);
  }
  const model = modelOf(terms);
  const due = figures(model);
  return model.periods.map((_, index) => progressiveRow(model, index, due));
};
