import { ratioText, reduced, type Ratio } from '../ratio.js';
import type {
  InterestExplanation,
  InterestStep,
  PrincipalExplanation,
  RowExplanation,
} from './explanation.js';

/** Minor units as a decimal string: 250000n with two decimals is "2500.00". */
export const amountText = (minor: bigint, decimals: number): string => {
  const digits = (minor < 0n ? -minor : minor).toString().padStart(decimals + 1, '0');
  const cut = digits.length - decimals;
  const text = decimals === 0 ? digits : `${digits.slice(0, cut)}.${digits.slice(cut)}`;
  return minor < 0n ? `-${text}` : text;
};

/** An exact number of minor units as a decimal string; six more digits, and `...` when that is not all. */
const exactText = ({ n, d }: Ratio, decimals: number): string => {
  const places = decimals + 6;
  const scaled = { n, d: d * 10n ** BigInt(decimals) };
  const whole = (n * 10n ** BigInt(places)) % scaled.d === 0n;
  return `${ratioText(scaled, places)}${whole ? '' : '...'}`;
};

const fractionText = (share: Ratio): string => {
  const { n, d } = reduced(share);
  return `${n.toString()}/${d.toString()}`;
};

const stepText = (step: InterestStep, dayCount: string, decimals: number): string =>
  `${amountText(step.balanceMinor, decimals)} x ${step.ratePercent} % x ${fractionText(step.share)} ` +
  `(${String(step.days)} days from ${step.from} to ${step.to}, ${dayCount})`;

const interestText = (interest: InterestExplanation, decimals: number): string => {
  const money = (minor: bigint): string => amountText(minor, decimals);
  const exact = exactText(interest.unrounded, decimals);
  const steps = interest.steps.map((step) => stepText(step, interest.dayCount, decimals));
  const own = {
    accrued: `${steps.join(' + ') || 'no days'} = ${exact}`,
    spread: `an even part of the interest on what was lent = ${exact}`,
    spread_rest: `what is left of the interest on what was lent = ${exact}`,
  }[interest.rule];
  const parts = [`${own}, ${interest.rounding} ${money(interest.roundedMinor)}`];
  if (interest.carriedInMinor > 0n) parts.push(`plus ${money(interest.carriedInMinor)} carried in`);
  if (interest.carriedOutMinor > 0n) parts.push(`${money(interest.carriedOutMinor)} carried on`);
  if (interest.putOffAfterMinor > 0n) {
    parts.push(`put off by grace, ${money(interest.putOffAfterMinor)} so far`);
  } else if (interest.putOffBeforeMinor > 0n) {
    parts.push(`plus ${money(interest.putOffBeforeMinor)} put off by grace`);
  }
  return `Interest ${money(interest.dueMinor)}: ${parts.join('; ')}.`;
};

const principalText = (
  principal: PrincipalExplanation,
  interestMinor: bigint,
  decimals: number,
): string => {
  const money = (minor: bigint): string => amountText(minor, decimals);
  const exact = principal.unrounded ? exactText(principal.unrounded, decimals) : '';
  const multiple =
    principal.stepMinor > 1n ? ` to a multiple of ${money(principal.stepMinor)}` : '';
  const how = {
    level_installment: `the installment of ${exact}, ${principal.rounding}${multiple}, less interest; at most the ${money(principal.owedMinor)} owed`,
    set_installment: `the installment of ${exact}, less interest`,
    share_of_principal: `its part of the principal, ${exact}, ${principal.rounding}${multiple ? `, with interest${multiple}` : ''}`,
    grace: 'none in the grace period',
    rest: 'all that is left, and with it what rounding left',
  }[principal.rule];
  const total = money(principal.dueMinor + interestMinor);
  return `Principal ${money(principal.dueMinor)}: ${how}. Together ${total}.`;
};

/** An explanation as sentences for people, amounts with the currency's decimals. */
export const sentenceOf = (row: RowExplanation, decimals: number): string =>
  `Due ${row.dueDate}. ${interestText(row.interest, decimals)} ` +
  principalText(row.principal, row.interest.dueMinor, decimals);
