import { Injectable } from '@nestjs/common';
import { formatMinor, type LocalDate } from '@daftari/kernel';
import { Database } from '@daftari/service-kit';
import type { Debt } from './arrears.js';

const PORTFOLIO = `
  select l.status, l.currency, count(*)::int as loans,
    coalesce(sum(l.principal) filter (where l.disbursed_on is not null), 0)::text as disbursed,
    coalesce(sum(i.outstanding), 0)::text as outstanding, coalesce(sum(c.credit), 0)::text as credit
  from read_loans l
    left join (select loan_id, sum(principal - paid_principal) as outstanding from read_installments group by 1) i using (loan_id)
    left join (select loan_id, sum(overpayment) as credit from read_collections where not reversed group by 1) c using (loan_id)
  where l.tenant_id = $1 and (l.disbursed_on is null or l.disbursed_on <= $2::date)
  group by l.status, l.currency order by 1, 2`;
const COLLECTIONS = `
  with due as (
    select i.due_on as day, l.currency, sum(i.principal + i.interest + i.fees + i.penalties) as due
    from read_installments i join read_loans l using (loan_id)
    where l.tenant_id = $1 and i.due_on between $2::date and $3::date group by 1, 2),
  got as (
    select effective_on as day, currency, sum(amount) as amount, sum(principal) as principal, sum(interest) as interest,
      sum(fees) as fees, sum(penalties) as penalties, sum(overpayment) as overpayment
    from read_collections where tenant_id = $1 and effective_on between $2::date and $3::date and not reversed group by 1, 2)
  select day::text, currency, coalesce(due, 0)::text as due, coalesce(amount, 0)::text as collected,
    coalesce(principal, 0)::text as principal, coalesce(interest, 0)::text as interest, coalesce(fees, 0)::text as fees,
    coalesce(penalties, 0)::text as penalties, coalesce(overpayment, 0)::text as overpayment
  from due full join got using (day, currency) order by day, currency`;
const DEBTS = `
  select l.loan_id as "loanId", l.customer_id as "customerId", l.account_reference as "accountReference", l.currency,
    sum(i.principal - i.paid_principal)::text as outstanding,
    coalesce(sum(i.principal + i.interest + i.fees + i.penalties - i.paid_principal - i.paid_interest - i.paid_fees - i.paid_penalties)
      filter (where i.due_on < $2::date), 0)::text as overdue,
    (min(i.due_on) filter (where i.due_on < $2::date and i.principal + i.interest + i.fees + i.penalties
      > i.paid_principal + i.paid_interest + i.paid_fees + i.paid_penalties))::text as "oldestDueOn"
  from read_loans l join read_installments i using (loan_id)
  where l.tenant_id = $1 and l.status in ('active', 'defaulted') and l.disbursed_on <= $2::date
  group by l.loan_id order by l.loan_id`;
const DIFFERENCES = `
  with loans as (
    select 'asset:loan:' || loan_id || ':principal' as account, l.currency, sum(i.principal - i.paid_principal) as balance
    from read_loans l join read_installments i using (loan_id) where l.tenant_id = $1 group by 1, 2),
  ledger as (
    select account, currency, debits - credits as balance from read_ledger_totals
    where tenant_id = $1 and account like 'asset:loan:%')
  select account, currency, coalesce(loans.balance, 0)::text as loans, coalesce(ledger.balance, 0)::text as ledger
  from loans full join ledger using (account, currency) order by account`;
const TIMINGS = `
  with t as (
    select extract(epoch from p.posted_at - p.settled_at) as posted, extract(epoch from m.accepted_at - p.settled_at) as mailed
    from read_payment_times p left join read_collections c using (payment_id)
      left join read_mail_times m on m.tenant_id = p.tenant_id and m.cause_message_id = c.message_id
    where p.tenant_id = $1 and p.settled_at is not null)
  select count(posted)::int as posted, count(mailed)::int as mailed,
    percentile_cont(array[0.5, 0.95]) within group (order by posted) as "settledToPosted",
    percentile_cont(array[0.5, 0.95]) within group (order by mailed) as "settledToMailed" from t`;

