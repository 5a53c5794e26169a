/**
 * What a customer types as account when paying: `LN` and eight digits, derived from the loan's id. Two loans of a
 * tenant may meet on the same digits; then the next `attempt` gives others.
 */
export const accountReferenceOf = (loanId: string, attempt = 0): string => {
  const number = BigInt(`0x${loanId.replaceAll('-', '')}`) + BigInt(attempt) * 7_919n;
  return `LN${(number % 100_000_000n).toString().padStart(8, '0')}`;
};
