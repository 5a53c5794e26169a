import { localDate, type LocalDate } from '@daftari/kernel';
import type { HistoryEvent } from './history.js';
import { Decimal } from './numbers.js';
import type { LoanTerms, RecalculationTerms, Weekday } from './terms.js';
import type { AllocationRule } from './allocation.js';

/** Terms as the vector files write them: amounts and rates as decimal strings, dates as `YYYY-MM-DD`. */
export interface VectorTerms {
  readonly convention: string;
  readonly currency: { readonly decimals: number };
  readonly principal: string;
  readonly annualRatePercent: string;
  readonly numberOfInstallments: number;
  readonly repaymentEvery: { readonly n: number; readonly unit: string };
  readonly disbursementDate: string;
  readonly disbursements?: readonly { readonly date: string; readonly amount: string }[];
  readonly daysInYear: string;
  readonly daysInMonth: string;
  readonly roundingMode: string;
  readonly installmentAmountInMultiplesOf?: string | number | null;
  readonly repaymentSeedDate?: string;
  readonly firstDueDate?: string;
  readonly dueDates?: readonly string[];
  readonly fixedLengthDays?: number;
  readonly monthEndDueDates?: string;
  readonly leapYearRule?: string;
  readonly interestAccruesFrom?: string;
  readonly interestMethod?: string;
  readonly amortization?: string;
  readonly interestCalculationPeriod?: string;
  readonly ratePerPeriodPercent?: string;
  readonly residualIn?: string;
  readonly weekendShift?: {
    readonly weekend: readonly string[];
    readonly holidays: readonly string[];
  };
  readonly overdueCharge?: object;
  readonly gracePrincipal?: number;
  readonly graceInterest?: number;
  readonly interestFreePeriods?: number;
  readonly downPaymentPercent?: string;
  readonly autoDownPayment?: boolean;
  readonly rateChanges?: readonly {
    readonly effectiveDate: string;
    readonly annualRatePercent: string;
  }[];
  readonly chargeOffBehaviour?: string;
  readonly interestRecalculation?: boolean;
  readonly recalculation?: object;
}

/** A decimal string as minor units. */
export const minorOf = (amount: string, decimals: number): bigint =>
  BigInt(new Decimal(amount).times(new Decimal(10).pow(decimals)).toFixed(0));

const dates = (texts: readonly string[]): LocalDate[] => texts.map((d) => localDate(d));

/** Fields that mean the same in a vector and in the terms. */
const PLAIN = [
  'interestMethod',
  'amortization',
  'interestCalculationPeriod',
  'ratePerPeriodPercent',
  'residualIn',
  'gracePrincipal',
  'graceInterest',
  'interestFreePeriods',
  'downPaymentPercent',
  'autoDownPayment',
  'fixedLengthDays',
  'overdueCharge',
] as const;

const pick = (t: VectorTerms, keys: readonly (typeof PLAIN)[number][]): Partial<LoanTerms> =>
  Object.fromEntries(keys.filter((key) => t[key] !== undefined).map((key) => [key, t[key]]));

const used = (count: string): string => (count === 'not_used' ? 'actual' : count);

