import { addDays, ContractViolation, type LocalDate } from '@daftari/kernel';
import type { AllocationRule, Part } from './allocation.js';
import { charge, oweAgain } from './charges.js';
import type { HistoryEvent, ReplayedTransaction } from './history-event.js';
import { outstanding } from './standing.js';
import {
  keyOf,
  noParts,
  payOut,
  principalBalance,
  refresh,
  type LoanState,
  type Parts,
} from './loan-state.js';
import { min } from './numbers.js';
import { accrueTo, payoffAmount } from './payoff.js';
import {
  chargeInstallments,
  chargeOnLoan,
  chargeOverdue,
  type PercentCharge,
} from './percent-charges.js';
import { changeRate } from './progressive/installment.js';
import { settleResidual } from './progressive/model.js';
import { prepay } from './prepayment.js';
import { receive, type PaymentParts } from './repayment.js';
import { percentOf } from './ratio.js';
import { accelerate, moveDueDates, reAge, reAmortize, stopInterest } from './restructure.js';

/** A replay on its way; steps change it. */
export interface Replay {
  state: LoanState;
  readonly rule: AllocationRule;
  readonly transactions: ReplayedTransaction[];
  /** By event: what of its parts was charged back or adjusted. */
  readonly takenBack: Map<number, Parts>;
  /** Charges taken out of every payout. */
  readonly payoutCharges: PercentCharge[];
  /** Due dates of installments that were charged for being overdue. */
  readonly overdueCharged: LocalDate[];
}

/** A copy that can be stepped on without the original. */
export const copyReplay = (replay: Replay): Replay => ({
  ...replay,
  transactions: [...replay.transactions],
  takenBack: new Map([...replay.takenBack].map(([event, parts]) => [event, { ...parts }])),
  payoutCharges: [...replay.payoutCharges],
  overdueCharged: [...replay.overdueCharged],
});

type Noted = Pick<ReplayedTransaction, 'type' | 'date' | 'amountMinor'> & PaymentParts;

/** Transactions that close the books on a loan's principal leave no balance. */
const CLOSING = ['charge_off', 'write_off', 're_age', 're_amortize'];

const note = (replay: Replay, event: HistoryEvent, transaction: Noted): void => {
  const closing = CLOSING.includes(transaction.type);
  const principalBalanceMinor = closing ? 0n : principalBalance(replay.state);
  replay.transactions.push({ event: event.i, ...transaction, principalBalanceMinor });
};

const none = (): PaymentParts => ({ ...noParts(), overpaymentMinor: 0n });

const payIn = (replay: Replay, event: HistoryEvent, type: string, amountMinor: bigint): void => {
  const { date } = event;
  const { state, parts } = receive(replay.state, { type, date, amountMinor }, replay.rule);
  replay.state = state;
  note(replay, event, { type, date, amountMinor, ...parts });
};

const payAheadOf = (replay: Replay, event: HistoryEvent, amountMinor: bigint): void => {
  const { date, type, strategy = 'next_installment' } = event;
  const payment = { type, date, amountMinor };
  const { state, parts } = prepay(replay.state, payment, strategy, replay.rule);
  replay.state = state;
  note(replay, event, { ...payment, ...parts });
};

const payTranche = (replay: Replay, event: HistoryEvent, amountMinor: bigint): void => {
  const { date, type } = event;
  replay.state = accrueTo(replay.state, date);
  const down = payOut(replay.state, date, amountMinor);
  note(replay, event, { type, date, amountMinor, ...none() });
  for (const { percent, chargeType } of replay.payoutCharges) {
    const fee = percentOf(amountMinor, percent, replay.state.terms.roundingMode);
    const parts = { ...none(), [keyOf(chargeType)]: fee };
    note(replay, event, { type: 'repayment_at_disbursement', date, amountMinor: fee, ...parts });
  }
  if (down > 0n && replay.state.terms.autoDownPayment === true) {
    payIn(replay, event, 'down_payment', down);
  }
};

const DEFAULT_CREDIT_ORDER: readonly Part[] = ['principal'];

const chargeBack = (replay: Replay, event: HistoryEvent, amountMinor: bigint): void => {
  const { rule } = replay;
  const order = rule.strategy === 'rules' ? rule.creditOrder : undefined;
  const original = replay.transactions.find((t) => t.event === event.ofEvent) ?? noParts();
  const before = replay.takenBack.get(event.ofEvent ?? -1) ?? noParts();
  const taken = { ...before };
  const parts = noParts();
  let left = amountMinor;
  for (const part of order ?? DEFAULT_CREDIT_ORDER) {
    const key = keyOf(part);
    const share = order ? min(left, original[key] - taken[key]) : left;
    parts[key] += share;
    taken[key] += share;
    left -= share;
  }
  replay.takenBack.set(event.ofEvent ?? -1, taken);
  oweAgain(replay.state, event.businessDate, parts);
  const { type, businessDate: date } = event;
  note(replay, event, { type, date, amountMinor, ...parts, overpaymentMinor: left });
};

