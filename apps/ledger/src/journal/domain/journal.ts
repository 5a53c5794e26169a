import type { PostTransaction } from '@daftari/contracts';
import { invariant } from '@daftari/kernel';

/** What the ledger can be asked to post. */
export type TransactionKind = PostTransaction['kind'];
/** The whole of a transaction and how it splits, as decimal strings. */
export type TransactionAmounts = PostTransaction['amounts'];
/** Which side of an account a leg stands on. */
export type Side = 'debit' | 'credit';

/** One leg of a transaction: a positive amount in minor units on one side of one account. */
export interface Leg {
  readonly account: string;
  readonly side: Side;
  readonly minor: bigint;
}

/** A leg as it is stored: a decimal string with exactly the currency's scale. */
export interface Posting {
  readonly account: string;
  readonly side: Side;
  readonly amount: string;
}

/** Asks for one transaction. `requestHash` says whether a repeat asks for the same thing. */
export interface PostCommand extends PostTransaction {
  readonly type: 'PostTransaction';
  readonly requestHash: string;
}

/** Why the ledger refuses to post; every code but the last becomes an event of the journal. */
export type LedgerRejection =
  | 'ledger/unknown-currency'
  | 'ledger/amount-invalid'
  | 'ledger/parts-do-not-sum'
  | 'ledger/loan-missing'
  | 'ledger/insufficient-funds'
  | 'ledger/id-reused';

/** A rule's refusal that is kept in the journal, so that a repeat gets the same answer. */
export type KeptRejection = Exclude<LedgerRejection, 'ledger/id-reused'>;

/** A transaction stands in the journal with all its postings. */
export interface TransactionPostedEvent {
  readonly type: 'TransactionPosted';
  readonly data: PostTransaction & {
    readonly requestHash: string;
    readonly postings: readonly Posting[];
  };
}

/** A rule refused a transaction; kept for ever under its id. */
export interface TransactionRefusedEvent {
  readonly type: 'TransactionRefused';
  readonly data: PostTransaction & {
    readonly requestHash: string;
    readonly code: KeptRejection;
    readonly reason: string;
  };
}

/** Everything that a journal holds. */
export type JournalEvent = TransactionPostedEvent | TransactionRefusedEvent;

/** What is known of a transaction id: what was asked, and which entry answered it. */
export interface KnownTransaction {
  readonly requestHash: string;
  readonly revision: bigint;
}

/**
 * The state that decisions need. Balances are debits minus credits, keyed by `balanceKey`. The maps belong to one
 * writer: `evolve` changes them in place, so that replaying a long journal stays linear.
 */
export interface Journal {
  readonly balances: Map<string, bigint>;
  readonly transactions: Map<string, KnownTransaction>;
  /** Revision of the last entry; -1 before the first. */
  readonly revision: bigint;
}

/** A journal without entries. */
export const emptyJournal = (): Journal => ({
  balances: new Map(),
  transactions: new Map(),
  revision: -1n,
});

/** Key of one account in one currency. */
export const balanceKey = (account: string, currency: string): string => `${currency} ${account}`;

/** Debits minus credits of an account; zero when nothing was posted. */
export const balanceOf = (journal: Journal, account: string, currency: string): bigint =>
  journal.balances.get(balanceKey(account, currency)) ?? 0n;

/** The side on which an account grows: assets by debits, everything else by credits. */
export const normalSideOf = (account: string): Side =>
  account.startsWith('asset:') ? 'debit' : 'credit';

/** A leg as debits minus credits. */
export const signed = (leg: Leg): bigint => (leg.side === 'debit' ? leg.minor : -leg.minor);

/** Throws unless debits equal credits and every leg is positive: what the posting rules guarantee. */
export const assertBalanced = (legs: readonly Leg[]): void => {
  invariant(legs.length >= 2, 'a transaction has at least two postings');
  invariant(
    legs.every((leg) => leg.minor > 0n),
    'postings must be positive',
  );
  invariant(legs.reduce((sum, leg) => sum + signed(leg), 0n) === 0n, 'postings must balance');
};
