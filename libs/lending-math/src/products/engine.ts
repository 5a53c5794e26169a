import { at } from '../calendar.js';
import { max, min, sumOf } from '../numbers.js';
import { decimal, roundDiv, round, roundToStep, type Ratio } from '../ratio.js';
import type { InterestLine, Making, PeriodInterest, PrincipalMaking } from './making.js';
import { graceOf, SHAPES, type Shape } from './shapes.js';
import type { ProductTerms } from './terms.js';
import {
  productPeriods,
  stretchesOf,
  timelineOf,
  type Knowledge,
  type ProductPeriod,
  type Stretch,
  type Timeline,
} from './timeline.js';
import { financed, tranchesOf, type Tranche } from './tranches.js';

/** Fixed point of level installments and weights: 30 decimals. */
export const SCALE = 10n ** 30n;

/** Everything that follows from the terms alone. */
interface Loan {
  readonly terms: ProductTerms;
  readonly shape: Shape;
  readonly periods: readonly ProductPeriod[];
  readonly tranches: readonly Tranche[];
  readonly timeline: Timeline;
  /** How large each installment (or its principal) is beside the first one, over SCALE; zero without principal. */
  readonly weights: readonly bigint[];
  readonly interestGrace: number;
  readonly step: bigint;
}

/** What is planned for the installments from one on: anew at each tranche and rate change. */
interface Plan {
  readonly installment: bigint;
  readonly pot: bigint;
  readonly weightSum: bigint;
  readonly spread: readonly InterestLine[] | null;
  readonly spreadExact: Ratio;
  spreadLeft: bigint;
  readonly spreadLast: number;
}

interface Run {
  balance: bigint;
  charged: bigint;
  unpaid: bigint;
  putOff: bigint;
}

const weightsOf = (terms: ProductTerms, grace: number): bigint[] => {
  const { n, d } = decimal(terms.step?.percent ?? '0');
  const every = terms.step?.every ?? 1;
  let weight = SCALE;
  return Array.from({ length: terms.numberOfInstallments }, (_, i) => {
    if (i < grace) return 0n;
    if (n !== 0n && i > grace && (i - grace) % every === 0) {
      weight += (weight * n) / (d * 100n);
    }
    return weight;
  });
};

const loanOf = (terms: ProductTerms): Loan => {
  const periods = productPeriods(terms);
  const grace = graceOf(terms);
  const multiple = decimal(terms.installmentAmountInMultiplesOf ?? '0');
  const step = (multiple.n * 10n ** BigInt(terms.decimals)) / multiple.d;
  return {
    terms,
    shape: SHAPES[terms.kind],
    periods,
    tranches: tranchesOf(
      terms,
      periods.map(({ from, to }) => ({ from, due: to })),
    ),
    timeline: timelineOf(terms),
    weights: weightsOf(terms, grace.principal),
    interestGrace: grace.interest,
    step: step === 0n ? 1n : step,
  };
};

const addedIn = (tranches: readonly Tranche[], period: number): bigint =>
  sumOf(tranches, (t) => (t.period === period ? financed(t) : 0n));

/** Stretches of a period with the balance in each: `base` at its start, and what is lent inside it. */
const linesOf = (
  { timeline, periods }: Loan,
  index: number,
  base: bigint,
  tranches: readonly Tranche[],
  knowledge: Knowledge,
): InterestLine[] => {
  const inside = tranches.filter((t) => t.period === index);
  if (inside.length === 0) {
    const stretches = stretchesOf(timeline, at(periods, index), [], knowledge);
    return stretches.map((stretch) => ({ stretch, balance: base }));
  }
  const dates = inside.map((t) => t.date);
  const stretches = stretchesOf(timeline, at(periods, index), dates, knowledge);
  return stretches.map((stretch) => ({
    stretch,
    balance: base + sumOf(inside, (t) => (t.date <= stretch.from ? financed(t) : 0n)),
  }));
};

