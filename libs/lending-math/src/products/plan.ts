import { invariant } from '@daftari/kernel';
import type { PlannedPeriod } from '../planned-period.js';
import type { Disbursement, LoanTerms } from '../terms.js';
import { makingsOf } from './engine.js';
import type { ProductTerms } from './terms.js';

/** The terms of a loan of the convention `product` as the products' engine takes them. */
export const productTermsOf = (terms: LoanTerms): ProductTerms => {
  invariant(terms.product !== undefined, 'a product loan says which product it is');
  const { product, ...shared } = terms;
  return { ...shared, ...product };
};

/** What falls due when on a product loan, once the given tranches are paid out. */
export const productPlan = (
  terms: LoanTerms,
  tranches: readonly Disbursement[],
): PlannedPeriod[] => {
  const { makings } = makingsOf({ ...productTermsOf(terms), disbursements: tranches });
  return makings.map(({ period, principal, interest }) => ({
    from: period.from,
    due: period.due,
    principal: principal.due,
    interest: interest.due,
  }));
};