/** Terms of a vector as LoanTerms. Vectors name no currency: `currency` defaults to the ISO 4217 test code. */
export const parseVectorTerms = (t: VectorTerms, currency = 'XTS'): LoanTerms => {
  const { decimals } = t.currency;
  const recalculates =
    t.interestRecalculation === true && !new Decimal(t.annualRatePercent).isZero();
  return {
    convention: t.convention as LoanTerms['convention'],
    currency,
    decimals,
    principalMinor: minorOf(t.principal, decimals),
    annualRatePercent: t.annualRatePercent,
    numberOfInstallments: t.numberOfInstallments,
    repaymentEvery: t.repaymentEvery as LoanTerms['repaymentEvery'],
    disbursementDate: localDate(t.disbursementDate),
    daysInYear: used(t.daysInYear) as LoanTerms['daysInYear'],
    daysInMonth: used(t.daysInMonth) as LoanTerms['daysInMonth'],
    roundingMode: t.roundingMode as LoanTerms['roundingMode'],
    ...(t.installmentAmountInMultiplesOf !== undefined && {
      installmentAmountInMultiplesOf:
        t.installmentAmountInMultiplesOf === null ? null : String(t.installmentAmountInMultiplesOf),
    }),
    ...(t.disbursements && {
      disbursements: t.disbursements.map((d) => ({
        date: localDate(d.date),
        amountMinor: minorOf(d.amount, decimals),
      })),
    }),
    ...(t.repaymentSeedDate && { repaymentSeedDate: localDate(t.repaymentSeedDate) }),
    ...(t.firstDueDate && { firstDueDate: localDate(t.firstDueDate) }),
    ...(t.dueDates && { dueDates: dates(t.dueDates) }),
    ...(t.monthEndDueDates === 'first_day_of_next_month' && {
      monthEndDueDates: 'first_day_of_next_month' as const,
    }),
    ...(t.leapYearRule === 'feb_29_period_only' && { leapYearRule: t.leapYearRule }),
    ...(t.interestAccruesFrom === 'disbursement_day' && {
      interestAccruesFrom: t.interestAccruesFrom,
    }),
    ...pick(t, PLAIN),
    ...(t.weekendShift && {
      weekendShift: {
        weekend: t.weekendShift.weekend as Weekday[],
        holidays: dates(t.weekendShift.holidays),
      },
    }),
    ...(t.rateChanges && {
      rateChanges: t.rateChanges.map((r) => ({
        effectiveDate: localDate(r.effectiveDate),
        annualRatePercent: r.annualRatePercent,
      })),
    }),
    ...((t.chargeOffBehaviour === 'zero_interest' ||
      t.chargeOffBehaviour === 'accelerate_maturity') && {
      chargeOffBehaviour: t.chargeOffBehaviour,
    }),
    ...(recalculates && {
      recalculation: (t.recalculation ?? {
        preClosure: 'till_pre_close_date',
      }) as RecalculationTerms,
    }),
  };
};

/** A schedule vector (format version 1) as terms. */
export const parseScheduleVector = (
  json: { readonly terms: VectorTerms },
  currency?: string,
): LoanTerms => parseVectorTerms(json.terms, currency);

interface VectorEvent {
  readonly i: number;
  readonly type: string;
  readonly date: string;
  readonly businessDate: string;
  readonly amount?: string;
  readonly chargeType?: string;
  readonly ofEvent?: number;
  readonly submittedOn?: string;
  readonly newInterestRatePercent?: string;
  readonly newDueDate?: string;
  readonly from?: string;
  readonly to?: string;
  readonly startDate?: string;
  readonly frequency?: { readonly n: number; readonly unit: string };
  readonly numberOfInstallments?: number;
  readonly when?: string;
  readonly basis?: string;
  readonly percent?: string;
}

const EVENT_DATES = ['submittedOn', 'newDueDate', 'from', 'to', 'startDate'] as const;
const EVENT_PLAIN = [
  'ofEvent',
  'newInterestRatePercent',
  'frequency',
  'numberOfInstallments',
  'when',
  'basis',
  'percent',
] as const;

const parseEvent = (e: VectorEvent, decimals: number): HistoryEvent => ({
  i: e.i,
  type: e.type,
  date: localDate(e.date),
  businessDate: localDate(e.businessDate),
  ...(e.amount !== undefined && { amountMinor: minorOf(e.amount, decimals) }),
  ...((e.chargeType === 'fee' || e.chargeType === 'penalty') && { chargeType: e.chargeType }),
  ...Object.fromEntries(
    EVENT_DATES.flatMap((key) => (e[key] === undefined ? [] : [[key, localDate(e[key])]])),
  ),
  ...Object.fromEntries(
    EVENT_PLAIN.filter((key) => e[key] !== undefined).map((key) => [key, e[key]]),
  ),
});

/** A transaction vector as far as it is input: terms, allocation, events. */
export interface TransactionVector {
  readonly terms: VectorTerms;
  readonly allocation: AllocationRule;
  readonly events: readonly VectorEvent[];
}

/** A transaction vector (format version 1) as terms, allocation rule and events. */
export const parseTransactionVector = (
  json: TransactionVector,
  currency?: string,
): { terms: LoanTerms; allocation: AllocationRule; events: HistoryEvent[] } => ({
  terms: parseVectorTerms(json.terms, currency),
  allocation: json.allocation,
  events: json.events.map((e) => parseEvent(e, json.terms.currency.decimals)),
});
