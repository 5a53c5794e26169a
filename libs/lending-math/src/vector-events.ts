import { localDate, type LocalDate } from '@daftari/kernel';
import type { AllocationRule, FutureRule, Part, PaymentOrder } from './allocation.js';
import type { HistoryEvent } from './history.js';
import type { PercentCharge } from './percent-charges.js';
import type { PrepaymentStrategy } from './prepayment.js';
import type { LoanTerms } from './terms.js';
import type { AmountOf, Fields } from './vector-fields.js';

const FIXED = [
  'penalty_fee_interest_principal',
  'interest_principal_penalty_fee',
  'principal_interest_penalty_fee',
  'due_pfip_then_advance_ppfi',
  'due_pipf_then_advance_pipf',
] as const;
const PARTS: readonly Part[] = ['penalty', 'fee', 'interest', 'principal'];
const ENTRIES = (['past_due', 'due', 'in_advance'] as const).flatMap((tense) =>
  PARTS.map((part) => `${tense}_${part}` as const),
);
const FUTURE: readonly FutureRule[] = [
  'next_installment',
  'last_installment',
  'reamortization',
  'next_last_installment',
];

const readOrder = (f: Fields): PaymentOrder => {
  const order = f.list('order').flatMap((entry, i) => {
    const known = ENTRIES.find((e) => e === entry);
    if (known) return [known];
    f.report(`order.${String(i)}`, 'allocation/unknown-entry', 'a due type and a part');
    return [];
  });
  if (new Set(order).size !== order.length) {
    f.report('order', 'allocation/entry-twice', 'each entry once');
  }
  return { order, future: f.choice('future', FUTURE) ?? 'next_installment' };
};

/** The allocation rule of a file. */
export const readAllocation = (f: Fields): AllocationRule => {
  const strategy = f.choice('strategy', [...FIXED, 'rules']) ?? FIXED[0];
  if (strategy !== 'rules') return { strategy };
  const rules = f.child('rules');
  if (!rules.has('default')) rules.report('default', 'field/missing', 'the order of all others');
  const creditOrder = f.maybe('creditOrder', (k) =>
    f.list(k).flatMap((part, i) => {
      const known = PARTS.find((p) => p === part);
      if (known) return [known];
      f.report(`creditOrder.${String(i)}`, 'choice/unsupported', `one of ${PARTS.join(', ')}`);
      return [];
    }),
  );
  return {
    strategy,
    processing: f.choice('processing', ['horizontal', 'vertical']) ?? 'horizontal',
    rules: Object.fromEntries(rules.keys().map((type) => [type, readOrder(rules.child(type))])),
    ...(creditOrder && { creditOrder }),
  };
};

/** What an event must say besides its date. */
const NEEDS: Readonly<Record<string, readonly (keyof HistoryEvent)[]>> = {
  disbursement: ['amountMinor'],
  repayment: ['amountMinor'],
  goodwill_credit: ['amountMinor'],
  merchant_issued_refund: ['amountMinor'],
  payout_refund: ['amountMinor'],
  interest_payment_waiver: ['amountMinor'],
  credit_balance_refund: ['amountMinor'],
  prepayment: ['amountMinor', 'strategy'],
  payoff: [],
  charge: ['amountMinor', 'chargeType'],
  percent_charge: ['chargeType', 'when', 'basis', 'percent'],
  charge_adjustment: ['amountMinor', 'ofEvent'],
  chargeback: ['amountMinor', 'ofEvent'],
  reversal: ['ofEvent'],
  charge_off: [],
  write_off: [],
  reschedule: [],
  interest_pause: ['from', 'to'],
  re_age: ['startDate', 'frequency', 'numberOfInstallments'],
  re_amortize: [],
  end_of_day: [],
};
/** What may come before the money is out. */
const BEFORE_PAYOUT = ['percent_charge', 'charge', 'end_of_day'];

const WHEN: readonly PercentCharge['when'][] = ['at_disbursement', 'each_installment', 'due_date'];
const BASIS: readonly PercentCharge['basis'][] = [
  'disbursed_amount',
  'loan_principal',
  'loan_interest',
  'loan_principal_plus_total_interest',
  'installment_principal',
  'installment_interest',
  'installment_principal_plus_interest',
];

const readFrequency = (e: Fields): LoanTerms['repaymentEvery'] | undefined => {
  const f = e.child('frequency');
  const n = f.count('n');
  const unit = f.choice('unit', ['days', 'weeks', 'months']);
  if (n !== undefined && (!Number.isInteger(n) || n < 1)) {
    return f.report('n', 'count/not-positive', 'a whole number above zero');
  }
  return n !== undefined && unit !== undefined ? { n, unit } : undefined;
};

