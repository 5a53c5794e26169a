import { formatMinor } from '@daftari/kernel';
import type { TransactionAmounts } from './journal.js';
import type { MinorAmounts } from './posting-rules.js';

const KNOWN_CURRENCIES = new Set(Intl.supportedValuesOf('currency'));

/** Whether a code is a currency of ISO 4217. */
export const isKnownCurrency = (code: string): boolean => KNOWN_CURRENCIES.has(code);

const SHAPE = /^\d{1,30}(?:\.\d{1,3})?$/;

/** Minor units of a decimal string with exactly the currency's scale; undefined for anything else, negatives included. */
export const minorOf = (amount: string, currency: string): bigint | undefined => {
  if (!SHAPE.test(amount)) return undefined;
  const minor = BigInt(amount.replace('.', ''));
  return formatMinor(minor, currency) === amount.replace(/^0+(?=\d)/, '') ? minor : undefined;
};

/** All amounts in minor units; undefined when one of them is not an amount or the whole is zero. */
export const minorAmounts = (
  amounts: TransactionAmounts,
  currency: string,
): MinorAmounts | undefined => {
  const part = (value: string | undefined): bigint | undefined =>
    value === undefined ? 0n : minorOf(value, currency);
  const amount = minorOf(amounts.amount, currency);
  const principal = part(amounts.principal);
  const interest = part(amounts.interest);
  const fees = part(amounts.fees);
  const penalties = part(amounts.penalties);
  const overpayment = part(amounts.overpayment);
  if (
    amount === undefined ||
    amount === 0n ||
    principal === undefined ||
    interest === undefined ||
    fees === undefined ||
    penalties === undefined ||
    overpayment === undefined
  )
    return undefined;
  return { amount, principal, interest, fees, penalties, overpayment };
};

/** What the parts add up to. */
export const sumOfParts = (amounts: MinorAmounts): bigint =>
  amounts.principal + amounts.interest + amounts.fees + amounts.penalties + amounts.overpayment;
