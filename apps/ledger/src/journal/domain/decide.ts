import type { PostTransaction } from '@daftari/contracts';
import { accept, type Decision, formatMinor, reject } from '@daftari/kernel';
import { isKnownCurrency, minorAmounts, minorOf, sumOfParts } from './amounts.js';
import {
  assertBalanced,
  balanceKey,
  balanceOf,
  type Journal,
  type JournalEvent,
  type KeptRejection,
  type Leg,
  type LedgerRejection,
  type PostCommand,
  signed,
} from './journal.js';
import { FLOAT, isSplit, type MinorAmounts, needsLoan, postingsOf } from './posting-rules.js';

type Refusal = readonly [code: KeptRejection, reason: string];

const requestOf = (command: PostCommand): PostTransaction => ({
  transactionId: command.transactionId,
  kind: command.kind,
  currency: command.currency,
  amounts: command.amounts,
  effectiveOn: command.effectiveOn,
  loanId: command.loanId,
  paymentId: command.paymentId,
  reference: command.reference,
});

const amountsOf = (command: PostCommand): MinorAmounts | Refusal => {
  const { kind, currency } = command;
  if (!isKnownCurrency(currency))
    return ['ledger/unknown-currency', `${currency} is not a currency`];
  const amounts = minorAmounts(command.amounts, currency);
  if (!amounts)
    return ['ledger/amount-invalid', `amounts must be positive, with the decimals of ${currency}`];
  const parts = sumOfParts(amounts);
  if (parts !== amounts.amount && (parts !== 0n || isSplit(kind)))
    return ['ledger/parts-do-not-sum', `the parts sum to ${formatMinor(parts, currency)}`];
  if (needsLoan(kind) && command.loanId === null)
    return ['ledger/loan-missing', `${kind} must name a loan`];
  return amounts;
};

const overdrawn = (state: Journal, legs: readonly Leg[], currency: string): boolean => {
  const change = legs
    .filter((leg) => leg.account === FLOAT)
    .reduce((sum, leg) => sum + signed(leg), 0n);
  return change < 0n && balanceOf(state, FLOAT, currency) + change < 0n;
};

const legsOf = (command: PostCommand, state: Journal): readonly Leg[] | Refusal => {
  const amounts = amountsOf(command);
  if (!('amount' in amounts)) return amounts;
  const legs = postingsOf(command.kind, amounts, command.loanId);
  assertBalanced(legs);
  return overdrawn(state, legs, command.currency)
    ? ['ledger/insufficient-funds', `${FLOAT} would fall below zero`]
    : legs;
};

const isRefusal = (answer: readonly Leg[] | Refusal): answer is Refusal =>
  typeof answer[0] === 'string';

/**
 * Decides one command. A repeat changes nothing (no events); the same id with another content is rejected without a
 * trace; every other refusal is accepted as a `TransactionRefused` event. Refusals come in this order: id, currency,
 * amounts, parts, loan, funds.
 */
export const decide = (
  command: PostCommand,
  state: Journal,
): Decision<JournalEvent, LedgerRejection> => {
  const known = state.transactions.get(command.transactionId);
  if (known)
    return known.requestHash === command.requestHash ? accept() : reject('ledger/id-reused');
  const base = { ...requestOf(command), requestHash: command.requestHash };
  const answer = legsOf(command, state);
  if (isRefusal(answer)) {
    const [code, reason] = answer;
    return accept<JournalEvent>({ type: 'TransactionRefused', data: { ...base, code, reason } });
  }
  const postings = answer.map(({ account, side, minor }) => ({
    account,
    side,
    amount: formatMinor(minor, command.currency),
  }));
  return accept<JournalEvent>({ type: 'TransactionPosted', data: { ...base, postings } });
};

/** The legs of a stored transaction in minor units. A stored amount that cannot be read counts as zero; verify reports it. */
export const storedLegs = (event: JournalEvent): readonly Leg[] =>
  event.type === 'TransactionRefused'
    ? []
    : event.data.postings.map(({ account, side, amount }) => ({
        account,
        side,
        minor: minorOf(amount, event.data.currency) ?? 0n,
      }));

/** Folds one entry into the journal's state, in place. Checks no rule and never throws. */
export const evolve = (state: Journal, event: JournalEvent): Journal => {
  const revision = state.revision + 1n;
  const { transactionId, requestHash, currency } = event.data;
  state.transactions.set(transactionId, { requestHash, revision });
  for (const leg of storedLegs(event)) {
    const key = balanceKey(leg.account, currency);
    state.balances.set(key, (state.balances.get(key) ?? 0n) + signed(leg));
  }
  return { ...state, revision };
};
