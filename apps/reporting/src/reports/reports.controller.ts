import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiPropertyOptional } from '@nestjs/swagger';
import { addDays, formatMinor, localDate } from '@daftari/kernel';
import { Answers, Meta, type RequestMeta, Requires, Tenants } from '@daftari/service-kit';
import { IsOptional, IsString } from 'class-validator';
import { bucketOf, daysPastDue, parOf } from './arrears.js';
import { ReportsQuery } from './reports.query.js';
import { ARREARS, CHECK, COLLECTIONS, PORTFOLIO, TIMINGS } from '../examples.js';

/** Which days. */
export class PeriodRequest {
  @ApiPropertyOptional({ example: '2026-01-01', description: 'Default: 30 days before `to`' })
  @IsOptional()
  @IsString()
  from?: string;

  @ApiPropertyOptional({ example: '2026-01-31', description: 'Default: the business date' })
  @IsOptional()
  @IsString()
  to?: string;
}

/** Which day. */
export class AsOfRequest {
  @ApiPropertyOptional({ example: '2026-01-31', description: 'Default: the business date' })
  @IsOptional()
  @IsString()
  asOf?: string;
}

/** Reports for staff, auditors and operators. */
@Controller('v1/reports')
@Requires('reports:read')
export class ReportsController {
  constructor(
    private readonly reports: ReportsQuery,
    private readonly tenants: Tenants,
  ) {}

  @Get('portfolio')
  @Answers(PORTFOLIO)
  @ApiOperation({ summary: 'Loans by status with disbursed, outstanding and credit' })
  async portfolio(@Meta() { tenantId }: RequestMeta): Promise<unknown> {
    const asOf = await this.tenants.today(tenantId);
    return { asOf, byStatus: await this.reports.portfolio(tenantId, asOf) };
  }

  @Get('collections')
  @Answers(COLLECTIONS)
  @ApiOperation({ summary: 'Collected by day and part, against what was due' })
  async collections(
    @Query() query: PeriodRequest,
    @Meta() { tenantId }: RequestMeta,
  ): Promise<unknown> {
    const to =
      query.to === undefined ? await this.tenants.today(tenantId) : localDate(query.to, 'to');
    const from = query.from === undefined ? addDays(to, -30) : localDate(query.from, 'from');
    return { from, to, days: await this.reports.collections(tenantId, from, to) };
  }

  @Get('arrears')
  @Answers(ARREARS)
  @ApiOperation({ summary: 'Overdue loans with ageing, and portfolio at risk' })
  async arrears(@Query() query: AsOfRequest, @Meta() { tenantId }: RequestMeta): Promise<unknown> {
    const asOf =
      query.asOf === undefined ? await this.tenants.today(tenantId) : localDate(query.asOf, 'asOf');
    const debts = await this.reports.debts(tenantId, asOf);
    const loans = debts.map((debt) => ({
      loanId: debt.loanId,
      customerId: debt.customerId,
      accountReference: debt.accountReference,
      currency: debt.currency,
      principalOutstanding: formatMinor(debt.outstanding, debt.currency),
      overdue: formatMinor(debt.overdue, debt.currency),
      daysPastDue: daysPastDue(debt, asOf),
      bucket: bucketOf(daysPastDue(debt, asOf)),
    }));
    return { asOf, loans, par: parOf(debts, asOf) };
  }

  @Get('timings')
  @Answers(TIMINGS)
  @ApiOperation({ summary: 'Seconds from settled to posted and to mailed' })
  timings(@Meta() { tenantId }: RequestMeta): Promise<unknown> {
    return this.reports.timings(tenantId);
  }

  @Get('check')
  @Answers(CHECK)
  @ApiOperation({ summary: 'Outstanding principal of the loans against the ledger' })
  check(@Meta() { tenantId }: RequestMeta): Promise<unknown> {
    return this.reports.check(tenantId);
  }
}
