import { localDate } from '@daftari/kernel';
import type {
  InstallmentBasis,
  LoanTerms,
  RecalculationTerms,
  Weekday,
  WeekendShift,
} from './terms.js';
import { validateTerms } from './validate-terms.js';
import { Decimal } from './numbers.js';
import type { AmountOf, Fields, Problem } from './vector-fields.js';

const KNOWN = [
  'convention',
  'currency',
  'principal',
  'disbursements',
  'annualRatePercent',
  'ratePerPeriodPercent',
  'ratePer',
  'numberOfInstallments',
  'repaymentEvery',
  'disbursementDate',
  'repaymentSeedDate',
  'dueDates',
  'firstDueDate',
  'fixedLengthDays',
  'monthEndDueDates',
  'weekendShift',
  'interestMethod',
  'amortization',
  'daysInYear',
  'daysInMonth',
  'leapYearRule',
  'interestAccruesFrom',
  'interestCalculationPeriod',
  'allowPartialPeriodInterest',
  'interestRecalculation',
  'recalculation',
  'gracePrincipal',
  'graceInterest',
  'interestFreePeriods',
  'roundingMode',
  'paymentRoundingMode',
  'installmentAmountInMultiplesOf',
  'residualIn',
  'downPaymentPercent',
  'autoDownPayment',
  'rateChanges',
  'chargeOffBehaviour',
  'overdueCharge',
] as const;

/** Fields that are not the same in the terms, by their name there. */
const PATHS: readonly (readonly [RegExp, string])[] = [
  [/^principalMinor$/, 'principal'],
  [/^decimals$/, 'currency.decimals'],
  [/^currency$/, 'currency.code'],
  [/\.amountMinor$/, '.amount'],
];

type Draft = { -readonly [K in keyof LoanTerms]?: LoanTerms[K] | undefined };

const withoutUndefined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;

const readDates = (t: Fields): Draft => ({
  disbursementDate: t.date('disbursementDate'),
  repaymentSeedDate: t.maybe('repaymentSeedDate', (k) => t.date(k)),
  firstDueDate: t.maybe('firstDueDate', (k) => t.date(k)),
  dueDates: t.maybe('dueDates', (k) => t.dates(k)),
  fixedLengthDays: t.maybe('fixedLengthDays', (k) => t.count(k)),
});

const readEvery = (t: Fields): LoanTerms['repaymentEvery'] => {
  const every = t.child('repaymentEvery');
  const n = every.count('n') ?? 1;
  const unit = every.text('unit') ?? 'months';
  return unit === 'years'
    ? { n: 12 * n, unit: 'months' }
    : { n, unit: unit as LoanTerms['repaymentEvery']['unit'] };
};

const readShift = (t: Fields): WeekendShift => {
  const shift = t.child('weekendShift');
  const weekend = shift.list('weekend').map(String) as Weekday[];
  shift.maybe('direction', (k) => shift.choice(k, ['forward']));
  return { weekend, holidays: shift.maybe('holidays', (k) => shift.dates(k)) ?? [] };
};

const readOverdueCharge = (t: Fields): LoanTerms['overdueCharge'] => {
  const item = t.child('overdueCharge');
  item.maybe('frequency', (k) => item.choice(k, ['once_per_overdue_installment']));
  item.maybe('dated', (k) => item.choice(k, ['installment_due_date']));
  return {
    chargeType: item.choice('chargeType', ['fee', 'penalty']) ?? 'penalty',
    percent: item.decimal('percent') ?? '0',
    basis:
      item.choice<InstallmentBasis>('basis', [
        'installment_principal',
        'installment_interest',
        'installment_principal_plus_interest',
      ]) ?? 'installment_principal',
  };
};

const readRecalculation = (t: Fields, rate: string): RecalculationTerms | undefined => {
  const recalculates = t.maybe('interestRecalculation', (k) => t.flag(k)) ?? false;
  if (!recalculates || new Decimal(rate).isZero()) return undefined;
  if (!t.has('recalculation')) return { preClosure: 'till_pre_close_date' };
  const r = t.child('recalculation');
  return withoutUndefined({
    preClosure: r.text('preClosure'),
    restFrequency: r.maybe('restFrequency', (k) => r.text(k)),
    noInterestOnPastDue: r.maybe('noInterestOnPastDue', (k) => r.flag(k)),
    advancePaymentStrategy: r.maybe('advancePaymentStrategy', (k) => r.text(k)),
    compounding: r.maybe('compounding', (k) => r.text(k)),
  }) as RecalculationTerms;
};

