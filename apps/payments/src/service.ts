import { Module } from '@nestjs/common';
import { TOPIC } from '@daftari/contracts';
import { isReachable, type ServiceDefinition } from '@daftari/service-kit';
import { PaymentsConfig } from './config.js';
import { LedgerConsumer } from './consumers/ledger.consumer.js';
import { LoanConsumer } from './consumers/loan.consumer.js';
import { PayoutTasks } from './disbursement/payout.tasks.js';
import { CallbackStore } from './hooks/callback-store.js';
import { HooksController } from './hooks/hooks.controller.js';
import { KeepRawCallbacks } from './hooks/keep-raw.js';
import { InboxWorker } from './hooks/inbox-worker.js';
import { paymentTables, receiptsAndPayouts, reviewItems } from './migrations.js';
import { CollectionTasks } from './payment/collection.tasks.js';
import { PaymentsController } from './payment/payments.controller.js';
import { paymentsProjection } from './payment/payments.projection.js';
import { Receipts } from './payment/receipts.js';
import { darajaProvider } from './provider/daraja.provider.js';
import { Paybill } from './hooks/paybill.js';
import { RegisterCallbacks } from './provider/register-callbacks.js';
import { OperatorController } from './review/operator.controller.js';
import { ReviewController } from './review/review.controller.js';
import { ReviewDesk } from './review/review-desk.js';
import { Streams } from './streams.js';
import { countTasks, TaskQueue } from './tasks/task-queue.js';
import { TaskWorker } from './tasks/task-worker.js';
import { translate } from './translate.js';

@Module({
  controllers: [
    ReviewController,
    OperatorController,
    PaymentsController,
    HooksController,
    LoanConsumer,
    LedgerConsumer,
  ],
  providers: [
    Streams,
    TaskQueue,
    TaskWorker,
    CollectionTasks,
    PayoutTasks,
    InboxWorker,
    Paybill,
    CallbackStore,
    RegisterCallbacks,
    Receipts,
    ReviewDesk,
    KeepRawCallbacks,
    darajaProvider,
  ],
})
class PaymentsModule {}

/** The payments service: collections, payouts, provider callbacks, the disbursement process. */
export const service: ServiceDefinition<PaymentsConfig> = {
  name: 'payments',
  config: PaymentsConfig,
  module: PaymentsModule,
  migrations: [paymentTables, receiptsAndPayouts, reviewItems],
  eventSourced: true,
  produces: [TOPIC.paymentV1, TOPIC.disbursementV1, TOPIC.ledgerCommandsV1, TOPIC.auditV1],
  translate,
  projections: [paymentsProjection],
  expiring: [{ table: 'provider_call', column: 'at', days: 90 }],
  work: countTasks,
  dependencies: ({ DARAJA_BASE_URL }) => [
    { name: 'integrations', check: () => isReachable(DARAJA_BASE_URL) },
  ],
  openapi: { title: 'Payments', description: 'Money in and money out, once each.' },
};
