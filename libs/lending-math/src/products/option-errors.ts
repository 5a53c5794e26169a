import { DAY_COUNTS } from '../day-count.js';
import { ROLL_CONVENTIONS, WEEKDAYS } from '../business-calendar.js';
import { at } from '../calendar.js';
import { Decimal } from '../numbers.js';
import { PRODUCT_KINDS, SHAPES } from './shapes.js';
import type { Fee, ProductTerms } from './terms.js';
import { productPeriods } from './timeline.js';

/** One thing wrong: where, a stable code, and a sentence for people. */
interface TermsError {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

const wrong = (path: string, code: string, message: string): TermsError => ({
  path,
  code,
  message,
});

const choice = (path: string, choices: readonly string[], value: string): TermsError[] =>
  choices.includes(value)
    ? []
    : [wrong(path, 'choice/unsupported', `one of ${choices.join(', ')}`)];

const percent = (path: string, text: string | undefined, least: number, most: number) => {
  if (text === undefined) return [];
  if (!/^-?\d{1,4}(\.\d{1,6})?$/.test(text)) {
    return [wrong(path, 'rate/not-a-decimal', 'a decimal string of at most six decimals')];
  }
  const value = new Decimal(text);
  return value.lt(least) || value.gt(most)
    ? [wrong(path, 'rate/out-of-range', `${String(least)} to ${String(most)}`)]
    : [];
};

const shapeErrors = (terms: ProductTerms): TermsError[] => {
  const needs = (PRODUCT_KINDS as readonly string[]).includes(terms.kind)
    ? SHAPES[terms.kind].needs
    : undefined;
  const every = terms.step?.every ?? 1;
  return [
    ...choice('kind', PRODUCT_KINDS, terms.kind),
    ...(needs !== undefined && terms[needs] === undefined
      ? [wrong(needs, 'product/incomplete', `needed by ${terms.kind}`)]
      : []),
    ...percent('balloonPercent', terms.balloonPercent, 0, 100),
    ...percent('step.percent', terms.step?.percent, -99, 1000),
    ...(Number.isInteger(every) && every >= 1
      ? []
      : [wrong('step.every', 'count/not-positive', 'a whole number, at least 1')]),
  ];
};

const feeErrors = (fee: Fee, i: number): TermsError[] => {
  const path = `fees.${String(i)}`;
  const atPayout = fee.due === 'at_disbursement' || fee.due === 'capitalised';
  return [
    ...((fee.amountMinor === undefined) === (fee.percent === undefined)
      ? [wrong(path, 'fee/amount-or-percent', 'one of the two')]
      : []),
    ...(fee.amountMinor !== undefined && fee.amountMinor <= 0n
      ? [wrong(`${path}.amountMinor`, 'amount/not-positive', 'more than zero')]
      : []),
    ...percent(`${path}.percent`, fee.percent, 0, 1000),
    ...(atPayout && (fee.of ?? 'lent') !== 'lent'
      ? [wrong(`${path}.of`, 'fee/basis-unknown-at-payout', 'a percentage of what is lent')]
      : []),
  ];
};

const calendarErrors = ({ calendar, roll, interestTo }: ProductTerms): TermsError[] => [
  ...choice('roll', ROLL_CONVENTIONS, roll ?? 'none'),
  ...choice('interestTo', ['moved', 'unmoved'], interestTo ?? 'moved'),
  ...(calendar?.weekend ?? []).flatMap((day, i) =>
    choice(`calendar.weekend.${String(i)}`, WEEKDAYS, day),
  ),
  ...(calendar && WEEKDAYS.every((day) => calendar.weekend.includes(day))
    ? [wrong('calendar.weekend', 'calendar/no-business-day', 'at least one business day')]
    : []),
  ...(calendar?.yearly ?? []).flatMap((day, i) =>
    /^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(day)
      ? []
      : [wrong(`calendar.yearly.${String(i)}`, 'date/invalid', 'MM-DD')],
  ),
];

const pauseErrors = (terms: ProductTerms): TermsError[] =>
  (terms.pauses ?? []).flatMap(({ from, to }, i) =>
    from < to ? [] : [wrong(`pauses.${String(i)}.to`, 'date/not-ascending', 'after its start')],
  );

/** What is wrong with dates; asked only of terms that are right otherwise, because the periods must be known. */
const dateErrors = (terms: ProductTerms): TermsError[] => {
  const periods = productPeriods(terms);
  const [first, end] = [at(periods, 0), at(periods, periods.length - 1)];
  const late = (terms.disbursements ?? []).flatMap(({ date }, i) => {
    const running = periods.find((period) => date < period.to);
    if (running !== undefined && date < running.due) return [];
    const message = 'before the last due date, and not between a moved due date and the agreed one';
    return [wrong(`disbursements.${String(i)}.date`, 'date/no-installment-left', message)];
  });
  const fees = (terms.fees ?? []).flatMap(({ due }, i) =>
    ['at_disbursement', 'capitalised', 'each_installment'].includes(due) ||
    (due >= terms.disbursementDate && due <= end.due)
      ? []
      : [wrong(`fees.${String(i)}.due`, 'date/outside-the-term', 'within the term of the loan')],
  );
  const early =
    first.due <= terms.disbursementDate
      ? [wrong('roll', 'date/not-after-disbursement', 'the first due date is after the money')]
      : [];
  return [...early, ...late, ...fees];
};

/** Everything wrong with the options of a product loan; with its dates, where the rest of the terms is right. */
export const productErrors = (terms: ProductTerms, restIsRight: boolean): TermsError[] => {
  const errors = [
    ...shapeErrors(terms),
    ...choice('dayCount', DAY_COUNTS, terms.dayCount),
    ...calendarErrors(terms),
    ...pauseErrors(terms),
    ...(terms.fees ?? []).flatMap((fee, i) => feeErrors(fee, i)),
  ];
  return restIsRight && errors.length === 0 ? dateErrors(terms) : errors;
};
