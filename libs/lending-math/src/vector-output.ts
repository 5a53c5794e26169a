import { loanOf, openHistory, type ReplayedLoan } from './history.js';
import { loanTable } from './loan-table.js';
import { rowOutstanding, totalOf, type LoanState } from './loan-state.js';
import { sumOf } from './numbers.js';
import { buildScheduleTable } from './schedule.js';
import { outstanding } from './standing.js';
import type { LoanTerms } from './terms.js';
import { amountOf } from './vector-fields.js';
import type { VectorCheckpoint, VectorInput } from './vectors.js';

/** A row of a table as files have it: amounts are decimal strings. */
export type OutputRow = Readonly<Record<string, string | number | null>>;

/** A computed schedule as files have it. */
export interface ScheduleOutput {
  readonly rows: readonly OutputRow[];
  readonly totals: Readonly<Record<'principal' | 'interest' | 'total', string>>;
}

/** What a history comes to at a checkpoint, as files have it. Reversed transactions are not listed. */
export interface CheckpointOutput extends VectorCheckpoint {
  readonly status: string;
  readonly outstanding: string;
  readonly overpaid: string;
  readonly schedule: readonly OutputRow[];
  readonly transactions: readonly Readonly<Record<string, string | boolean>>[];
}

/** The schedule of some terms. */
export const scheduleOutput = (terms: LoanTerms): ScheduleOutput => {
  const text = (minor: bigint): string => amountOf(minor, terms.decimals);
  const table = buildScheduleTable(terms);
  const due = table.flatMap((row) => (row.type === 'disbursement' ? [] : [row]));
  const principal = sumOf(due, (row) => row.principalMinor);
  const interest = sumOf(due, (row) => row.interestMinor);
  return {
    rows: table.map((row): OutputRow => {
      const balance = text(row.balanceMinor);
      if (row.type === 'disbursement') {
        return { type: row.type, date: row.date, amount: text(row.amountMinor), balance };
      }
      return {
        type: row.type,
        n: row.n,
        dueDate: row.dueDate,
        principal: text(row.principalMinor),
        interest: text(row.interestMinor),
        fees: text(row.feesMinor),
        penalties: text(row.penaltiesMinor),
        total: text(row.principalMinor + row.interestMinor + row.feesMinor + row.penaltiesMinor),
        balance,
      };
    }),
    totals: {
      principal: text(principal),
      interest: text(interest),
      total: text(principal + interest),
    },
  };
};

// Files call every row of a running loan an installment, those of down payments too.
const loanRows = (state: LoanState): OutputRow[] => {
  const text = (minor: bigint): string => amountOf(minor, state.terms.decimals);
  return loanTable(state).map((entry): OutputRow => {
    if (entry.type === 'disbursement') {
      const balance = text(entry.balanceMinor);
      return { type: entry.type, date: entry.date, amount: text(entry.amountMinor), balance };
    }
    const { row } = entry;
    return {
      type: 'installment',
      n: row.n,
      dueDate: row.dueDate,
      principal: text(row.due.principalMinor),
      interest: text(row.due.interestMinor),
      fees: text(row.due.feesMinor),
      penalties: text(row.due.penaltiesMinor),
      total: text(totalOf(row.due)),
      balance: text(entry.balanceMinor),
      paid: text(totalOf(row.paid)),
      paidInAdvance: text(row.paidInAdvanceMinor),
      paidLate: text(row.paidLateMinor),
      outstanding: text(rowOutstanding(row)),
      completedOn: row.completedOn,
    };
  });
};

const statusOf = ({ state, transactions }: ReplayedLoan): string => {
  if (transactions.some((t) => t.type === 'write_off')) return 'closed_written_off';
  if (state.overpaidMinor > 0n) return 'overpaid';
  return outstanding(state).totalMinor === 0n ? 'closed_obligations_met' : 'active';
};

const checkpointOutput = (loan: ReplayedLoan, checkpoint: VectorCheckpoint): CheckpointOutput => {
  const { state } = loan;
  const text = (minor: bigint): string => amountOf(minor, state.terms.decimals);
  return {
    ...checkpoint,
    status: statusOf(loan),
    outstanding: text(outstanding(state).totalMinor),
    overpaid: text(state.overpaidMinor),
    schedule: loanRows(state),
    transactions: loan.transactions.map((t) => ({
      date: t.date,
      type: t.type,
      amount: text(t.amountMinor),
      principal: text(t.principalMinor),
      interest: text(t.interestMinor),
      fees: text(t.feesMinor),
      penalties: text(t.penaltiesMinor),
      overpayment: text(t.overpaymentMinor),
      principalBalance: text(t.principalBalanceMinor),
      reversed: false,
    })),
  };
};

/** The checkpoints of a history. An event that cannot be replayed is a ContractViolation. */
export const historyOutput = (
  input: Extract<VectorInput, { kind: 'transactions' }>,
): CheckpointOutput[] =>
  input.checkpoints.map((checkpoint) => {
    const events = input.events.slice(0, checkpoint.afterEvents);
    const history = openHistory(input.terms, input.allocation, events);
    return checkpointOutput(loanOf(history, checkpoint.overdueInterestAsOf), checkpoint);
  });
