import { ContractViolation, invariant } from './errors.js';

/** An amount in minor units (cents, or whole units where the currency has none) of one ISO 4217 currency. */
export interface Money {
  readonly minor: bigint;
  readonly currency: string;
}

/** How money travels in JSON, messages and stored events: a decimal string with exactly the currency's scale. */
export interface MoneyJson {
  readonly amount: string;
  readonly currency: string;
}

/** Currencies whose minor unit is not 1/100 (ISO 4217 list one). Every other known code has two decimals. */
const SCALES: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
};

/** Digits after the point of a currency (ISO 4217). Throws ContractViolation for what is not a currency code. */
export const scaleOf = (currency: string): number => {
  if (!/^[A-Z]{3}$/.test(currency)) {
    throw new ContractViolation(`"${currency}" is not a currency code`, [
      { field: 'currency', code: 'money/unknown-currency', message: 'three capital letters' },
    ]);
  }
  return SCALES[currency] ?? 2;
};

/** Money from minor units. */
export const money = (minor: bigint, currency: string): Money => ({ minor, currency });

/** Parses `{amount: "2500.00", currency: "KES"}`. Too many decimals are refused, never rounded. */
export const parseMoney = (json: MoneyJson, field = 'amount'): Money => {
  const scale = scaleOf(json.currency);
  const match = /^(-?)(\d{1,30})(?:\.(\d+))?$/.exec(json.amount);
  const decimals = match?.[3] ?? '';
  if (!match || decimals.length > scale) {
    const rule = `a decimal string with at most ${String(scale)} decimals`;
    throw new ContractViolation(`${field} must be ${rule}`, [
      { field, code: 'money/not-exact', message: rule },
    ]);
  }
  const minor = BigInt(`${match[2] ?? '0'}${decimals.padEnd(scale, '0')}`);
  return { minor: match[1] === '-' ? -minor : minor, currency: json.currency };
};

/** Minor units as a decimal string with exactly the currency's scale: 250000n KES is "2500.00". */
export const formatMinor = (minor: bigint, currency: string): string => {
  const scale = scaleOf(currency);
  const digits = (minor < 0n ? -minor : minor).toString().padStart(scale + 1, '0');
  const sign = minor < 0n ? '-' : '';
  if (scale === 0) return `${sign}${digits}`;
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
};

/** Money as it travels. */
export const moneyToJson = (value: Money): MoneyJson => ({
  amount: formatMinor(value.minor, value.currency),
  currency: value.currency,
});

const same = (a: Money, b: Money): void => {
  invariant(a.currency === b.currency, `cannot mix ${a.currency} and ${b.currency}`);
};

/** a + b. Mixing currencies is an invariant violation. */
export const addMoney = (a: Money, b: Money): Money => {
  same(a, b);
  return money(a.minor + b.minor, a.currency);
};

/** a - b. Mixing currencies is an invariant violation. */
export const subtractMoney = (a: Money, b: Money): Money => {
  same(a, b);
  return money(a.minor - b.minor, a.currency);
};

/** Splits by integer weights and loses nothing: leftover minor units go to the first parts (largest-first is not needed). */
export const allocate = (total: Money, weights: readonly bigint[]): Money[] => {
  const sum = weights.reduce((a, b) => a + b, 0n);
  invariant(sum > 0n && weights.every((w) => w >= 0n), 'weights must be positive');
  const parts = weights.map((w) => (total.minor * w) / sum);
  let left = total.minor - parts.reduce((a, b) => a + b, 0n);
  const step = left < 0n ? -1n : 1n;
  for (let i = 0; left !== 0n; i = (i + 1) % parts.length) {
    parts[i] = (parts[i] ?? 0n) + step;
    left -= step;
  }
  return parts.map((minor) => money(minor, total.currency));
};
