import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { Answers, Meta, type RequestMeta, Requires } from '@daftari/service-kit';
import { VerifyJournalHandler, type VerifyReport } from './verify-journal.handler.js';
import { VERIFIED } from '../../examples.js';

/** Verification on demand. */
@Controller('v1/ledger/verify')
@Requires('ledger:verify')
export class VerifyJournalController {
  constructor(private readonly handler: VerifyJournalHandler) {}

  @Get()
  @Answers(VERIFIED)
  @ApiOperation({ summary: 'Prove the journal: chain, sums, order, read models' })
  verify(@Meta() meta: RequestMeta): Promise<VerifyReport> {
    return this.handler.verify(meta.tenantId);
  }

  /** The same as GET, for callers that see a verification as an action. */
  @Post()
  @HttpCode(200)
  @Answers(VERIFIED)
  @ApiOperation({ summary: 'Prove the journal: chain, sums, order, read models' })
  run(@Meta() meta: RequestMeta): Promise<VerifyReport> {
    return this.handler.verify(meta.tenantId);
  }
}
