import { Module } from '@nestjs/common';
import { DeadLettersController } from './dead-letters/dead-letters.controller.js';
import { LedgerTotalsConsumer } from './ledger-totals/ledger-totals.consumer.js';
import { LoanConsumer } from './loans/loan.consumer.js';
import { FlowConsumer } from './payments/flow.consumer.js';
import { ReportsController } from './reports/reports.controller.js';
import { ReportsQuery } from './reports/reports.query.js';

/** Read models and reports over all contexts. */
@Module({
  controllers: [
    LoanConsumer,
    LedgerTotalsConsumer,
    FlowConsumer,
    ReportsController,
    DeadLettersController,
  ],
  providers: [ReportsQuery],
})
export class ReportingModule {}
