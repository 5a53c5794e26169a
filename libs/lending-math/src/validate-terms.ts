import { scaleOf, type LocalDate } from '@daftari/kernel';
import { at, periodsOf, yearOf } from './calendar.js';
import { Decimal, sumOf } from './numbers.js';
import { disbursementsOf, type LoanTerms } from './terms.js';
import { productErrors } from './products/option-errors.js';
import { productTermsOf } from './products/plan.js';
import { choiceErrors, conventionErrors } from './validate-convention.js';

/** One thing wrong with the terms: where, a stable code, and a sentence for people. */
export interface TermsError {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** Most installments a loan may have. */
export const MAX_INSTALLMENTS = 1000;
const MAX_RATE_DECIMALS = 6;
const MAX_YEAR = 9999;
/** ISO 4217 reserves it for tests: it has as many decimals as a test needs. */
const TEST_CURRENCY = 'XTS';

const error = (path: string, code: string, message: string): TermsError => ({
  path,
  code,
  message,
});

const percentErrors = (path: string, text: string, max: number): TermsError[] => {
  if (!/^-?\d{1,9}(\.\d+)?$/.test(text)) {
    return [error(path, 'rate/not-a-decimal', 'a decimal string')];
  }
  const rate = new Decimal(text);
  return [
    ...(rate.isNegative() && !rate.isZero() ? [error(path, 'rate/negative', 'zero or more')] : []),
    ...(rate.gt(max) ? [error(path, 'rate/too-high', `at most ${String(max)} percent`)] : []),
    ...(rate.decimalPlaces() > MAX_RATE_DECIMALS
      ? [error(path, 'rate/too-precise', `at most ${String(MAX_RATE_DECIMALS)} decimals`)]
      : []),
  ];
};

const countErrors = (path: string, value: number, most: number): TermsError[] => {
  if (!Number.isInteger(value)) return [error(path, 'count/not-an-integer', 'a whole number')];
  if (value < 1) return [error(path, 'count/not-positive', 'at least 1')];
  if (value > most) return [error(path, 'count/too-many', `at most ${String(most)}`)];
  return [];
};

const rateErrors = (terms: LoanTerms): TermsError[] => [
  ...percentErrors('annualRatePercent', terms.annualRatePercent, 1000),
  ...(terms.ratePerPeriodPercent === undefined
    ? []
    : percentErrors('ratePerPeriodPercent', terms.ratePerPeriodPercent, 1000)),
  ...(terms.rateChanges ?? []).flatMap((change, i) => [
    ...percentErrors(`rateChanges.${String(i)}.annualRatePercent`, change.annualRatePercent, 1000),
    ...(change.effectiveDate < terms.disbursementDate
      ? [
          error(
            `rateChanges.${String(i)}.effectiveDate`,
            'date/before-disbursement',
            'on or after the disbursement',
          ),
        ]
      : []),
  ]),
  ...(terms.downPaymentPercent === undefined
    ? []
    : percentErrors('downPaymentPercent', terms.downPaymentPercent, 99)),
  ...(terms.overdueCharge
    ? percentErrors('overdueCharge.percent', terms.overdueCharge.percent, 100)
    : []),
];

const graceErrors = (terms: LoanTerms): TermsError[] =>
  (['gracePrincipal', 'graceInterest', 'interestFreePeriods'] as const).flatMap((path) => {
    const periods = terms[path] ?? 0;
    if (!Number.isInteger(periods) || periods < 0) {
      return [error(path, 'grace/not-a-count', 'a whole number, zero or more')];
    }
    return periods >= terms.numberOfInstallments && periods > 0
      ? [error(path, 'grace/too-long', 'fewer periods than installments')]
      : [];
  });

const ascending = (path: string, start: LocalDate, dates: readonly LocalDate[]): TermsError[] => {
  const before = [start, ...dates];
  return dates.flatMap((date, i) =>
    date <= at(before, i)
      ? [error(`${path}.${String(i)}`, 'date/not-ascending', 'after the date before it')]
      : [],
  );
};

/** Due dates that follow from the counts; asked only when the counts make sense. */
const computedDateErrors = (terms: LoanTerms): TermsError[] => {
  const { repaymentEvery: every, numberOfInstallments: n } = terms;
  const perYear = { days: 366, weeks: 53, months: 12 }[every.unit];
  if (yearOf(terms.disbursementDate) + (n * every.n) / perYear >= MAX_YEAR) {
    return [error('repaymentEvery', 'date/beyond-calendar', 'the loan ends before the year 9999')];
  }
  const periods = periodsOf(terms);
  const first = at(periods, 0).due;
  const sameDay = terms.convention === 'level_payment_final_not_higher';
  const path = terms.firstDueDate === undefined ? 'repaymentSeedDate' : 'firstDueDate';
  if (first < terms.disbursementDate || (first === terms.disbursementDate && !sameDay)) {
    return [error(path, 'date/not-after-disbursement', 'the first due date is after it')];
  }
  const last = periods.at(-1);
  return terms.fixedLengthDays !== undefined && last && last.due <= last.from
    ? [error('fixedLengthDays', 'date/not-ascending', 'after the due date before the last')]
    : [];
};

const dateErrors = (terms: LoanTerms, countsAreRight: boolean): TermsError[] => {
  if (terms.dueDates === undefined) return countsAreRight ? computedDateErrors(terms) : [];
  const sameDay = terms.convention === 'level_payment_final_not_higher';
  const [first = terms.disbursementDate, ...rest] = terms.dueDates;
  return [
    ...(terms.dueDates.length === terms.numberOfInstallments
      ? []
      : [error('dueDates', 'dates/wrong-count', 'one for each installment')]),
    ...(first < terms.disbursementDate || (first === terms.disbursementDate && !sameDay)
      ? [error('dueDates.0', 'date/not-after-disbursement', 'after the disbursement')]
      : []),
    ...ascending('dueDates', first, rest).map((e) => ({
      ...e,
      path: e.path.replace(/\d+$/, (i) => String(Number(i) + 1)),
    })),
  ];
};

const trancheErrors = (terms: LoanTerms): TermsError[] => {
  const tranches = terms.disbursements;
  if (tranches === undefined) return [];
  if (tranches.length === 0) return [error('disbursements', 'list/empty', 'at least one')];
  const total = sumOf(disbursementsOf(terms), (t) => t.amountMinor);
  return [
    ...tranches.flatMap((d, i): TermsError[] => {
      const path = `disbursements.${String(i)}`;
      return [
        ...(d.amountMinor <= 0n
          ? [error(`${path}.amountMinor`, 'amount/not-positive', 'more than zero')]
          : []),
        ...((d.currency ?? terms.currency) === terms.currency
          ? []
          : [error(`${path}.currency`, 'amount/other-currency', `in ${terms.currency}`)]),
        ...(d.date < terms.disbursementDate
          ? [error(`${path}.date`, 'date/before-disbursement', 'on or after the first one')]
          : []),
      ];
    }),
    ...(total === terms.principalMinor
      ? []
      : [error('disbursements', 'amount/not-the-principal', 'they sum to the principal')]),
  ];
};

const currencyErrors = ({ currency, decimals }: LoanTerms): TermsError[] => {
  const known = /^[A-Z]{3}$/.test(currency);
  const inRange = Number.isInteger(decimals) && decimals >= 0 && decimals <= 4;
  return [
    ...(known ? [] : [error('currency', 'currency/unknown', 'three capital letters')]),
    ...(inRange ? [] : [error('decimals', 'decimals/out-of-range', '0 to 4')]),
    ...(known && inRange && currency !== TEST_CURRENCY && scaleOf(currency) !== decimals
      ? [error('decimals', 'decimals/not-of-currency', `${currency} has another number of them`)]
      : []),
  ];
};

const multipleErrors = (terms: LoanTerms): TermsError[] => {
  const multiple = terms.installmentAmountInMultiplesOf ?? null;
  const path = 'installmentAmountInMultiplesOf';
  if (multiple === null) return [];
  if (!/^\d{1,15}(\.\d+)?$/.test(multiple) || new Decimal(multiple).isZero()) {
    return [error(path, 'amount/not-positive', 'a decimal string above zero')];
  }
  return new Decimal(multiple).decimalPlaces() > terms.decimals
    ? [error(path, 'amount/too-precise', 'not finer than the minor unit')]
    : [];
};

const weekendErrors = ({ weekendShift }: LoanTerms): TermsError[] =>
  weekendShift && new Set(weekendShift.weekend).size > 6
    ? [error('weekendShift.weekend', 'weekend/no-working-day', 'at most six days')]
    : [];

/** Everything wrong with the terms of a loan, all at once; an empty list means that a schedule can be built. */
export const validateTerms = (terms: LoanTerms): TermsError[] => {
  const choices = choiceErrors(terms);
  const counts = [
    ...countErrors('numberOfInstallments', terms.numberOfInstallments, MAX_INSTALLMENTS),
    ...countErrors('repaymentEvery.n', terms.repaymentEvery.n, 366),
    ...(terms.fixedLengthDays === undefined
      ? []
      : countErrors('fixedLengthDays', terms.fixedLengthDays, 366 * 100)),
  ];
  const weekend = weekendErrors(terms);
  const errors = [
    ...(terms.principalMinor <= 0n
      ? [error('principalMinor', 'amount/not-positive', 'more than zero')]
      : []),
    ...choices,
    ...currencyErrors(terms),
    ...multipleErrors(terms),
    ...rateErrors(terms),
    ...counts,
    ...graceErrors(terms),
    ...weekend,
    ...dateErrors(terms, choices.length + counts.length + weekend.length === 0),
    ...trancheErrors(terms),
    ...conventionErrors(terms),
  ];
  return terms.convention === 'product' && terms.product !== undefined
    ? [...errors, ...productErrors(productTermsOf(terms), errors.length === 0)]
    : errors;
};
