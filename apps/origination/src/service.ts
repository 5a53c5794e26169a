import { Module } from '@nestjs/common';
import { TOPIC } from '@daftari/contracts';
import type { ServiceDefinition } from '@daftari/service-kit';
import { DecideApplicationController } from './application/decide-application/decide-application.controller.js';
import { DecideApplicationHandler } from './application/decide-application/decide-application.handler.js';
import { FindApplicationsController } from './application/find-applications/find-applications.controller.js';
import { ReviewApplicationController } from './application/review-application/review-application.controller.js';
import { SubmitApplicationController } from './application/submit-application/submit-application.controller.js';
import { SubmitApplicationHandler } from './application/submit-application/submit-application.handler.js';
import { OriginationConfig } from './config.js';
import { DisbursementConsumer } from './consumers/disbursement.consumer.js';
import { PaymentConsumer } from './consumers/payment.consumer.js';
import { CustomerProfiles } from './customer/customer-profiles.js';
import { ChangeLoan } from './loan/change-loan.js';
import { DefaultLoanController } from './loan/default-loan/default-loan.controller.js';
import { DisburseLoanController } from './loan/disburse-loan/disburse-loan.controller.js';
import { FindLoansController } from './loan/find-loans/find-loans.controller.js';
import { originationTables } from './migrations/20260101_100001_origination.js';
import { FindProductsController } from './product/find-products/find-products.controller.js';
import { PublishProductController } from './product/publish-product/publish-product.controller.js';
import { PublishProductHandler } from './product/publish-product/publish-product.handler.js';
import { applications } from './projections/applications.projection.js';
import { loans } from './projections/loans.projection.js';
import { products } from './projections/products.projection.js';
import { translate } from './translate.js';

@Module({
  controllers: [
    PublishProductController,
    FindProductsController,
    SubmitApplicationController,
    FindApplicationsController,
    ReviewApplicationController,
    DecideApplicationController,
    DisburseLoanController,
    DefaultLoanController,
    FindLoansController,
    PaymentConsumer,
    DisbursementConsumer,
  ],
  providers: [
    PublishProductHandler,
    SubmitApplicationHandler,
    DecideApplicationHandler,
    CustomerProfiles,
    ChangeLoan,
  ],
})
class OriginationModule {}

/** The origination service: products, applications with their scores, and loans with their schedules. */
export const service: ServiceDefinition<OriginationConfig> = {
  name: 'origination',
  config: OriginationConfig,
  module: OriginationModule,
  migrations: [originationTables],
  eventSourced: true,
  produces: [TOPIC.applicationV1, TOPIC.loanV1, TOPIC.ledgerCommandsV1, TOPIC.auditV1],
  translate,
  projections: [products, applications, loans],
  openapi: {
    title: 'Origination',
    description: 'Loan products, applications and their decisions, loans and their schedules.',
  },
};
