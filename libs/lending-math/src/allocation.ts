import type { LocalDate } from '@daftari/kernel';
import { min, sumOf } from './numbers.js';

/** What money is owed for. */
export type Part = 'penalty' | 'fee' | 'interest' | 'principal';
/** An installment seen from the payment date: due before it, on it, or after it. */
export type Tense = 'past_due' | 'due' | 'in_advance';
/** Which installments an early payment goes to. */
export type FutureRule =
  'next_installment' | 'last_installment' | 'reamortization' | 'next_last_installment';

/** Order of payment of one transaction type. */
export interface PaymentOrder {
  readonly order: readonly `${Tense}_${Part}`[];
  readonly future: FutureRule;
}

/**
 * How a payment is split. `rules` names an order per transaction type (fallback `default`); the other strategies
 * are fixed orders. Source: Apache Fineract, loan repayment schedule transaction processors.
 */
export type AllocationRule =
  | {
      readonly strategy:
        | 'penalty_fee_interest_principal'
        | 'interest_principal_penalty_fee'
        | 'principal_interest_penalty_fee'
        | 'due_pfip_then_advance_ppfi'
        | 'due_pipf_then_advance_pipf';
    }
  | {
      readonly strategy: 'rules';
      readonly processing: 'horizontal' | 'vertical';
      readonly rules: Readonly<Record<string, PaymentOrder>>;
      readonly creditOrder?: readonly Part[];
    };

/** An installment as allocation sees it: what can be paid of it now, and how to pay it. */
export interface Payable {
  readonly fromDate: LocalDate;
  readonly dueDate: LocalDate;
  owed(part: Part): bigint;
  /** What of it is due by the payment date; a charge may be due before its installment. */
  owedByNow(part: Part): bigint;
  pay(part: Part, amount: bigint): void;
}

const PFIP: readonly Part[] = ['penalty', 'fee', 'interest', 'principal'];
const PPFI: readonly Part[] = ['principal', 'penalty', 'fee', 'interest'];
const PIPF: readonly Part[] = ['penalty', 'interest', 'principal', 'fee'];
const FIXED = {
  penalty_fee_interest_principal: PFIP,
  interest_principal_penalty_fee: ['interest', 'principal', 'penalty', 'fee'],
  principal_interest_penalty_fee: ['principal', 'interest', 'penalty', 'fee'],
} as const satisfies Record<string, readonly Part[]>;

const tenseOf = (row: Payable, date: LocalDate): Tense =>
  row.dueDate < date ? 'past_due' : row.dueDate === date ? 'due' : 'in_advance';

const owedOf = (row: Payable, parts: readonly Part[]): bigint => sumOf(parts, (p) => row.owed(p));

type Owed = 'owed' | 'owedByNow';

const payParts = (
  row: Payable,
  parts: readonly Part[],
  money: bigint,
  what: Owed = 'owed',
): bigint =>
  parts.reduce((left, part) => {
    const paid = min(left, row[what](part));
    if (paid > 0n) row.pay(part, paid);
    return left - paid;
  }, money);

const payInOrder = (
  rows: readonly Payable[],
  parts: readonly Part[],
  money: bigint,
  what: Owed = 'owed',
): bigint =>
  rows.reduce((left, row) => (left > 0n ? payParts(row, parts, left, what) : left), money);

/** Every part's money split evenly over the installments that owe it; the last takes the remainder. */
const payEvenly = (rows: readonly Payable[], parts: readonly Part[], money: bigint): bigint => {
  let left = money;
  for (const part of parts) {
    const owing = rows.filter((row) => row.owed(part) > 0n);
    const count = BigInt(owing.length);
    if (count === 0n) continue;
    const doubled = (left * 2n + count) / (count * 2n);
    const tie = (left * 2n) % (count * 2n) === count;
    const share = tie && doubled % 2n === 1n ? doubled - 1n : doubled;
    owing.forEach((row, i) => {
      const portion = i === owing.length - 1 ? left : min(share, left);
      left = payParts(row, [part], portion) + (left - portion);
    });
  }
  return left;
};

const pick = (
  rows: readonly Payable[],
  parts: readonly Part[],
  date: LocalDate,
  future: FutureRule,
): Payable[] => {
  const owing = rows.filter((row) => owedOf(row, parts) > 0n);
  const one = (row: Payable | undefined): Payable[] => (row ? [row] : []);
  switch (future) {
    case 'reamortization':
      return owing;
    case 'next_installment':
      return one(owing[0]);
    case 'last_installment':
      return one(owing.at(-1));
    case 'next_last_installment':
      return one(owing.find((r) => r.fromDate <= date && date <= r.dueDate) ?? owing.at(-1));
  }
};

const payTense = (
  rows: readonly Payable[],
  tense: Tense,
  parts: readonly Part[],
  date: LocalDate,
  money: bigint,
  future: FutureRule,
): bigint => {
  const matching = rows.filter((row) => tenseOf(row, date) === tense);
  let left = money;
  for (;;) {
    const rule = tense === 'in_advance' ? future : 'next_installment';
    const chosen = left > 0n ? pick(matching, parts, date, rule) : [];
    const rest =
      rule === 'reamortization' ? payEvenly(chosen, parts, left) : payInOrder(chosen, parts, left);
    if (rest === left) return left;
    left = rest;
  }
};

const payByRules = (
  rows: readonly Payable[],
  date: LocalDate,
  money: bigint,
  { order, future }: PaymentOrder,
  processing: 'horizontal' | 'vertical',
): bigint => {
  const groups: { tense: Tense; parts: Part[] }[] = [];
  for (const entry of order) {
    const cut = entry.lastIndexOf('_');
    const tense = entry.slice(0, cut) as Tense;
    const part = entry.slice(cut + 1) as Part;
    const group = processing === 'horizontal' ? groups.find((g) => g.tense === tense) : undefined;
    if (group) group.parts.push(part);
    else groups.push({ tense, parts: [part] });
  }
  return groups.reduce(
    (left, { tense, parts }) => payTense(rows, tense, parts, date, left, future),
    money,
  );
};

const payDueThenAdvance = (
  rows: readonly Payable[],
  money: bigint,
  due: readonly Part[],
  advance: readonly Part[],
): bigint => payInOrder(rows, advance, payInOrder(rows, due, money, 'owedByNow'));

/** Allocates a payment over installments in due-date order; gives what is left over (the overpayment). */
export const allocatePayment = (
  rows: readonly Payable[],
  payment: { readonly type: string; readonly date: LocalDate; readonly amountMinor: bigint },
  rule: AllocationRule,
): bigint => {
  const { date, amountMinor: money } = payment;
  switch (rule.strategy) {
    case 'rules': {
      const order = rule.rules[payment.type] ?? rule.rules['default'];
      return order ? payByRules(rows, date, money, order, rule.processing) : money;
    }
    case 'due_pfip_then_advance_ppfi':
      return payDueThenAdvance(rows, money, PFIP, PPFI);
    case 'due_pipf_then_advance_pipf':
      return payDueThenAdvance(rows, money, PIPF, PIPF);
    case 'penalty_fee_interest_principal':
    case 'interest_principal_penalty_fee':
    case 'principal_interest_penalty_fee':
      return payInOrder(rows, FIXED[rule.strategy], money);
  }
};
