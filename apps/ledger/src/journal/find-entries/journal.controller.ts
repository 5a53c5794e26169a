import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ContractViolation } from '@daftari/kernel';
import { Answers, AnswersPage, Meta, page, type RequestMeta, Requires } from '@daftari/service-kit';
import { AuditQuery } from '../../audit/audit.query.js';
import { JournalQuery } from './journal.query.js';
import {
  FindEntriesRequest,
  StatementRequest,
  TrailRequest,
  TrialBalanceRequest,
} from './requests.js';
import { ACCOUNT, ENTRY, STATEMENT_LINE, TRAIL } from '../../examples.js';

/** Reads of the journal. */
@Controller('v1/ledger')
@Requires('ledger:read')
export class JournalController {
  constructor(
    private readonly journal: JournalQuery,
    private readonly audit: AuditQuery,
  ) {}

  /** Entries, newest first, refusals included. */
  @Get('journal')
  @AnswersPage(ENTRY)
  @ApiOperation({ summary: 'Journal entries, newest first' })
  async entries(@Query() query: FindEntriesRequest, @Meta() meta: RequestMeta): Promise<unknown> {
    const entries = await this.journal.entries(meta.tenantId, query);
    return page(entries, entries.length < query.limit ? null : (entries.at(-1)?.revision ?? null));
  }

  /** The trial balance. */
  @Get('accounts')
  @AnswersPage(ACCOUNT)
  @ApiOperation({ summary: 'Trial balance by effective date and recorded time' })
  async accounts(@Query() query: TrialBalanceRequest, @Meta() meta: RequestMeta): Promise<unknown> {
    return page(await this.journal.accounts(meta.tenantId, query));
  }

  /** One account's postings with the balance after each. */
  @Get('accounts/:account/statement')
  @AnswersPage(STATEMENT_LINE)
  @ApiOperation({ summary: 'Statement of one account' })
  async statement(
    @Param('account') account: string,
    @Query() query: StatementRequest,
    @Meta() meta: RequestMeta,
  ): Promise<unknown> {
    const offset = Number(query.cursor ?? '0');
    const lines = await this.journal.statement(meta.tenantId, account, { ...query, offset });
    return page(lines, lines.length < query.limit ? null : String(offset + lines.length));
  }

  /** Everything that is known about one loan or payment: journal entries and the audit events that touch them. */
  @Get('trail')
  @Answers(TRAIL)
  @ApiOperation({ summary: 'Journal entries and audit events of one loan or payment' })
  async trail(@Query() query: TrailRequest, @Meta() meta: RequestMeta): Promise<unknown> {
    const subject = query.paymentId ?? query.loanId;
    if (subject === undefined)
      throw new ContractViolation('Validation failed', [
        { field: 'loanId', code: 'field/missing', message: 'name a loanId or a paymentId' },
      ]);
    const entries = await this.journal.entries(meta.tenantId, { ...query, limit: 1_000 });
    const correlationIds = entries.flatMap((entry) => entry.correlationId ?? []);
    const audit = await this.audit.touching(meta.tenantId, subject, [...new Set(correlationIds)]);
    return { entries: [...entries].reverse(), audit };
  }
}