type Row<K extends string> = Record<K, string>;
const money = (minor: string, currency: string): string => formatMinor(BigInt(minor), currency);

/** A sample's size and percentiles in seconds. */
const timing = (count: number, values: readonly number[] | null) => ({
  count,
  p50Seconds: values?.[0] ?? null,
  p95Seconds: values?.[1] ?? null,
});

/** Reads of the report tables. */
@Injectable()
export class ReportsQuery {
  constructor(private readonly db: Database) {}

  /** One row per status and currency; loans of an unknown currency (not disbursed yet) have null amounts. */
  async portfolio(tenantId: string, asOf: LocalDate) {
    const { rows } = await this.db.pool.query<
      Row<'status' | 'disbursed' | 'outstanding' | 'credit'> & {
        currency: string | null;
        loans: number;
      }
    >(PORTFOLIO, [tenantId, asOf]);
    return rows.map(({ status, currency, loans, disbursed, outstanding, credit }) => ({
      status,
      currency,
      loans,
      disbursed: currency === null ? null : money(disbursed, currency),
      principalOutstanding: currency === null ? null : money(outstanding, currency),
      credit: currency === null ? null : money(credit, currency),
    }));
  }

  /** Collected by day and part, against what was due on that day. */
  async collections(tenantId: string, from: string, to: string) {
    const { rows } = await this.db.pool.query<
      Row<'day' | 'currency' | 'due' | 'collected' | 'principal'> &
        Row<'interest' | 'fees' | 'penalties' | 'overpayment'>
    >(COLLECTIONS, [tenantId, from, to]);
    return rows.map((row) => ({
      day: row.day,
      currency: row.currency,
      due: money(row.due, row.currency),
      collected: money(row.collected, row.currency),
      principal: money(row.principal, row.currency),
      interest: money(row.interest, row.currency),
      fees: money(row.fees, row.currency),
      penalties: money(row.penalties, row.currency),
      overpayment: money(row.overpayment, row.currency),
    }));
  }

  /** Debts of running and defaulted loans on a day, by the payments that are known now. */
  async debts(tenantId: string, asOf: LocalDate): Promise<Debt[]> {
    const { rows } = await this.db.pool.query<
      Omit<Debt, 'outstanding' | 'overdue'> & Row<'outstanding' | 'overdue'>
    >(DEBTS, [tenantId, asOf]);
    return rows.map((row) => ({
      ...row,
      outstanding: BigInt(row.outstanding),
      overdue: BigInt(row.overdue),
    }));
  }

  /** Principal by loan: what the schedules say against what the ledger says. */
  async check(tenantId: string) {
    const { rows } = await this.db.pool.query<Row<'account' | 'currency' | 'loans' | 'ledger'>>(
      DIFFERENCES,
      [tenantId],
    );
    const differences = rows
      .filter((row) => row.loans !== row.ledger)
      .map(({ account, currency, loans, ledger }) => ({
        account,
        currency,
        loans: money(loans, currency),
        ledger: money(ledger, currency),
      }));
    return { ok: differences.length === 0, compared: rows.length, differences };
  }

  /** Seconds from a settled payment to its posting and to the accepted mail. */
  async timings(tenantId: string) {
    const { rows } = await this.db.pool.query<{
      posted: number;
      mailed: number;
      settledToPosted: number[] | null;
      settledToMailed: number[] | null;
    }>(TIMINGS, [tenantId]);
    const row = rows[0];
    return {
      settledToPosted: timing(row?.posted ?? 0, row?.settledToPosted ?? null),
      settledToMailed: timing(row?.mailed ?? 0, row?.settledToMailed ?? null),
    };
  }
}
