import {
  applicationDecided,
  applicationSubmitted,
  disbursementRequested,
  loanActivated,
  loanStatusChanged,
  type MessageDefinition,
  postTransaction,
  repaymentAllocated,
  repaymentReversed,
} from '@daftari/contracts';
import type { RecordedEvent } from '@daftari/event-store';
import { deterministicId } from '@daftari/kernel';
import type { IntegrationMessage } from '@daftari/messaging';
import { integrationMessage } from '@daftari/service-kit';
import type { ApplicationEvent } from './application/domain/application.js';
import type { LoanEvent, LoanRef } from './loan/domain/loan.js';

type Facts = ApplicationEvent | LoanEvent | { type: 'ProductPublished'; data: unknown };
type Out = (definition: MessageDefinition, key: string, data: object) => IntegrationMessage;

const statusOf = (
  { loanId, customerId, accountReference }: LoanRef,
  status: string,
  on: string,
  reason: string | null = null,
): object => ({ loanId, customerId, accountReference, status, on, reason });

const repayment = (
  data: Extract<LoanEvent, { type: 'RepaymentAllocated' }>['data'],
  tenantId: string,
  out: Out,
): IntegrationMessage[] => {
  const { accountReference: _, ...published } = data;
  const { amount, principal, interest, fees, penalties, overpayment } = data;
  const command = {
    transactionId: deterministicId('repayment-allocated', data.paymentId),
    kind: 'repayment-allocated',
    currency: data.currency,
    amounts: { amount, principal, interest, fees, penalties, overpayment },
    effectiveOn: data.effectiveOn,
    loanId: data.loanId,
    paymentId: data.paymentId,
    reference: data.receipt,
  };
  return [out(repaymentAllocated, data.loanId, published), out(postTransaction, tenantId, command)];
};

const reversal = (
  data: Extract<LoanEvent, { type: 'RepaymentReversed' }>['data'],
  tenantId: string,
  out: Out,
): IntegrationMessage[] => {
  const { accountReference: _, reopened, ...published } = data;
  const { amount, principal, interest, fees, penalties, overpayment } = data;
  const command = {
    transactionId: deterministicId('repayment-deallocated', data.paymentId),
    kind: 'repayment-deallocated',
    currency: data.currency,
    amounts: { amount, principal, interest, fees, penalties, overpayment },
    effectiveOn: data.effectiveOn,
    loanId: data.loanId,
    paymentId: data.paymentId,
    reference: data.providerReference,
  };
  return [
    out(repaymentReversed, data.loanId, published),
    out(postTransaction, tenantId, command),
    ...(reopened
      ? [
          out(
            loanStatusChanged,
            data.loanId,
            statusOf(data, 'active', data.effectiveOn, data.reason),
          ),
        ]
      : []),
  ];
};

const messagesOf = (fact: Facts, tenantId: string, out: Out): IntegrationMessage[] => {
  switch (fact.type) {
    case 'ApplicationSubmitted': {
      const { applicationId, customerId, product, principal, numberOfInstallments } = fact.data;
      const { vendorId = null } = fact.data;
      const { productId } = product;
      const asked = { productId, principal, numberOfInstallments, vendorId };
      return [out(applicationSubmitted, applicationId, { applicationId, customerId, ...asked })];
    }
    case 'ApplicationApproved': {
      const { applicationId, customerId, loanId } = fact.data;
      const none = { reason: null, nextSteps: null };
      const data = { applicationId, customerId, decision: 'approved', loanId, ...none };
      return [out(applicationDecided, applicationId, data)];
    }
    case 'ApplicationRejected': {
      const { applicationId, customerId, vendorId = null, reason, nextSteps } = fact.data;
      const decided = { decision: 'rejected', loanId: null, reason, nextSteps, vendorId };
      return [out(applicationDecided, applicationId, { applicationId, customerId, ...decided })];
    }
    case 'LoanCreated':
      return [
        out(
          loanStatusChanged,
          fact.data.loanId,
          statusOf(fact.data, 'approved', fact.data.approvedOn),
        ),
      ];
    case 'DisbursementRequested': {
      const { commandId: _, ...published } = fact.data;
      return [out(disbursementRequested, fact.data.loanId, published)];
    }
    case 'DisbursementFailed': {
      const { loanId, on, reason } = fact.data;
      return [out(loanStatusChanged, loanId, statusOf(fact.data, 'approved', on, reason))];
    }
    case 'LoanDisbursed': {
      const { loanId, disbursedOn } = fact.data;
      return [out(loanStatusChanged, loanId, statusOf(fact.data, 'disbursed', disbursedOn))];
    }
    case 'LoanActivated': {
      const { loanId, disbursedOn } = fact.data;
      return [
        out(loanActivated, loanId, fact.data),
        out(loanStatusChanged, loanId, statusOf(fact.data, 'active', disbursedOn)),
      ];
    }
    case 'RepaymentAllocated':
      return repayment(fact.data, tenantId, out);
    case 'RepaymentReversed':
      return reversal(fact.data, tenantId, out);
    case 'LoanCompleted': {
      const { loanId, completedOn } = fact.data;
      return [out(loanStatusChanged, loanId, statusOf(fact.data, 'completed', completedOn))];
    }
    case 'LoanDefaulted': {
      const { loanId, defaultedOn, reason } = fact.data;
      return [
        out(loanStatusChanged, loanId, statusOf(fact.data, 'defaulted', defaultedOn, reason)),
      ];
    }
    case 'ApplicationScored':
    case 'ApplicationReviewStarted':
    case 'ProductPublished':
      return [];
  }
};

/** What of the event log is published, and as what. Pure: each event carries all that its messages need. */
export const translate = (event: RecordedEvent): readonly IntegrationMessage[] =>
  messagesOf(
    { type: event.type, data: event.data } as Facts,
    event.metadata['tenantId'] ?? '',
    (definition, key, data) => integrationMessage(event, definition, key, data),
  );
