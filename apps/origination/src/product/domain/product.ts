import type {
  AllocationRule,
  LoanTerms,
  PaymentOrder,
  ProductOptions,
} from '@daftari/lending-math';

/** How payments are split: one of the fixed orders, or `rules` with an order of the product's own. */
export type AllocationStrategy = AllocationRule['strategy'];

/** A product's own order of payment. `horizontal` pays all parts of one installment before the next one. */
export interface AllocationOrder extends PaymentOrder {
  readonly processing: 'horizontal' | 'vertical';
}

/** One of the named schedules (flat, equal principal, bullet ...) and what it leaves open. */
export interface ProductChoice {
  readonly kind: ProductOptions['kind'];
  readonly dayCount: ProductOptions['dayCount'];
  readonly balloonPercent: string | null;
  readonly step: ProductOptions['step'] | null;
  readonly gracePrincipal: number;
  readonly graceInterest: number;
  readonly interestFreePeriods: number;
}

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
  /** Set when, and only when, the strategy is `rules`. Products published before it existed lack it. */
  readonly allocationOrder?: AllocationOrder | null;
  /** Interest follows what is really paid and when; null or absent: the schedule stays as agreed. */
  readonly recalculation?: LoanTerms['recalculation'] | null;
  readonly interestAccruesFrom?: LoanTerms['interestAccruesFrom'] | null;
  /** Set when, and only when, the convention is `product`. Products published before it existed lack it. */
  readonly product?: ProductChoice | null;
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
