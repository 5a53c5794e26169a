import type { ProductKind } from './options.js';
import type { ProductTerms } from './terms.js';

/** What makes a product: everything else is the same for all of them. */
export interface Shape {
  /** Interest on what is left of the loan, or on what was lent (then spread evenly). */
  readonly interestOn: 'balance' | 'lent';
  /** What is alike in all installments: their total, or their principal. */
  readonly alike: 'installment' | 'principal';
  /** All principal with the last installment. */
  readonly principalAtEnd?: true;
  /** All interest with the last installment; it bears no interest itself. */
  readonly interestAtEnd?: true;
  /** The term without which the product is another one. */
  readonly needs?: 'balloonPercent' | 'step';
}

/** The products as data. A new one is a new line here. */
export const SHAPES: Readonly<Record<ProductKind, Shape>> = {
  flat: { interestOn: 'lent', alike: 'principal' },
  declining_balance: { interestOn: 'balance', alike: 'installment' },
  equal_principal: { interestOn: 'balance', alike: 'principal' },
  interest_only: { interestOn: 'balance', alike: 'principal', principalAtEnd: true },
  bullet: { interestOn: 'balance', alike: 'principal', principalAtEnd: true, interestAtEnd: true },
  balloon: { interestOn: 'balance', alike: 'installment', needs: 'balloonPercent' },
  step_up: { interestOn: 'balance', alike: 'installment', needs: 'step' },
};

/** Every product there is. */
export const PRODUCT_KINDS = Object.keys(SHAPES) as ProductKind[];

/** How many first installments have no principal, and how many have their interest put off. */
export const graceOf = (terms: ProductTerms): { principal: number; interest: number } => {
  const { principalAtEnd, interestAtEnd } = SHAPES[terms.kind];
  const allButLast = terms.numberOfInstallments - 1;
  return {
    principal: principalAtEnd ? allButLast : (terms.gracePrincipal ?? 0),
    interest: interestAtEnd ? allButLast : (terms.graceInterest ?? 0),
  };
};
