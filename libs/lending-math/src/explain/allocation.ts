import type { LocalDate } from '@daftari/kernel';
import type { AllocationRule, Part, Tense } from '../allocation.js';
import { copyLoan, type LoanState } from '../loan-state.js';
import { min } from '../numbers.js';
import { receive, type PaidPart, type Payment } from '../repayment.js';
import { amountText } from './sentence.js';

/**
 * One amount that a payment paid, in the order of paying. Rules: `all_owed`: the whole part; `due_by_now`: what of it
 * was due on the payment date; `all_left`: the rest of the money; `even_share`: its even share of early money.
 */
export interface AllocationStep {
  readonly rule: 'all_owed' | 'due_by_now' | 'all_left' | 'even_share';
  readonly installment: number;
  readonly dueDate: LocalDate;
  readonly tense: Tense;
  readonly part: Part;
  readonly leftMinor: bigint;
  readonly owedMinor: bigint;
  readonly owedByNowMinor: bigint;
  readonly paidMinor: bigint;
}

/** A payment with what it paid, step by step; what no step took is the overpayment. */
export interface AllocationExplanation {
  readonly date: LocalDate;
  readonly amountMinor: bigint;
  readonly strategy: AllocationRule['strategy'];
  readonly steps: readonly AllocationStep[];
  readonly overpaymentMinor: bigint;
}

const ruleOf = (paid: PaidPart, left: bigint): AllocationStep['rule'] => {
  if (paid.amountMinor === paid.owedMinor) return 'all_owed';
  if (paid.amountMinor === left) return 'all_left';
  return paid.amountMinor === paid.owedByNowMinor ? 'due_by_now' : 'even_share';
};

/** How a payment would be split, and why. The given state is unchanged. */
export const explainAllocation = (
  state: LoanState,
  payment: Payment,
  rule: AllocationRule,
): AllocationExplanation => {
  const steps: AllocationStep[] = [];
  let left = payment.amountMinor;
  const { parts } = receive(copyLoan(state), payment, rule, (paid) => {
    const { row, part, amountMinor, owedMinor, owedByNowMinor } = paid;
    const { n: installment, dueDate } = row;
    const tense =
      dueDate < payment.date ? 'past_due' : dueDate === payment.date ? 'due' : 'in_advance';
    const owed = { leftMinor: left, owedMinor, owedByNowMinor, paidMinor: amountMinor };
    steps.push({ rule: ruleOf(paid, left), installment, dueDate, tense, part, ...owed });
    left -= amountMinor;
  });
  const { date, amountMinor } = payment;
  const { overpaymentMinor } = parts;
  return { date, amountMinor, strategy: rule.strategy, steps, overpaymentMinor };
};

/** What a step pays, from nothing but what it says. */
export const recomputeStep = (step: AllocationStep): bigint => {
  switch (step.rule) {
    case 'all_owed':
      return min(step.owedMinor, step.leftMinor);
    case 'all_left':
      return min(step.leftMinor, step.owedMinor);
    case 'due_by_now':
      return min(step.owedByNowMinor, step.leftMinor);
    case 'even_share':
      return step.paidMinor;
  }
};

const WHY = {
  all_owed: 'all that was owed',
  due_by_now: 'what was due by then',
  all_left: 'the rest of the money',
  even_share: 'its even share',
} as const;
const WHEN = { past_due: 'past due', due: 'due that day', in_advance: 'in advance' } as const;

/** An explanation as sentences for people, amounts with the currency's decimals. */
export const allocationSentences = (
  explanation: AllocationExplanation,
  decimals: number,
): string[] => {
  const money = (minor: bigint): string => amountText(minor, decimals);
  const steps = explanation.steps.map(
    (s) =>
      `${money(s.paidMinor)} ${s.part} of installment ${String(s.installment)} (${s.dueDate}, ${WHEN[s.tense]}): ` +
      `${WHY[s.rule]}; ${money(s.leftMinor - s.paidMinor)} left.`,
  );
  const over = explanation.overpaymentMinor;
  return over > 0n ? [...steps, `${money(over)} overpaid: nothing was left to pay.`] : steps;
};
