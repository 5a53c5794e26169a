import { Module } from '@nestjs/common';
import { AuditConsumer } from './audit/audit.consumer.js';
import { AuditController } from './audit/audit.controller.js';
import { AuditQuery } from './audit/audit.query.js';
import { JournalController } from './journal/find-entries/journal.controller.js';
import { JournalQuery } from './journal/find-entries/journal.query.js';
import { InjectCapitalController } from './journal/post-transaction/inject-capital.controller.js';
import { PostTransactionConsumer } from './journal/post-transaction/post-transaction.consumer.js';
import { PostTransactionHandler } from './journal/post-transaction/post-transaction.handler.js';
import { VerifyJournalController } from './journal/verify-journal/verify-journal.controller.js';
import { VerifyJournalHandler } from './journal/verify-journal/verify-journal.handler.js';

/** The ledger: a journal per tenant, and the audit trail of all contexts. */
@Module({
  controllers: [
    InjectCapitalController,
    JournalController,
    VerifyJournalController,
    AuditController,
    PostTransactionConsumer,
    AuditConsumer,
  ],
  providers: [PostTransactionHandler, JournalQuery, VerifyJournalHandler, AuditQuery],
})
export class LedgerModule {}
