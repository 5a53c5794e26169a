import type { MoneyJson } from '@daftari/kernel';

/** Why people must look at something. */
export type ReviewKind =
  | 'unallocated-payment'
  | 'refund-due'
  | 'receipt-reused'
  | 'contradictory-payment'
  | 'undecided-payment'
  | 'contradictory-payout'
  | 'undecided-payout'
  | 'posting-refused'
  | 'stopped-work'
  | 'unreadable-callback'
  | 'unmatched-callback'
  | 'contradictory-callback';

/** What a review item is about: the id of a payment, a disbursement, a stored callback, or a piece of work. */
export interface ReviewSubject {
  readonly type: 'payment' | 'disbursement' | 'callback' | 'task';
  readonly id: string;
}

/** Something that cannot be settled without people. */
export interface ReviewItem {
  readonly kind: ReviewKind;
  readonly reason: string;
  readonly amount: MoneyJson | null;
  /** What helps to decide; no secrets, phone numbers masked. */
  readonly details: Readonly<Record<string, unknown>>;
  /** The loan that the money waits for; it is allocated by itself when the loan becomes active. */
  readonly waitsForLoanId?: string | null;
}

/** How an item ended. */
export interface Resolution {
  readonly resolution: string;
  readonly by: string;
  readonly reason: string;
}

/** The commands that settle an item, as the last parts of their paths. */
export const ACTIONS: Readonly<Record<ReviewKind, readonly string[]>> = {
  'unallocated-payment': ['allocate', 'mark-refund'],
  'refund-due': ['reverse'],
  'receipt-reused': ['dismiss'],
  'contradictory-payment': ['reverse', 'dismiss'],
  'undecided-payment': ['confirm-received', 'dismiss'],
  'contradictory-payout': ['confirm-executed', 'dismiss'],
  'undecided-payout': ['confirm-executed', 'confirm-failed'],
  'posting-refused': ['dismiss'],
  'stopped-work': ['retry', 'dismiss'],
  'unreadable-callback': ['retry', 'dismiss'],
  'unmatched-callback': ['retry', 'dismiss'],
  'contradictory-callback': ['dismiss'],
};