const perUnit = ({ share, rate }: Stretch): bigint => share * rate;
const interestOf = (lines: readonly InterestLine[]): bigint =>
  sumOf(lines, ({ stretch, balance }) => balance * perUnit(stretch));

/** The level installment x, over SCALE, after which the balloon is left: the balance after n is c0 - c1 * x. */
const levelInstallment = (
  loan: Loan,
  first: number,
  balance: bigint,
  known: readonly Tranche[],
  balloon: bigint,
): bigint => {
  const { denominator } = loan.timeline;
  const knowledge = { ratesUntil: at(loan.periods, first).to, pauses: false };
  let c0 = balance * SCALE;
  let c1 = 0n;
  for (let i = first; i < loan.periods.length; i += 1) {
    const weight = at(loan.weights, i);
    const added = i === first ? addedIn(known, i) : 0n;
    if (weight > 0n) {
      const lines = linesOf(loan, i, 0n, known, knowledge);
      const unit = sumOf(lines, (line) => perUnit(line.stretch));
      c0 += (c0 * unit + interestOf(lines) * SCALE) / denominator;
      c1 += (c1 * unit) / denominator + weight;
    }
    c0 += added * SCALE;
  }
  return c1 === 0n ? 0n : (max(0n, c0 - balloon * SCALE) * SCALE) / c1;
};

const bearsSpread = (loan: Loan, index: number): boolean =>
  !at(loan.periods, index).interestFree && index >= loan.interestGrace;

/** Interest of the whole loan on what was lent, as far as it is known in a period. */
const interestOnLent = (loan: Loan, first: number, known: readonly Tranche[]): InterestLine[] => {
  const knowledge = { ratesUntil: at(loan.periods, first).to, pauses: true };
  return loan.periods.flatMap((_, i) => {
    const before = sumOf(known, (t) => (t.period < i ? financed(t) : 0n));
    return linesOf(loan, i, before, known, knowledge);
  });
};

const planFrom = (loan: Loan, first: number, run: Run): Plan => {
  const { terms, shape, tranches, weights, periods } = loan;
  const known = tranches.filter((t) => t.period <= first);
  const { n, d } = decimal(terms.balloonPercent ?? '0');
  const lent = sumOf(known, financed);
  const balloon = roundDiv(lent * n, d * 100n, terms.roundingMode);
  const spread = shape.interestOn === 'lent' ? interestOnLent(loan, first, known) : null;
  const bearing = periods.flatMap((_, i) => (i >= first && bearsSpread(loan, i) ? [i] : []));
  const total =
    spread === null
      ? 0n
      : roundDiv(interestOf(spread), loan.timeline.denominator, terms.roundingMode);
  const left = max(0n, total - run.charged);
  return {
    installment:
      shape.alike === 'installment'
        ? levelInstallment(loan, first, run.balance, known, balloon)
        : 0n,
    pot: max(0n, run.balance + addedIn(tranches, first) - balloon),
    weightSum: sumOf(weights.slice(first), (w) => w),
    spread,
    spreadExact: { n: left, d: BigInt(Math.max(1, bearing.length)) },
    spreadLeft: left,
    spreadLast: bearing.at(-1) ?? -1,
  };
};

const spreadInterest = (loan: Loan, plan: Plan, index: number): PeriodInterest['rule'] | null => {
  if (plan.spread === null || !bearsSpread(loan, index)) return null;
  return index === plan.spreadLast ? 'spread_rest' : 'spread';
};

const ownInterest = (loan: Loan, plan: Plan, run: Run, index: number): PeriodInterest => {
  const mode = loan.terms.roundingMode;
  if (plan.spread === null) {
    const lines = linesOf(loan, index, run.balance, loan.tranches, { pauses: true });
    const exact = { n: interestOf(lines), d: loan.timeline.denominator };
    return { rule: 'accrued', lines, exact, rounded: round(exact, mode) };
  }
  const rule = spreadInterest(loan, plan, index);
  const exact =
    rule === 'spread' ? plan.spreadExact : { n: rule === null ? 0n : plan.spreadLeft, d: 1n };
  const rounded = min(plan.spreadLeft, round(exact, mode));
  plan.spreadLeft -= rounded;
  run.charged += rounded;
  return { rule: rule ?? 'spread', lines: plan.spread, exact, rounded };
};

