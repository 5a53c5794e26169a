import { type LocalDate, daysBetween, formatMinor } from '@daftari/kernel';

/** One loan's debt on a day, in minor units. */
export interface Debt {
  readonly loanId: string;
  readonly customerId: string | null;
  readonly accountReference: string | null;
  readonly currency: string;
  readonly outstanding: bigint;
  readonly overdue: bigint;
  readonly oldestDueOn: LocalDate | null;
}
/** Portfolio at risk: outstanding principal of the loans late by more than so many days, over all of it. */
export interface Par {
  readonly name: string;
  readonly currency: string;
  readonly numerator: string;
  readonly denominator: string;
  /** Basis points, rounded down; null when nothing is outstanding. */
  readonly ratioBps: number | null;
}

/** Name and least days past due. PAR1 is one day or more; PAR30, 60 and 90 are more than that many days. */
const PAR_FROM = { PAR1: 1, PAR30: 31, PAR60: 61, PAR90: 91 } as const;

/** Days since the oldest instalment that is not fully paid was due; zero when none is overdue. */
export const daysPastDue = (debt: Debt, asOf: LocalDate): number =>
  debt.oldestDueOn === null ? 0 : Math.max(0, daysBetween(debt.oldestDueOn, asOf));

/** The ageing bucket of so many days. */
export const bucketOf = (days: number): string => {
  if (days === 0) return 'current';
  if (days <= 30) return '1-30';
  if (days <= 60) return '31-60';
  return days <= 90 ? '61-90' : 'over-90';
};

/** Portfolio at risk for each currency. */
export const parOf = (debts: readonly Debt[], asOf: LocalDate): Par[] => {
  const sum = (some: readonly Debt[]): bigint =>
    some.reduce((total, debt) => total + debt.outstanding, 0n);
  return [...new Set(debts.map((debt) => debt.currency))].sort().flatMap((currency) => {
    const own = debts.filter((debt) => debt.currency === currency);
    const whole = sum(own);
    return Object.entries(PAR_FROM).map(([name, from]) => {
      const late = sum(own.filter((debt) => daysPastDue(debt, asOf) >= from));
      return {
        name,
        currency,
        numerator: formatMinor(late, currency),
        denominator: formatMinor(whole, currency),
        ratioBps: whole === 0n ? null : Number((late * 10_000n) / whole),
      };
    });
  });
};
