import { localDate, scaleOf } from '@daftari/kernel';
import type { LoanTerms } from '@daftari/lending-math';
import type { ProductChoice, ProductFacts } from './product.js';

const choiceTerms = (
  choice: ProductChoice,
): Pick<LoanTerms, 'product' | 'gracePrincipal' | 'graceInterest' | 'interestFreePeriods'> => {
  const { kind, dayCount, balloonPercent, step } = choice;
  return {
    product: {
      kind,
      dayCount,
      ...(balloonPercent !== null && { balloonPercent }),
      ...(step && { step }),
    },
    gracePrincipal: choice.gracePrincipal,
    graceInterest: choice.graceInterest,
    interestFreePeriods: choice.interestFreePeriods,
  };
};

/** The terms of one loan of a product. */
export const loanTermsOf = (
  product: Pick<ProductFacts, 'currency' | 'terms'>,
  loan: {
    readonly principalMinor: bigint;
    readonly numberOfInstallments: number;
    readonly disbursedOn: string;
  },
): LoanTerms => ({
  convention: product.terms.convention,
  currency: product.currency,
  decimals: scaleOf(product.currency),
  principalMinor: loan.principalMinor,
  annualRatePercent: product.terms.annualRatePercent,
  numberOfInstallments: loan.numberOfInstallments,
  repaymentEvery: product.terms.repaymentEvery,
  disbursementDate: localDate(loan.disbursedOn),
  daysInYear: product.terms.daysInYear,
  daysInMonth: product.terms.daysInMonth,
  roundingMode: product.terms.roundingMode,
  installmentAmountInMultiplesOf: product.terms.installmentAmountInMultiplesOf,
  ...(product.terms.recalculation && { recalculation: product.terms.recalculation }),
  ...(product.terms.interestAccruesFrom && {
    interestAccruesFrom: product.terms.interestAccruesFrom,
  }),
  ...(product.terms.product && choiceTerms(product.terms.product)),
});