/** The planned installment, or planned principal, of one period before rounding. */
const plannedExact = (loan: Loan, plan: Plan, index: number): Ratio => {
  const weight = at(loan.weights, index);
  if (loan.shape.alike === 'principal') {
    return { n: plan.pot * weight, d: max(1n, plan.weightSum) };
  }
  return weight === SCALE
    ? { n: plan.installment, d: SCALE }
    : { n: plan.installment * weight, d: SCALE * SCALE };
};

const principalRule = (loan: Loan, index: number): PrincipalMaking['rule'] => {
  if (index === loan.periods.length - 1) return 'rest';
  if (at(loan.weights, index) === 0n) return 'grace';
  return loan.shape.alike === 'installment' ? 'installment' : 'share';
};

const principalDue = (
  { step, terms }: Loan,
  rule: PrincipalMaking['rule'],
  { owed, planned, level, current }: Record<'owed' | 'planned' | 'level' | 'current', bigint>,
): bigint => {
  switch (rule) {
    case 'installment':
      return min(owed, level - current);
    case 'share':
      return min(owed, max(0n, roundToStep(planned + current, step, terms.roundingMode) - current));
    case 'grace':
      return 0n;
    case 'rest':
      return owed;
  }
};

const makingOf = (loan: Loan, plan: Plan, run: Run, index: number): Making => {
  const { roundingMode: mode } = loan.terms;
  const own = ownInterest(loan, plan, run, index);
  const added = addedIn(loan.tranches, index);
  const owed = run.balance + added;
  const rule = principalRule(loan, index);
  const exact = plannedExact(loan, plan, index);
  const planned = round(exact, mode);
  const level = roundToStep(planned, loan.step, mode);
  const accrued = own.rounded + run.unpaid;
  const current = rule === 'installment' ? min(accrued, level) : accrued;
  const principal = principalDue(loan, rule, { owed, planned, level, current });
  const putsOff = index < loan.interestGrace && rule !== 'rest';
  const making: Making = {
    period: at(loan.periods, index),
    opening: run.balance,
    added,
    interest: {
      own,
      unpaidBefore: run.unpaid,
      unpaidAfter: accrued - current,
      putOffBefore: run.putOff,
      putOffAfter: putsOff ? run.putOff + current : 0n,
      due: putsOff ? 0n : current + run.putOff,
    },
    principal: { rule, exact, due: principal },
  };
  run.balance = owed - principal;
  run.unpaid = making.interest.unpaidAfter;
  run.putOff = making.interest.putOffAfter;
  return making;
};

/** True when something agreed makes the plan of a period and the later ones anew. */
const changesIn = (loan: Loan, index: number): boolean => {
  const { from, to } = at(loan.periods, index);
  return (
    index === 0 ||
    loan.tranches.some((t) => t.period === index) ||
    loan.timeline.rates.some((r, i) => i > 0 && from <= r.from && r.from < to)
  );
};

/** A loan's installments with what made each of them, the tranches that they repay, and the step they are rounded to. */
export const makingsOf = (
  terms: ProductTerms,
): {
  readonly makings: readonly Making[];
  readonly tranches: readonly Tranche[];
  readonly step: bigint;
} => {
  const loan = loanOf(terms);
  const run: Run = { balance: 0n, charged: 0n, unpaid: 0n, putOff: 0n };
  let plan = planFrom(loan, 0, run);
  const makings = loan.periods.map((_, index) => {
    if (index > 0 && changesIn(loan, index)) plan = planFrom(loan, index, run);
    return makingOf(loan, plan, run, index);
  });
  return { makings, tranches: loan.tranches, step: loan.step };
};