const recordOutstanding = (replay: Replay, event: HistoryEvent): void => {
  replay.state = accrueTo(replay.state, event.date);
  const { state } = replay;
  const behaviour = event.type === 'charge_off' ? state.terms.chargeOffBehaviour : undefined;
  if (behaviour === 'accelerate_maturity') accelerate(state, event.date);
  if (behaviour === 'zero_interest' && state.model) {
    stopInterest(state.model, event.date);
    refresh(state);
  }
  const { totalMinor: amountMinor, ...parts } = outstanding(state);
  const { type, date } = event;
  note(replay, event, { type, date, amountMinor, ...parts, overpaymentMinor: 0n });
};

const refuse = (event: HistoryEvent, message: string): never => {
  throw new ContractViolation(message, [
    { field: `events.${String(event.i)}`, code: 'history/unsupported', message },
  ]);
};

const changeTerms = ({ state }: Replay, event: HistoryEvent): void => {
  const { date, newInterestRatePercent: rate, newDueDate, from, to } = event;
  if (newDueDate !== undefined) moveDueDates(state, date, newDueDate);
  const { model } = state;
  if (!model && (rate !== undefined || from !== undefined)) {
    return refuse(event, 'only progressive loans change their rate or pause interest');
  }
  if (model && event.type === 'interest_pause' && from && to) {
    model.pauses = [...model.pauses, { from: addDays(from, -1), to }];
    settleResidual(model);
  }
  if (model && rate !== undefined) changeRate(model, date, rate);
  refresh(state);
};

const addPercentCharge = (replay: Replay, event: HistoryEvent): void => {
  const { chargeType = 'fee', when, basis, percent = '0' } = event;
  if (when === undefined || basis === undefined) {
    return refuse(event, 'a percent charge says when it is due and what it is a share of');
  }
  const item: PercentCharge = { chargeType, when, basis, percent };
  if (when === 'at_disbursement') replay.payoutCharges.push(item);
  else if (when === 'each_installment') chargeInstallments(replay.state, item);
  else charge(replay.state, event.date, chargeType, chargeOnLoan(replay.state, item));
};

const moved = (replay: Replay, event: HistoryEvent): void => {
  const { type, date, startDate = date, numberOfInstallments = 1 } = event;
  const frequency = event.frequency ?? replay.state.terms.repaymentEvery;
  const amountMinor =
    type === 're_amortize'
      ? reAmortize(replay.state, date)
      : reAge(replay.state, { date, startDate, frequency, numberOfInstallments });
  note(replay, event, { type, date, amountMinor, ...none(), principalMinor: amountMinor });
};

/** Takes one event into a replay. A type that is not known is a ContractViolation. */
export const step = (replay: Replay, event: HistoryEvent): void => {
  const amount = event.amountMinor ?? 0n;
  switch (event.type) {
    case 'disbursement':
      return payTranche(replay, event, amount);
    case 'repayment':
    case 'goodwill_credit':
    case 'merchant_issued_refund':
    case 'payout_refund':
    case 'interest_payment_waiver':
    case 'charge_adjustment':
      return payIn(replay, event, event.type, amount);
    case 'prepayment':
      return payAheadOf(replay, event, amount);
    case 'payoff':
      return payIn(replay, event, 'repayment', payoffAmount(replay.state, event.date));
    case 'charge':
      return charge(replay.state, event.date, event.chargeType ?? 'fee', amount);
    case 'percent_charge':
      return addPercentCharge(replay, event);
    case 'chargeback':
      return chargeBack(replay, event, amount);
    case 'credit_balance_refund': {
      replay.state.overpaidMinor -= amount;
      const { type, date } = event;
      const parts = { ...none(), overpaymentMinor: amount };
      return note(replay, event, { type, date, amountMinor: amount, ...parts });
    }
    case 'charge_off':
    case 'write_off':
      return recordOutstanding(replay, event);
    case 'reschedule':
    case 'interest_pause':
      return changeTerms(replay, event);
    case 're_age':
    case 're_amortize':
      return moved(replay, event);
    case 'end_of_day':
      replay.overdueCharged.push(...chargeOverdue(replay.state, event.date, replay.overdueCharged));
      return;
    case 'reversal':
      return;
    default:
      return refuse(event, `events of type ${event.type} cannot be replayed`);
  }
};
