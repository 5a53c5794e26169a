import { max, min } from '../numbers.js';
import { plus, ratio, decimal, round, roundToStep, times, type Ratio } from '../ratio.js';
import type { InterestExplanation, InterestStep, RowExplanation } from './explanation.js';

/** Interest of one step, exact. */
export const stepInterest = ({ balanceMinor, ratePercent, share }: InterestStep): Ratio =>
  times(times(ratio(balanceMinor, 100n), decimal(ratePercent)), share);

/** Interest of all steps, exact. */
export const stepsInterest = (steps: readonly InterestStep[]): Ratio =>
  steps.reduce((sum, step) => plus(sum, stepInterest(step)), ratio(0n));

const periodInterest = ({ rule, steps, unrounded, rounding }: InterestExplanation): bigint =>
  round(rule === 'accrued' ? stepsInterest(steps) : unrounded, rounding);

/**
 * An installment made again from nothing but what its explanation says. It gives the figures of the schedule to the
 * minor unit; a property test holds it to that.
 */
export const recompute = ({
  interest,
  principal,
}: RowExplanation): { readonly interestMinor: bigint; readonly principalMinor: bigint } => {
  const accrued = periodInterest(interest) + interest.carriedInMinor;
  const planned = principal.unrounded ? round(principal.unrounded, principal.rounding) : 0n;
  const toStep = (minor: bigint): bigint =>
    roundToStep(minor, principal.stepMinor, principal.rounding);
  const level = toStep(planned);
  const isLevel = principal.rule === 'level_installment' || principal.rule === 'set_installment';
  const current = isLevel ? max(0n, min(accrued, level)) : accrued;
  const { owedMinor } = principal;
  const principalMinor = {
    level_installment: (): bigint => min(owedMinor, level - current),
    set_installment: (): bigint => level - current,
    share_of_principal: (): bigint => min(owedMinor, max(0n, toStep(planned + current) - current)),
    grace: (): bigint => 0n,
    rest: (): bigint => owedMinor,
  }[principal.rule]();
  const putOff = interest.putOffAfterMinor > 0n;
  return { interestMinor: putOff ? 0n : current + interest.putOffBeforeMinor, principalMinor };
};
