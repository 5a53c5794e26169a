import type { ServiceDefinition } from '@daftari/service-kit';
import { ReportingConfig } from './config.js';
import { CollectionEntity, InstallmentEntity } from './loans/loan.entities.js';
import { migrations } from './migrations.js';
import { ReportingModule } from './reporting.module.js';

/** The reporting service. */
export const service: ServiceDefinition<ReportingConfig> = {
  name: 'reporting',
  config: ReportingConfig,
  module: ReportingModule,
  migrations,
  entities: [CollectionEntity, InstallmentEntity],
  produces: [],
  openapi: { title: 'Reporting', description: 'Portfolio, collections, arrears and checks' },
};