const readRates = (t: Fields): Draft => {
  const perPeriod = t.maybe('ratePerPeriodPercent', (k) => t.decimal(k));
  const needsYearly = perPeriod === undefined || t.has('annualRatePercent');
  if (t.has('ratePer') && t.text('ratePer') !== 'year') {
    t.report('ratePer', 'rate/unknown-period', 'year');
  }
  return {
    annualRatePercent: needsYearly ? t.decimal('annualRatePercent') : '0',
    ratePerPeriodPercent: perPeriod,
    downPaymentPercent: t.maybe('downPaymentPercent', (k) => t.decimal(k)),
    rateChanges: t.maybe('rateChanges', (k) =>
      t.children(k).flatMap((change) => {
        const effectiveDate = change.date('effectiveDate');
        const annualRatePercent = change.decimal('annualRatePercent');
        return effectiveDate && annualRatePercent ? [{ effectiveDate, annualRatePercent }] : [];
      }),
    ),
  };
};

const readMoney = (t: Fields, of: AmountOf): Draft => ({
  principalMinor: t.amount('principal', of),
  installmentAmountInMultiplesOf: t.maybe('installmentAmountInMultiplesOf', (k) => t.decimal(k)),
  disbursements: t.maybe('disbursements', (k) =>
    t.children(k).map((d) => ({
      date: d.date('date') ?? localDate('9999-12-31'),
      amountMinor: d.amount('amount', of) ?? 1n,
    })),
  ),
});

const readChoices = (t: Fields): Draft => {
  const word = (key: string): string | undefined => t.maybe(key, (k) => t.text(k));
  const days = (key: string): string | undefined => {
    const text = t.has(key) ? word(key) : 'actual';
    return text === 'not_used' ? 'actual' : text;
  };
  const leapYearRule = t.maybe('leapYearRule', (k) => t.choice(k, ['feb_29_period_only']));
  const accruesFrom = t.maybe('interestAccruesFrom', (k) => t.choice(k, ['disbursement_day']));
  const chargeOff = word('chargeOffBehaviour');
  return {
    convention: t.text('convention'),
    roundingMode: t.text('roundingMode'),
    daysInYear: days('daysInYear'),
    daysInMonth: days('daysInMonth'),
    interestMethod: word('interestMethod'),
    amortization: word('amortization'),
    interestCalculationPeriod: word('interestCalculationPeriod'),
    residualIn: word('residualIn'),
    monthEndDueDates: word('monthEndDueDates'),
    chargeOffBehaviour: chargeOff === 'regular' ? undefined : chargeOff,
    leapYearRule,
    interestAccruesFrom: accruesFrom,
  } as Draft;
};

/** What stands where nothing could be read, so that the rest can be checked. */
const STAND_IN = {
  convention: 'progressive',
  principalMinor: 1n,
  annualRatePercent: '0',
  numberOfInstallments: 1,
  disbursementDate: localDate('2000-01-01'),
  roundingMode: 'HALF_EVEN',
} as const;

const readCurrency = (t: Fields): AmountOf => {
  const c = t.child('currency');
  return {
    currency: c.maybe('code', (k) => c.text(k)) ?? 'XTS',
    decimals: c.count('decimals') ?? 2,
  };
};

/** The terms of a file, and everything wrong with them; the terms can be used when nothing is. */
export const readTerms = (t: Fields): LoanTerms => {
  const before = t.problems.length;
  const of = readCurrency(t);
  t.refuseUnknown(KNOWN);
  const rates = readRates(t);
  const draft: Draft = {
    ...of,
    ...readChoices(t),
    ...readDates(t),
    ...rates,
    ...readMoney(t, of),
    numberOfInstallments: t.count('numberOfInstallments'),
    repaymentEvery: readEvery(t),
    gracePrincipal: t.maybe('gracePrincipal', (k) => t.count(k)),
    graceInterest: t.maybe('graceInterest', (k) => t.count(k)),
    interestFreePeriods: t.maybe('interestFreePeriods', (k) => t.count(k)),
    autoDownPayment: t.maybe('autoDownPayment', (k) => t.flag(k)),
    weekendShift: t.has('weekendShift') ? readShift(t) : undefined,
    overdueCharge: t.has('overdueCharge') ? readOverdueCharge(t) : undefined,
    recalculation: readRecalculation(t, rates.annualRatePercent ?? '0'),
  };
  const terms = { ...STAND_IN, ...withoutUndefined(draft) } as LoanTerms;
  const unread = t.problems.slice(before).map((p) => p.path);
  const isNews = ({ path }: Problem): boolean =>
    !unread.some((u) => u === path || path.startsWith(`${u}.`));
  t.problems.push(
    ...validateTerms(terms)
      .map((e) => ({
        ...e,
        path: t.at(PATHS.reduce((p, [from, to]) => p.replace(from, to), e.path)),
      }))
      .filter(isNews),
  );
  return terms;
};
