import { type FieldError, formatMinor, type Money, parseMoney, scaleOf } from '@daftari/kernel';
import type { MoneyJson } from '@daftari/kernel';
import { buildSchedule } from '@daftari/lending-math';
import { loanTermsOf } from '../../product/domain/loan-terms.js';
import type { ProductFacts } from '../../product/domain/product.js';
import { basicV1 } from '../scorecards/basic-v1.js';
import type { Submission } from './application.js';
import { type Score, scoreOf } from './score.js';

const wrong = (field: string, code: string, message: string): FieldError => ({
  field,
  code: `application/${code}`,
  message,
});

const tryMoney = (json: MoneyJson): Money | null => {
  try {
    return parseMoney(json);
  } catch {
    return null; // Reported as a failed rule together with all the others.
  }
};

/** A mobile number as 254 and nine digits; null when it is none. `0712…`, `+254712…` and `254712…` are the same. */
export const normalPhone = (phone: string): string | null => {
  const digits = /^(?:\+?254|0)([17]\d{8})$/.exec(phone.replaceAll(/[\s-]/g, ''))?.[1];
  return digits === undefined ? null : `254${digits}`;
};

const principalErrors = (principal: MoneyJson, product: ProductFacts): FieldError[] => {
  const { currency, minPrincipal, maxPrincipal } = product;
  if (principal.currency !== currency) {
    return [wrong('principal.currency', 'wrong-currency', `this product lends ${currency}`)];
  }
  const minor = tryMoney(principal)?.minor;
  if (minor === undefined) return [];
  if (minor < parseMoney({ amount: minPrincipal, currency }).minor) {
    return [wrong('principal.amount', 'amount-too-small', `at least ${minPrincipal}`)];
  }
  if (minor > parseMoney({ amount: maxPrincipal, currency }).minor) {
    return [wrong('principal.amount', 'amount-too-large', `at most ${maxPrincipal}`)];
  }
  return [];
};

const termErrors = (count: number, product: ProductFacts): FieldError[] => {
  const { minInstallments: least, maxInstallments: most } = product;
  if (count < least)
    return [wrong('numberOfInstallments', 'term-too-short', `at least ${String(least)}`)];
  if (count > most)
    return [wrong('numberOfInstallments', 'term-too-long', `at most ${String(most)}`)];
  return [];
};

const incomeErrors = ({ product, customer }: Submission): FieldError[] => {
  const income = customer.monthlyIncome && tryMoney(customer.monthlyIncome);
  if (!income || income.minor <= 0n) {
    return [wrong('monthlyIncome', 'income-missing', 'complete your profile with your income')];
  }
  if (!product) return [];
  const { currency, minMonthlyIncome } = product;
  if (income.currency !== currency) {
    return [wrong('monthlyIncome', 'income-in-other-currency', `stated in ${currency}`)];
  }
  if (minMonthlyIncome === null) return [];
  return income.minor < parseMoney({ amount: minMonthlyIncome, currency }).minor
    ? [wrong('monthlyIncome', 'income-too-low', `at least ${minMonthlyIncome}`)]
    : [];
};

const basicErrors = (s: Submission): FieldError[] => [
  ...(s.product ? [] : [wrong('productId', 'unknown-product', 'a product that is offered')]),
  ...((tryMoney(s.principal)?.minor ?? 0n) > 0n
    ? []
    : [wrong('principal.amount', 'amount-invalid', 'a positive decimal amount')]),
  ...(s.product ? principalErrors(s.principal, s.product) : []),
  ...(s.product ? termErrors(s.numberOfInstallments, s.product) : []),
  ...(normalPhone(s.phone) === null
    ? [wrong('phone', 'phone-invalid', 'a mobile number, 2547… or 2541…')]
    : []),
  ...incomeErrors(s),
];

/** The largest installment of what is applied for, and the score; only for a submission that breaks no basic rule. */
export const assess = (
  s: Submission,
  product: ProductFacts,
): { installment: MoneyJson; score: Score } => {
  const { currency } = product;
  const terms = loanTermsOf(product, {
    principalMinor: parseMoney(s.principal).minor,
    numberOfInstallments: s.numberOfInstallments,
    disbursedOn: s.submittedOn,
  });
  const installmentMinor = buildSchedule(terms)
    .map((row) => row.principalMinor + row.interestMinor)
    .reduce((a, b) => (a > b ? a : b), 0n);
  const incomeMinor = s.customer.monthlyIncome ? parseMoney(s.customer.monthlyIncome).minor : 0n;
  const inputs = {
    installmentToIncomeBps:
      incomeMinor > 0n ? Number((installmentMinor * 10_000n) / incomeMinor) : 10_000,
    monthlyIncome: Number(incomeMinor / 10n ** BigInt(scaleOf(currency))),
    employed: s.customer.employed ? 1 : 0,
    completedLoans: s.customer.completedLoans,
  };
  return {
    installment: { amount: formatMinor(installmentMinor, currency), currency },
    score: scoreOf(basicV1, inputs),
  };
};

/** Every rule that a submission breaks, all at once. The score is a rule only when it can be computed. */
export const failedRules = (s: Submission): FieldError[] => {
  const errors = basicErrors(s);
  if (errors.length > 0 || !s.product || s.product.minScore === null) return errors;
  const { total } = assess(s, s.product).score;
  return total < s.product.minScore
    ? [wrong('score', 'score-too-low', `at least ${String(s.product.minScore)} points`)]
    : [];
};
