import { TOPIC } from '@daftari/contracts';
import type { ServiceDefinition } from '@daftari/service-kit';
import { auditEvents } from './audit/audit.projection.js';
import { LedgerConfig } from './config.js';
import { journalEntries } from './journal/find-entries/journal.projection.js';
import { LedgerModule } from './ledger.module.js';
import { migrations } from './migrations.js';
import { translate } from './translate.js';

/** The ledger service. */
export const service: ServiceDefinition<LedgerConfig> = {
  name: 'ledger',
  config: LedgerConfig,
  module: LedgerModule,
  migrations,
  eventSourced: true,
  produces: [TOPIC.ledgerTransactionV1],
  translate,
  projections: [journalEntries, auditEvents],
  openapi: {
    title: 'Ledger',
    description: 'Double-entry journal of each lender, its proofs, and the audit trail',
  },
};
