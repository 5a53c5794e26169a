import { Decimal } from './numbers.js';
import type { LoanTerms } from './terms.js';

/** One thing wrong with the terms: where, a stable code, and a sentence for people. */
export interface TermsError {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** Most installments a loan may have. */
export const MAX_INSTALLMENTS = 1000;
const MAX_RATE_DECIMALS = 6;

const percentErrors = (path: string, text: string, max: number): TermsError[] => {
  if (!/^-?\d{1,9}(\.\d+)?$/.test(text)) {
    return [{ path, code: 'rate/not-a-decimal', message: 'a decimal string' }];
  }
  const rate = new Decimal(text);
  const errors: TermsError[] = [];
  if (rate.isNegative() && !rate.isZero()) {
    errors.push({ path, code: 'rate/negative', message: 'zero or more' });
  }
  if (rate.gt(max)) {
    errors.push({ path, code: 'rate/too-high', message: `at most ${String(max)} percent` });
  }
  if (rate.decimalPlaces() > MAX_RATE_DECIMALS) {
    const message = `at most ${String(MAX_RATE_DECIMALS)} decimals`;
    errors.push({ path, code: 'rate/too-precise', message });
  }
  return errors;
};

const countErrors = (path: string, value: number, most: number): TermsError[] => {
  if (!Number.isInteger(value)) {
    return [{ path, code: 'count/not-an-integer', message: 'a whole number' }];
  }
  if (value < 1) return [{ path, code: 'count/not-positive', message: 'at least 1' }];
  if (value > most) return [{ path, code: 'count/too-many', message: `at most ${String(most)}` }];
  return [];
};

const dateErrors = (terms: LoanTerms): TermsError[] => {
  const errors: TermsError[] = [];
  if (terms.firstDueDate !== undefined && terms.firstDueDate <= terms.disbursementDate) {
    const message = 'after the disbursement';
    errors.push({ path: 'firstDueDate', code: 'date/not-after-disbursement', message });
  }
  if (terms.dueDates !== undefined) {
    if (terms.dueDates.length !== terms.numberOfInstallments) {
      const message = 'one for each installment';
      errors.push({ path: 'dueDates', code: 'dates/wrong-count', message });
    }
    const previous = [terms.repaymentSeedDate ?? terms.disbursementDate, ...terms.dueDates];
    terms.dueDates.forEach((date, i) => {
      if (date <= (previous[i] ?? date)) {
        const message = 'after the date before it';
        errors.push({ path: `dueDates.${String(i)}`, code: 'date/not-ascending', message });
      }
    });
  }
  return errors;
};

const trancheErrors = (terms: LoanTerms): TermsError[] => {
  const tranches = terms.disbursements ?? [];
  const errors = tranches.flatMap((d, i): TermsError[] => {
    const path = `disbursements.${String(i)}`;
    return [
      ...(d.amountMinor <= 0n
        ? [{ path: `${path}.amountMinor`, code: 'amount/not-positive', message: 'more than zero' }]
        : []),
      ...(d.date < terms.disbursementDate
        ? [{ path: `${path}.date`, code: 'date/too-early', message: 'on or after the first one' }]
        : []),
    ];
  });
  if (terms.disbursements?.length === 0) {
    errors.push({ path: 'disbursements', code: 'list/empty', message: 'at least one' });
  }
  return errors;
};

const CHOICES = {
  convention: ['progressive'],
  daysInYear: ['actual', '360', '364', '365'],
  daysInMonth: ['actual', '30'],
  roundingMode: ['HALF_EVEN', 'HALF_UP', 'FLOOR', 'CEILING'],
} as const satisfies Partial<Record<keyof LoanTerms, readonly string[]>>;
const UNITS: readonly string[] = ['days', 'weeks', 'months'];

const choiceErrors = (terms: LoanTerms): TermsError[] => {
  const wrong = (path: string, choices: readonly string[], value: string): TermsError[] =>
    choices.includes(value)
      ? []
      : [{ path, code: 'choice/unsupported', message: `one of ${choices.join(', ')}` }];
  return [
    ...wrong('convention', CHOICES.convention, terms.convention),
    ...wrong('daysInYear', CHOICES.daysInYear, terms.daysInYear),
    ...wrong('daysInMonth', CHOICES.daysInMonth, terms.daysInMonth),
    ...wrong('roundingMode', CHOICES.roundingMode, terms.roundingMode),
    ...wrong('repaymentEvery.unit', UNITS, terms.repaymentEvery.unit),
  ];
};

const precisionErrors = (terms: LoanTerms): TermsError[] => {
  const { decimals } = terms;
  const multiple = terms.installmentAmountInMultiplesOf ?? null;
  const errors: TermsError[] = [];
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > 4) {
    errors.push({ path: 'decimals', code: 'decimals/out-of-range', message: '0 to 4' });
  }
  if (multiple === null) return errors;
  const path = 'installmentAmountInMultiplesOf';
  if (!/^\d{1,15}(\.\d+)?$/.test(multiple) || new Decimal(multiple).isZero()) {
    errors.push({ path, code: 'amount/not-positive', message: 'a decimal string above zero' });
  } else if (new Decimal(multiple).decimalPlaces() > decimals) {
    errors.push({ path, code: 'amount/too-precise', message: 'not finer than the minor unit' });
  }
  return errors;
};

/** Everything wrong with the terms of a loan, all at once; an empty list means that a schedule can be built. */
export const validateTerms = (terms: LoanTerms): TermsError[] => {
  const grace = terms.gracePrincipal ?? 0;
  const bullet = terms.numberOfInstallments - 1;
  return [
    ...(terms.principalMinor <= 0n
      ? [{ path: 'principalMinor', code: 'amount/not-positive', message: 'more than zero' }]
      : []),
    ...choiceErrors(terms),
    ...precisionErrors(terms),
    ...percentErrors('annualRatePercent', terms.annualRatePercent, 1000),
    ...(terms.rateChanges ?? []).flatMap((change, i) =>
      percentErrors(`rateChanges.${String(i)}.annualRatePercent`, change.annualRatePercent, 1000),
    ),
    ...(terms.downPaymentPercent === undefined
      ? []
      : percentErrors('downPaymentPercent', terms.downPaymentPercent, 99)),
    ...countErrors('numberOfInstallments', terms.numberOfInstallments, MAX_INSTALLMENTS),
    ...countErrors('repaymentEvery.n', terms.repaymentEvery.n, 366),
    ...(grace !== 0 && grace !== bullet
      ? [{ path: 'gracePrincipal', code: 'grace/unsupported', message: '0 or all but the last' }]
      : []),
    ...dateErrors(terms),
    ...trancheErrors(terms),
  ];
};
