import { formatMinor, parseMoney } from '@daftari/kernel';
import type { Json } from './journal.js';

const minor = (amount: string): bigint => parseMoney({ amount, currency: 'KES' }).minor;

/** One loan as its client knows it. */
export interface Life {
  readonly customer: string;
  /** What was applied for. */
  readonly principal: string;
  applicationId?: string;
  loanId?: string;
  accountReference?: string;
  rejected: boolean;
  /** The payout was asked for, and that was acknowledged. */
  disbursed: boolean;
  /** What the customer paid and the platform acknowledged, each payment once. */
  readonly payments: { readonly paymentId: string; readonly amount: string; receipt: string }[];
  /** What the loan looked like at the end. */
  loan?: Json;
  /** Why it did not come to its end. */
  failure?: string;
}

/**
 * The sequential model: what the books must say if every acknowledged command took effect exactly once, in any order.
 * Order does not matter to it, so whatever a lost answer was about fits in, provided that it counts once in the end.
 */
export class Books {
  private capital = 0n;
  readonly lives: Life[] = [];

  /** The lender's own money. */
  inject(amount: string): void {
    this.capital += minor(amount);
  }

  /** Balances (debits minus credits, minor units) of every account whose balance follows from the commands alone. */
  expected(): Map<string, bigint> {
    const paidOut = this.lives.filter(({ disbursed }) => disbursed);
    const lent = paidOut.reduce((sum, { principal }) => sum + minor(principal), 0n);
    const paid = paidOut
      .flatMap(({ payments }) => payments)
      .reduce((sum, { amount }) => sum + minor(amount), 0n);
    const balances = new Map([
      ['equity:capital', -this.capital],
      ['asset:float', this.capital - lent + paid],
      ['asset:disbursement-clearing', 0n],
      ['liability:repayment-clearing', 0n],
    ]);
    for (const life of paidOut)
      if (life.loanId !== undefined && life.loan?.status === 'completed')
        balances.set(`asset:loan:${life.loanId}:principal`, 0n);
    return balances;
  }

  /** What completed loans brought beyond their principal: interest, and what customers paid too much. */
  earnedOrOwed(): bigint {
    return this.lives
      .filter(({ disbursed, loan }) => disbursed && loan?.status === 'completed')
      .reduce(
        (sum, { payments, principal }) =>
          sum + payments.reduce((paid, { amount }) => paid + minor(amount), 0n) - minor(principal),
        0n,
      );
  }
}

/** Minor units as they are shown. */
export const shown = (amount: bigint): string => formatMinor(amount, 'KES');
