import { formatMinor, type LocalDate, type MoneyJson, parseMoney } from '@daftari/kernel';
import {
  accrueTo,
  arrears,
  type LoanRow,
  nextDue,
  outstanding,
  rowOutstanding,
} from '@daftari/lending-math';
import type { ProductTerms } from '../product/domain/product.js';
import { installmentOf } from './domain/figures.js';
import type { Allocation, Installment, Loan, LoanFacts, LoanStatus } from './domain/loan.js';

/** Where one installment stands on a date. */
export type RowStatus = 'paid' | 'partial' | 'overdue' | 'due' | 'upcoming';

/** An installment as it is shown. */
export interface RowView extends Installment {
  readonly outstanding: string;
  readonly status: RowStatus;
  readonly paidOn: string | null;
}

/** What is owed by part. */
export interface PartsView {
  readonly principal: string;
  readonly interest: string;
  readonly fees: string;
  readonly penalties: string;
  readonly total: string;
}

/** A loan in short, on a business date. */
export interface LoanSummary {
  readonly loanId: string;
  readonly status: LoanStatus;
  readonly asOf: string;
  readonly currency: string;
  readonly principal: string;
  readonly outstanding: PartsView;
  readonly paid: string;
  readonly credit: string;
  readonly arrears: {
    readonly overdue: string;
    readonly daysPastDue: number;
    readonly overdueInstallments: number;
    readonly oldestUnpaidDueOn: string | null;
  };
  readonly nextDue: { readonly dueOn: string; readonly amount: string } | null;
}

/** A loan as it is shown. */
export interface LoanView extends Omit<LoanSummary, 'principal'> {
  readonly applicationId: string;
  readonly customerId: string;
  readonly accountReference: string;
  readonly productId: string;
  readonly productName: string;
  readonly principal: MoneyJson;
  readonly numberOfInstallments: number;
  readonly terms: ProductTerms;
  readonly approvedOn: string;
  readonly disbursementPending: boolean;
  readonly disbursementFailure: string | null;
  readonly disbursedOn: string | null;
  readonly disbursementReference: string | null;
  readonly schedule: readonly RowView[];
  readonly repayments: readonly Omit<Allocation, 'installments'>[];
  /** Payments that were taken back at the provider; they count for nothing. */
  readonly reversals: readonly {
    readonly paymentId: string;
    readonly receipt: string;
    readonly amount: string;
    readonly reversedOn: string;
    readonly reason: string;
  }[];
}

const statusOf = (row: LoanRow, asOf: LocalDate): RowStatus => {
  const owed = rowOutstanding(row);
  if (owed === 0n) return 'paid';
  if (row.dueDate < asOf) return 'overdue';
  const { paid } = row;
  if (paid.principalMinor + paid.interestMinor + paid.feesMinor + paid.penaltiesMinor > 0n)
    return 'partial';
  return row.dueDate === asOf ? 'due' : 'upcoming';
};

/** The installments on a date; none before the payout. */
export const scheduleOf = (loan: Loan, asOf: LocalDate): RowView[] => {
  if (!loan.math) return [];
  const { rows, terms } = accrueTo(loan.math, asOf);
  return rows.map((row) => ({
    ...installmentOf(row, terms.currency),
    outstanding: formatMinor(rowOutstanding(row), terms.currency),
    status: statusOf(row, asOf),
    paidOn: row.completedOn,
  }));
};

const paidOf = ({ allocations }: Loan, currency: string): string => {
  const total = allocations.reduce((sum, { amount }) => {
    return sum + parseMoney({ amount, currency }).minor;
  }, 0n);
  return formatMinor(total, currency);
};

/** A loan in short. Arrears are computed for the date and never stored. */
export const summaryOf = (loan: Loan, facts: LoanFacts, asOf: LocalDate): LoanSummary => {
  const { currency } = facts.principal;
  const math = loan.math && accrueTo(loan.math, asOf);
  const text = (minor: bigint | undefined): string => formatMinor(minor ?? 0n, currency);
  const owed = math ? outstanding(math) : null;
  const behind = math ? arrears(math, asOf) : null;
  const next = math ? nextDue(math, asOf) : null;
  return {
    loanId: facts.loanId,
    status: loan.status,
    asOf,
    currency,
    principal: facts.principal.amount,
    outstanding: {
      principal: text(owed?.principalMinor),
      interest: text(owed?.interestMinor),
      fees: text(owed?.feesMinor),
      penalties: text(owed?.penaltiesMinor),
      total: text(owed?.totalMinor),
    },
    paid: paidOf(loan, currency),
    credit: text(math?.overpaidMinor),
    arrears: {
      overdue: text(behind?.overdueMinor),
      daysPastDue: behind?.daysPastDue ?? 0,
      overdueInstallments: behind?.overdueInstallments ?? 0,
      oldestUnpaidDueOn: behind?.oldestUnpaidDueDate ?? null,
    },
    nextDue: next ? { dueOn: next.dueDate, amount: text(next.amountMinor) } : null,
  };
};

/** The whole loan on a business date. */
export const loanView = (loan: Loan, facts: LoanFacts, asOf: LocalDate): LoanView => ({
  ...summaryOf(loan, facts, asOf),
  applicationId: facts.applicationId,
  customerId: facts.customerId,
  accountReference: facts.accountReference,
  productId: facts.productId,
  productName: facts.productName,
  principal: facts.principal,
  numberOfInstallments: facts.numberOfInstallments,
  terms: facts.terms,
  approvedOn: facts.approvedOn,
  disbursementPending: loan.disbursementPending,
  disbursementFailure: loan.failure,
  disbursedOn: loan.disbursedOn,
  disbursementReference: loan.disbursementReference,
  schedule: scheduleOf(loan, asOf),
  repayments: loan.allocations.map(({ installments: _, ...allocation }) => allocation),
  reversals: loan.reversals.map(({ paymentId, receipt, amount, effectiveOn, reason }) => ({
    ...{ paymentId, receipt, amount, reason },
    reversedOn: effectiveOn,
  })),
});
