import { makingsOf } from '../products/engine.js';
import type { Making } from '../products/making.js';
import type { ProductTerms } from '../products/terms.js';
import { RATE_UNIT, stretchDays } from '../products/timeline.js';
import { yearDenominator } from '../day-count.js';
import { ratio, ratioText } from '../ratio.js';
import type { PrincipalExplanation, RowExplanation } from './explanation.js';

const RULES = {
  installment: 'level_installment',
  share: 'share_of_principal',
  grace: 'grace',
  rest: 'rest',
} as const satisfies Record<Making['principal']['rule'], PrincipalExplanation['rule']>;

const explained = (terms: ProductTerms, making: Making, stepMinor: bigint): RowExplanation => {
  const { interest, principal, period } = making;
  const rounded = principal.rule === 'installment' || principal.rule === 'share';
  return {
    dueDate: period.due,
    interest: {
      rule: interest.own.rule,
      dayCount: terms.dayCount,
      steps: interest.own.lines.map(({ stretch, balance }) => ({
        from: stretch.from,
        to: stretch.to,
        days: stretchDays(terms, stretch),
        share: ratio(stretch.share, yearDenominator(terms.dayCount)),
        ratePercent: ratioText(ratio(stretch.rate * 100n, RATE_UNIT), 6),
        balanceMinor: balance,
      })),
      unrounded: interest.own.exact,
      rounding: terms.roundingMode,
      roundedMinor: interest.own.rounded,
      carriedInMinor: interest.unpaidBefore,
      carriedOutMinor: interest.unpaidAfter,
      putOffBeforeMinor: interest.putOffBefore,
      putOffAfterMinor: interest.putOffAfter,
      dueMinor: interest.due,
    },
    principal: {
      rule: RULES[principal.rule],
      unrounded: rounded ? principal.exact : null,
      stepMinor,
      rounding: terms.roundingMode,
      owedMinor: making.opening + making.added,
      dueMinor: principal.due,
    },
  };
};

/** What made every installment of a product loan, in due-date order. */
export const explainProduct = (terms: ProductTerms): RowExplanation[] => {
  const { makings, step } = makingsOf(terms);
  return makings.map((making) => explained(terms, making, step));
};
