import { localDate, type LocalDate } from '@daftari/kernel';
import { Decimal } from './numbers.js';

/** One thing wrong with a file: where in it, a stable code, and a sentence for people. */
export interface Problem {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** A decimal string as minor units. */
export const minorOf = (amount: string, decimals: number): bigint =>
  BigInt(new Decimal(amount).times(new Decimal(10).pow(decimals)).toFixed(0));

/** Minor units as a decimal string. */
export const amountOf = (minor: bigint, decimals: number): string =>
  new Decimal(minor.toString()).div(new Decimal(10).pow(decimals)).toFixed(decimals);

const DECIMAL = /^-?\d{1,18}(\.\d+)?([eE][+-]?\d{1,2})?$/;

/** What an amount is read as. */
export interface AmountOf {
  readonly currency: string;
  readonly decimals: number;
}

/**
 * Reads the fields of one object of a file. What cannot be read becomes a problem with its path and stands as
 * `undefined`, so that everything wrong is found in one pass.
 */
export class Fields {
  private readonly source: Readonly<Record<string, unknown>>;

  constructor(
    value: unknown,
    readonly path: string,
    readonly problems: Problem[],
  ) {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isObject) this.problems.push({ path, code: 'field/wrong-type', message: 'an object' });
    this.source = isObject ? (value as Record<string, unknown>) : {};
  }

  /** The path of a field. */
  at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  /** True when a field is there and not null. */
  has(key: string): boolean {
    return this.source[key] !== undefined && this.source[key] !== null;
  }

  /** Names of the fields that are there. */
  keys(): string[] {
    return Object.keys(this.source);
  }

  /** Notes a problem of a field. */
  report(key: string, code: string, message: string): undefined {
    this.problems.push({ path: this.at(key), code, message });
    return undefined;
  }

  private present(key: string): boolean {
    if (!this.has(key)) this.report(key, 'field/missing', 'it must be given');
    return this.has(key);
  }

  /** A string that must be there. */
  text(key: string): string | undefined {
    if (!this.present(key)) return undefined;
    const value = this.source[key];
    return typeof value === 'string' ? value : this.report(key, 'field/wrong-type', 'a string');
  }

  /** A number that must be there. */
  count(key: string): number | undefined {
    if (!this.present(key)) return undefined;
    const value = this.source[key];
    return typeof value === 'number' ? value : this.report(key, 'field/wrong-type', 'a number');
  }

  /** True or false that must be there. */
  flag(key: string): boolean | undefined {
    if (!this.present(key)) return undefined;
    const value = this.source[key];
    return typeof value === 'boolean'
      ? value
      : this.report(key, 'field/wrong-type', 'true or false');
  }

  /** A date that must be there. */
  date(key: string): LocalDate | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    try {
      return localDate(text);
    } catch {
      return this.report(key, 'date/invalid', 'a date that exists, YYYY-MM-DD');
    }
  }

  /** A decimal string (a number that is whole counts too) that must be there, written out plainly. */
  decimal(key: string): string | undefined {
    if (!this.present(key)) return undefined;
    const value = this.source[key];
    const text = typeof value === 'number' && Number.isInteger(value) ? String(value) : value;
    if (typeof text !== 'string' || !DECIMAL.test(text)) {
      return this.report(key, 'number/not-a-decimal', 'a decimal string');
    }
    return new Decimal(text).toFixed();
  }

  /** An amount: a decimal string, or `{amount, currency}`; too precise or of another currency is refused. */
  amount(key: string, { currency, decimals }: AmountOf): bigint | undefined {
    if (typeof this.source[key] === 'object' && this.has(key)) {
      const inner = this.child(key);
      const of = inner.text('currency');
      if (of !== undefined && of !== currency) {
        inner.report('currency', 'amount/other-currency', `in ${currency}`);
      }
      return inner.amount('amount', { currency, decimals });
    }
    const text = this.decimal(key);
    if (text === undefined) return undefined;
    if (new Decimal(text).decimalPlaces() <= decimals) return minorOf(text, decimals);
    if (text.startsWith('-')) this.report(key, 'amount/not-positive', 'more than zero');
    return this.report(key, 'amount/too-precise', `at most ${String(decimals)} decimals`);
  }

  /** One of some words that must be there. */
  choice<T extends string>(key: string, choices: readonly T[]): T | undefined {
    const text = this.text(key);
    if (text === undefined || choices.includes(text as T)) return text as T | undefined;
    return this.report(key, 'choice/unsupported', `one of ${choices.join(', ')}`);
  }

  /** The fields of an object. */
  child(key: string): Fields {
    return new Fields(this.source[key], this.at(key), this.problems);
  }

  /** The objects of a list that must be there. */
  children(key: string): Fields[] {
    return this.list(key).map(
      (item, i) => new Fields(item, `${this.at(key)}.${String(i)}`, this.problems),
    );
  }

  /** The items of a list that must be there. */
  list(key: string): readonly unknown[] {
    if (!this.present(key)) return [];
    const value = this.source[key];
    if (Array.isArray(value)) return value;
    this.report(key, 'field/wrong-type', 'a list');
    return [];
  }

  /** Dates of a list that must be there. */
  dates(key: string): LocalDate[] {
    const items = this.list(key);
    const inner = new Fields(Object.fromEntries(items.entries()), this.at(key), this.problems);
    return items.flatMap((_, i) => inner.date(String(i)) ?? []);
  }

  /** Reads a field only when it is there. */
  maybe<T>(key: string, read: (key: string) => T | undefined): T | undefined {
    return this.has(key) ? read(key) : undefined;
  }

  /** Fields that nobody knows: a mistyped one must not count as not given. */
  refuseUnknown(known: readonly string[]): void {
    for (const key of Object.keys(this.source)) {
      if (!known.includes(key)) this.report(key, 'field/unknown', 'not a field of this object');
    }
  }
}
