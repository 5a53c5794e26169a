import { daysBetween, type LocalDate } from '@daftari/kernel';
import { at, intervalsAfter, periodsOf } from '../calendar.js';
import type { PlannedPeriod } from '../planned-period.js';
import { annuity, over, percent, ratio, round, times, type Ratio } from '../ratio.js';
import type { LoanTerms } from '../terms.js';

type Split = Pick<PlannedPeriod, 'principal' | 'interest'>;

/** Figures of the running period as the plan goes through the loan. */
interface Step {
  readonly balance: bigint;
  /** Periods that repay principal, this one included; more than are left while grace lasts. */
  readonly repaying: number;
  readonly interest: bigint;
}

const isFlat = (terms: LoanTerms): boolean => terms.interestMethod === 'flat';

const rateOf = (terms: LoanTerms): Ratio => percent(terms.ratePerPeriodPercent ?? '0');

/** Interest that a loan costs over all periods when it is flat; each period gets its share of what is left. */
const flatInterest = (terms: LoanTerms, principal: bigint): bigint => {
  const bearing = terms.numberOfInstallments - (terms.interestFreePeriods ?? 0);
  return round(times(rateOf(terms), ratio(principal * BigInt(bearing))), terms.roundingMode);
};

const principalOf = (terms: LoanTerms, principal: bigint, step: Step): bigint => {
  const { roundingMode: mode } = terms;
  const spread = (terms.residualIn ?? 'spread') === 'spread';
  const count = spread ? step.repaying : terms.numberOfInstallments - (terms.gracePrincipal ?? 0);
  const base = spread ? step.balance : principal;
  if (isFlat(terms) || terms.amortization === 'equal_principal') {
    return round(ratio(base, count), mode);
  }
  return round(annuity(base, rateOf(terms), count), mode) - step.interest;
};

/** Over a first period of weeks that a holiday stretches, interest follows the real days; the principal does not. */
const firstInterest = (terms: LoanTerms, principal: bigint, nominal: bigint, due: LocalDate) => {
  const start = terms.repaymentSeedDate ?? terms.disbursementDate;
  if (terms.repaymentEvery.unit !== 'weeks' || nominal === 0n) return nominal;
  const days = daysBetween(start, intervalsAfter(terms, start, 1));
  const real = daysBetween(start, due);
  const exact = over(times(rateOf(terms), ratio(principal * BigInt(real))), days);
  return round(exact, terms.roundingMode);
};

const splits = (terms: LoanTerms, principal: bigint): Split[] => {
  const { numberOfInstallments: n, gracePrincipal = 0, interestFreePeriods = 0 } = terms;
  let balance = principal;
  let flatLeft = isFlat(terms) ? flatInterest(terms, principal) : 0n;
  return Array.from({ length: n }, (_, i): Split => {
    const nominal = isFlat(terms) ? ratio(flatLeft, n - i) : times(rateOf(terms), ratio(balance));
    const interest = i < interestFreePeriods ? 0n : round(nominal, terms.roundingMode);
    if (isFlat(terms)) flatLeft -= interest;
    const step = { balance, repaying: n - i, interest };
    const due = i === n - 1 ? balance : principalOf(terms, principal, step);
    const paid = i < gracePrincipal ? 0n : due < 0n ? 0n : due > balance ? balance : due;
    balance -= paid;
    return { principal: paid, interest };
  });
};

/** The first repaid principal takes what the level installments leave, so that the last one is level too. */
const residualFirst = (terms: LoanTerms, principal: bigint, plan: Split[]): Split[] => {
  const first = terms.gracePrincipal ?? 0;
  const last = plan.length - 1;
  if (first === last) return plan;
  const { interest } = at(plan, last);
  const level = principalOf(terms, principal, { balance: principal, repaying: 1, interest });
  const leftover = at(plan, last).principal - level;
  return plan.map((row, i) => {
    if (i === first) return { ...row, principal: row.principal + leftover };
    return i === last ? { ...row, principal: level } : row;
  });
};

/**
 * A loan with a fixed rate per period whose due dates avoid holidays without changing interest; `residualIn` says
 * where rounding goes. Source: OpenCBS, installment calculation strategies.
 */
export const remainingBalanceLevel = (terms: LoanTerms, principal: bigint): PlannedPeriod[] => {
  const plan = splits(terms, principal);
  const settled = terms.residualIn === 'first' ? residualFirst(terms, principal, plan) : plan;
  return periodsOf(terms).map((period, i) => {
    const row = at(settled, i);
    const interest =
      i === 0 ? firstInterest(terms, principal, row.interest, period.due) : row.interest;
    return { ...period, ...row, interest };
  });
};
