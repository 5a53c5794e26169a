import { validateTerms, type TermsError } from '../validate-terms.js';
import type { ProductTerms } from './terms.js';

/** Everything wrong with the terms of a product loan, all at once; an empty list: a schedule can be built. */
export const validateProduct = (terms: ProductTerms): TermsError[] =>
  validateTerms({
    ...terms,
    convention: 'product',
    daysInYear: '365',
    daysInMonth: 'actual',
    product: terms,
  });
