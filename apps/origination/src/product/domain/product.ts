import type { AllocationRule, LoanTerms } from '@daftari/lending-math';

/** The fixed orders of payment that a product may choose; `rules` tables are not offered over the API. */
export type AllocationStrategy = Exclude<AllocationRule['strategy'], 'rules'>;

/** What every loan of a product has in common. Rates are decimal strings, in percent. */
export interface ProductTerms {
  readonly convention: LoanTerms['convention'];
  readonly annualRatePercent: string;
  readonly repaymentEvery: LoanTerms['repaymentEvery'];
  readonly daysInYear: LoanTerms['daysInYear'];
  readonly daysInMonth: LoanTerms['daysInMonth'];
  readonly roundingMode: LoanTerms['roundingMode'];
  readonly installmentAmountInMultiplesOf: string | null;
  readonly allocationStrategy: AllocationStrategy;
}

/** One published version of a product. Amounts are decimal strings in its currency. */
export interface ProductFacts {
  readonly productId: string;
  readonly tenantId: string;
  readonly version: number;
  readonly name: string;
  readonly currency: string;
  readonly minPrincipal: string;
  readonly maxPrincipal: string;
  readonly minInstallments: number;
  readonly maxInstallments: number;
  readonly terms: ProductTerms;
  readonly minMonthlyIncome: string | null;
  readonly minScore: number | null;
  readonly publishedAt: string;
}

/** Something that happened to a product. */
export interface ProductEvent {
  readonly type: 'ProductPublished';
  readonly data: ProductFacts;
}

/** What can be asked of a product. */
export interface ProductCommand {
  readonly type: 'PublishProduct';
  readonly data: ProductFacts;
}

/** Why a product is refused. */
export type ProductRejection = 'product/invalid';

/** A product as its events tell it; null before it is published. */
export interface Product {
  readonly facts: ProductFacts | null;
}
