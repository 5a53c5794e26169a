import { accept, type Decision, type FieldError, parseMoney, reject } from '@daftari/kernel';
import { validateTerms } from '@daftari/lending-math';
import { loanTermsOf } from './loan-terms.js';
import type {
  Product,
  ProductCommand,
  ProductEvent,
  ProductFacts,
  ProductRejection,
} from './product.js';

/** No product yet. */
export const initialProduct: Product = { facts: null };

const minorOf = (amount: string, currency: string): bigint | null => {
  try {
    return parseMoney({ amount, currency }).minor;
  } catch {
    return null; // Reported as a failed rule together with all the others.
  }
};

const wrong = (field: string, code: string, message: string): FieldError => ({
  field,
  code,
  message,
});

const amountErrors = (facts: ProductFacts): FieldError[] => {
  const errors: FieldError[] = [];
  const amounts = {
    minPrincipal: facts.minPrincipal,
    maxPrincipal: facts.maxPrincipal,
    ...(facts.minMonthlyIncome === null ? {} : { minMonthlyIncome: facts.minMonthlyIncome }),
  };
  for (const [field, amount] of Object.entries(amounts)) {
    const minor = minorOf(amount, facts.currency);
    if (minor === null || minor <= 0n) {
      errors.push(wrong(field, 'product/amount-invalid', `a positive amount of ${facts.currency}`));
    }
  }
  const least = minorOf(facts.minPrincipal, facts.currency);
  const most = minorOf(facts.maxPrincipal, facts.currency);
  if (least !== null && most !== null && most < least) {
    errors.push(wrong('maxPrincipal', 'product/range-empty', 'at least minPrincipal'));
  }
  return errors;
};

const CHOSEN = ['gracePrincipal', 'graceInterest', 'interestFreePeriods', 'balloonPercent'];

/** Where a lender finds the term that a path of the calculator speaks of. */
const pathOf = (path: string): string => {
  if (path === 'numberOfInstallments') return 'maxInstallments';
  const chosen = CHOSEN.includes(path) || path === 'step' || path.startsWith('step.');
  return chosen || path === 'dayCount' || path === 'kind'
    ? `terms.product.${path}`
    : `terms.${path}`;
};

const termErrors = (facts: ProductFacts): FieldError[] => {
  const minor = minorOf(facts.maxPrincipal, facts.currency);
  if (minor === null || minor <= 0n) return [];
  const errorsAt = (numberOfInstallments: number): FieldError[] => {
    const terms = loanTermsOf(facts, {
      principalMinor: minor,
      numberOfInstallments,
      disbursedOn: facts.publishedAt.slice(0, 10),
    });
    return validateTerms(terms).map((e) => wrong(pathOf(e.path), e.code, e.message));
  };
  const longest = errorsAt(facts.maxInstallments);
  // A grace that a long loan has room for may not fit into the shortest one.
  return longest.length > 0 || !facts.terms.product ? longest : errorsAt(facts.minInstallments);
};

const allocationErrors = ({ terms }: ProductFacts): FieldError[] => {
  const { allocationStrategy, allocationOrder } = terms;
  if ((allocationStrategy === 'rules') === Boolean(allocationOrder)) return [];
  return [
    wrong(
      'terms.allocationOrder',
      'product/allocation-order-mismatch',
      'given when, and only when, the strategy is rules',
    ),
  ];
};

/** Every rule that a product breaks, all at once. */
export const productErrors = (facts: ProductFacts): FieldError[] => [
  ...amountErrors(facts),
  ...(facts.maxInstallments < facts.minInstallments
    ? [wrong('maxInstallments', 'product/range-empty', 'at least minInstallments')]
    : []),
  ...allocationErrors(facts),
  ...termErrors(facts),
];

/** Decides one command. Publishing the same product again changes nothing. */
export const decideProduct = (
  command: ProductCommand,
  state: Product,
): Decision<ProductEvent, ProductRejection> => {
  if (state.facts) return accept();
  const errors = productErrors(command.data);
  if (errors.length > 0) {
    return reject(
      'product/invalid',
      errors.map((e) => e.code),
    );
  }
  return accept({ type: 'ProductPublished', data: command.data });
};

/** Folds one event. */
export const evolveProduct = (_: Product, event: ProductEvent): Product => ({ facts: event.data });
