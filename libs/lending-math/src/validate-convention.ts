import { Decimal } from './numbers.js';
import type { Convention, LoanTerms } from './terms.js';

interface Found {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

const CHOICES = {
  convention: [
    'progressive',
    'cumulative',
    'remaining_balance_level',
    'level_payment_final_not_higher',
    'product',
  ],
  daysInYear: ['actual', '360', '364', '365'],
  daysInMonth: ['actual', '30'],
  roundingMode: ['HALF_EVEN', 'HALF_UP', 'FLOOR', 'CEILING'],
  interestMethod: ['declining_balance', 'flat'],
  amortization: ['equal_installments', 'equal_principal'],
  interestCalculationPeriod: ['daily', 'same_as_repayment'],
  residualIn: ['first', 'last', 'spread'],
  monthEndDueDates: ['last_day_of_month', 'first_day_of_next_month'],
  chargeOffBehaviour: ['zero_interest', 'accelerate_maturity'],
} as const satisfies Partial<Record<keyof LoanTerms, readonly string[]>>;

const RECALCULATION = {
  preClosure: ['till_pre_close_date', 'till_rest_frequency_date'],
  restFrequency: ['daily', 'same_as_repayment'],
  advancePaymentStrategy: [
    'reduce_emi_amount',
    'reduce_number_of_installments',
    'reschedule_next_repayments',
    'adjust_last_unpaid_period',
  ],
  compounding: ['none', 'interest'],
} as const;

const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const UNITS: readonly string[] = ['days', 'weeks', 'months'];

const outside = (
  prefix: string,
  choices: Readonly<Record<string, readonly string[]>>,
  values: Readonly<Record<string, unknown>>,
): Found[] =>
  Object.entries(choices).flatMap(([key, allowed]) => {
    const value = values[key];
    if (value === undefined || allowed.includes(String(value))) return [];
    const message = `one of ${allowed.join(', ')}`;
    return [{ path: `${prefix}${key}`, code: 'choice/unsupported', message }];
  });

/** Values that are none of those a field knows. */
export const choiceErrors = (terms: LoanTerms): Found[] => [
  ...outside('', CHOICES, { ...terms }),
  ...outside('recalculation.', RECALCULATION, { ...terms.recalculation }),
  ...(UNITS.includes(terms.repaymentEvery.unit)
    ? []
    : [
        {
          path: 'repaymentEvery.unit',
          code: 'period/unknown',
          message: `one of ${UNITS.join(', ')}`,
        },
      ]),
  ...(terms.weekendShift?.weekend ?? []).flatMap((day, i) =>
    WEEKDAYS.includes(day)
      ? []
      : [
          {
            path: `weekendShift.weekend.${String(i)}`,
            code: 'choice/unsupported',
            message: `one of ${WEEKDAYS.join(', ')}`,
          },
        ],
  ),
];

type Given = (terms: LoanTerms) => boolean;

/** Fields by when they say something that a convention may not know. */
const GIVEN = {
  interestMethod: (t) => t.interestMethod === 'flat' && !isZero(t.annualRatePercent),
  amortization: (t) => t.amortization === 'equal_principal',
  gracePrincipal: (t) => (t.gracePrincipal ?? 0) > 0,
  graceInterest: (t) => (t.graceInterest ?? 0) > 0,
  interestFreePeriods: (t) => (t.interestFreePeriods ?? 0) > 0,
  rateChanges: (t) => (t.rateChanges ?? []).length > 0,
  disbursements: (t) => (t.disbursements ?? []).length > 1,
  recalculation: (t) => t.recalculation !== undefined,
  weekendShift: (t) => t.weekendShift !== undefined,
  fixedLengthDays: (t) => t.fixedLengthDays !== undefined,
  product: (t) => t.product !== undefined,
} as const satisfies Partial<Record<keyof LoanTerms, Given>>;

const isZero = (rate: string): boolean =>
  /^-?\d{1,9}(\.\d+)?$/.test(rate) && new Decimal(rate).isZero();

const UNKNOWN_TO: Readonly<Record<Convention, readonly (keyof typeof GIVEN)[]>> = {
  progressive: [
    'interestMethod',
    'amortization',
    'graceInterest',
    'interestFreePeriods',
    'product',
  ],
  cumulative: ['rateChanges', 'product'],
  remaining_balance_level: [
    'graceInterest',
    'rateChanges',
    'disbursements',
    'recalculation',
    'product',
  ],
  level_payment_final_not_higher: [
    'interestMethod',
    'amortization',
    'gracePrincipal',
    'graceInterest',
    'interestFreePeriods',
    'rateChanges',
    'disbursements',
    'recalculation',
    'product',
  ],
  product: ['interestMethod', 'amortization', 'recalculation', 'weekendShift', 'fixedLengthDays'],
};

/** What the terms ask of a convention that it does not have. */
export const conventionErrors = (terms: LoanTerms): Found[] => {
  const unknown = CHOICES.convention.includes(terms.convention) ? UNKNOWN_TO[terms.convention] : [];
  const noProduct = terms.convention === 'product' && terms.product === undefined;
  const missing =
    terms.convention === 'remaining_balance_level' && terms.ratePerPeriodPercent === undefined;
  return [
    ...unknown
      .filter((path) => GIVEN[path](terms))
      .map((path) => ({
        path,
        code: 'convention/unsupported',
        message: `not known to the convention ${terms.convention}`,
      })),
    ...(noProduct ? [{ path: 'product', code: 'product/missing', message: 'which product' }] : []),
    ...(missing
      ? [{ path: 'ratePerPeriodPercent', code: 'rate/missing', message: 'the rate of one period' }]
      : []),
  ];
};
