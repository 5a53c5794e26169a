import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { EventStore } from '@daftari/event-store';
import type { LocalDate } from '@daftari/kernel';
import {
  Answers,
  AnswersPage,
  Database,
  EVENT_STORE,
  Meta,
  type RequestMeta,
  Requires,
  Tenants,
} from '@daftari/service-kit';
import { loadLoan, visible } from '../../aggregates.js';
import { listPage, ListQuery } from '../../list-query.js';
import { viewerOf } from '../../viewer.js';
import type { Loan, LoanFacts } from '../domain/loan.js';
import {
  type LoanSummary,
  type LoanView,
  loanView,
  type RowView,
  scheduleOf,
  summaryOf,
} from '../loan-view.js';
import { INSTALLMENT, LOAN, LOAN_ROW, NEXT_DUE, SUMMARY } from '../../examples.js';

@ApiTags('loans')
@Controller('v1/loans')
@Requires('loans:read', 'loans:read-own')
export class FindLoansController {
  constructor(
    private readonly db: Database,
    private readonly tenants: Tenants,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  @Get()
  @AnswersPage(LOAN_ROW)
  @ApiOperation({ summary: 'Loans, newest first, by status; customers see their own' })
  async list(@Query() query: ListQuery, @Meta() meta: RequestMeta): Promise<unknown> {
    return listPage(this.db.pool, 'read_loans', viewerOf(meta, 'loans:read'), query);
  }

  @Get(':id')
  @Answers(LOAN)
  @ApiOperation({ summary: 'One loan with its schedule, as of the business date' })
  async one(@Param('id') id: string, @Meta() meta: RequestMeta): Promise<LoanView> {
    const { loan, facts, today } = await this.read(id, meta);
    return loanView(loan, facts, today);
  }

  @Get(':id/schedule')
  @Answers([INSTALLMENT])
  @ApiOperation({ summary: 'The installments with what is due and paid' })
  async schedule(@Param('id') id: string, @Meta() meta: RequestMeta): Promise<RowView[]> {
    const { loan, today } = await this.read(id, meta);
    return scheduleOf(loan, today);
  }

  @Get(':id/next-due')
  @Answers(NEXT_DUE)
  @ApiOperation({ summary: 'The next unpaid installment, and what is overdue' })
  async nextDue(
    @Param('id') id: string,
    @Meta() meta: RequestMeta,
  ): Promise<Pick<LoanSummary, 'loanId' | 'asOf' | 'currency' | 'nextDue' | 'arrears'>> {
    const { loan, facts, today } = await this.read(id, meta);
    const { loanId, asOf, currency, nextDue, arrears } = summaryOf(loan, facts, today);
    return { loanId, asOf, currency, nextDue, arrears };
  }

  @Get(':id/summary')
  @Answers(SUMMARY)
  @ApiOperation({ summary: 'Status, outstanding, paid, arrears and credit' })
  async summary(@Param('id') id: string, @Meta() meta: RequestMeta): Promise<LoanSummary> {
    const { loan, facts, today } = await this.read(id, meta);
    return summaryOf(loan, facts, today);
  }

  private async read(
    id: string,
    meta: RequestMeta,
  ): Promise<{ loan: Loan; facts: LoanFacts; today: LocalDate }> {
    const { state } = await loadLoan(this.store, id);
    const facts = visible('loan', state.facts, viewerOf(meta, 'loans:read'));
    return { loan: state, facts, today: await this.tenants.today(meta.tenantId) };
  }
}