const readCount = (e: Fields, key: string): number | undefined => {
  const n = e.count(key);
  const fits = n === undefined || (Number.isInteger(n) && n >= 1 && n <= 1000);
  return fits ? n : e.report(key, 'count/out-of-range', 'a whole number, 1 to 1000');
};

const readAmount = (e: Fields, of: AmountOf): bigint | undefined => {
  const amount = e.amount('amount', of);
  return amount === undefined || amount > 0n
    ? amount
    : e.report('amount', 'amount/not-positive', 'more than zero');
};

const STRATEGIES: readonly PrepaymentStrategy[] = [
  'reduce_term',
  'reduce_installment',
  'next_installment',
  'last_installment',
];

type ReadField = (e: Fields, of: AmountOf) => unknown;

const READ: Readonly<Partial<Record<keyof HistoryEvent, ReadField>>> = {
  amountMinor: readAmount,
  strategy: (e) => e.choice('strategy', STRATEGIES),
  chargeType: (e) => e.choice('chargeType', ['fee', 'penalty']),
  when: (e) => e.choice('when', WHEN),
  basis: (e) => e.choice('basis', BASIS),
  percent: (e) => e.decimal('percent'),
  ofEvent: (e) => e.count('ofEvent'),
  from: (e) => e.date('from'),
  to: (e) => e.date('to'),
  startDate: (e) => e.date('startDate'),
  frequency: (e) => readFrequency(e),
  numberOfInstallments: (e) => readCount(e, 'numberOfInstallments'),
};

const readReschedule = (e: Fields): Partial<HistoryEvent> => {
  const submittedOn = e.maybe('submittedOn', (k) => e.date(k));
  const newDueDate = e.maybe('newDueDate', (k) => e.date(k));
  const rate = e.maybe('newInterestRatePercent', (k) => e.decimal(k));
  if (!e.has('newDueDate') && !e.has('newInterestRatePercent')) {
    e.report('newDueDate', 'field/missing', 'a new due date or a new rate');
  }
  if (rate?.startsWith('-')) e.report('newInterestRatePercent', 'rate/negative', 'zero or more');
  return {
    ...(submittedOn && { submittedOn }),
    ...(newDueDate && { newDueDate }),
    ...(rate !== undefined && { newInterestRatePercent: rate }),
  };
};

const readEvent = (e: Fields, i: number, of: AmountOf): HistoryEvent => {
  const type = e.text('type') ?? '';
  const needs = NEEDS[type];
  if (!needs && e.has('type')) e.report('type', 'history/unsupported', 'a known type of event');
  const date = e.date('date') ?? localDate('9999-12-31');
  const fields = (needs ?? []).flatMap((key) => {
    const value = READ[key]?.(e, of);
    return value === undefined ? [] : [[key, value] as const];
  });
  return {
    i,
    type,
    date,
    businessDate: e.maybe('businessDate', (k) => e.date(k)) ?? date,
    ...Object.fromEntries(fields),
    ...(type === 'reschedule' && readReschedule(e)),
  };
};

const checkReference = (e: Fields, event: HistoryEvent, events: readonly HistoryEvent[]): void => {
  if (event.ofEvent === undefined) return;
  const of = event.ofEvent < event.i ? events[event.ofEvent] : undefined;
  if (!of) e.report('ofEvent', 'event/unknown-reference', 'the index of an earlier event');
  if (of && event.type === 'charge_adjustment' && of.type !== 'charge') {
    e.report('ofEvent', 'event/unknown-reference', 'the index of a charge');
  }
};

/** The events of a file, in order of entry. */
export const readEvents = (file: Fields, of: AmountOf): HistoryEvent[] => {
  const items = file.children('events');
  const events = items.map((e, i) => readEvent(e, i, of));
  const reversed = new Set(events.filter((e) => e.type === 'reversal').map((e) => e.ofEvent));
  const payouts = events.filter((e) => e.type === 'disbursement' && !reversed.has(e.i));
  const first = payouts.reduce<LocalDate | undefined>(
    (early, { date }) => (early === undefined || date < early ? date : early),
    undefined,
  );
  if (first === undefined) file.report('events', 'history/no-disbursement', 'one pays money out');
  items.forEach((e, i) => {
    const event = events[i];
    if (!event) return;
    checkReference(e, event, events);
    if (first !== undefined && event.date < first && !BEFORE_PAYOUT.includes(event.type)) {
      e.report('date', 'date/before-disbursement', `on or after ${first}`);
    }
  });
  return events;
};
