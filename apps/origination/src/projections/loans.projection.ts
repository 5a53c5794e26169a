import type { Projection } from '@daftari/event-store';
import type { LoanEvent, LoanFacts } from '../loan/domain/loan.js';

const viewOf = (facts: LoanFacts): object => ({
  loanId: facts.loanId,
  applicationId: facts.applicationId,
  customerId: facts.customerId,
  accountReference: facts.accountReference,
  productId: facts.productId,
  productName: facts.productName,
  principal: facts.principal,
  numberOfInstallments: facts.numberOfInstallments,
  approvedOn: facts.approvedOn,
  disbursementPending: false,
});

/** What of a loan's row an event changes: its status, if any, and parts of the view. */
const changeOf = (event: Exclude<LoanEvent, { type: 'LoanCreated' }>): [string | null, object] => {
  switch (event.type) {
    case 'DisbursementRequested':
      return [null, { disbursementPending: true }];
    case 'DisbursementFailed':
      return [null, { disbursementPending: false }];
    case 'LoanDisbursed':
      return ['disbursed', { disbursementPending: false, disbursedOn: event.data.disbursedOn }];
    case 'LoanActivated': {
      const first = event.data.installments[0];
      return ['active', { nextDueOn: first?.dueOn ?? null }];
    }
    case 'RepaymentAllocated': {
      const { outstanding, nextDueOn, nextDueAmount } = event.data;
      return [null, { outstanding, nextDueOn, nextDueAmount }];
    }
    case 'RepaymentReversed': {
      const { outstanding, nextDueOn, nextDueAmount, reopened } = event.data;
      const view = { outstanding, nextDueOn, nextDueAmount };
      return reopened ? ['active', { ...view, completedOn: null }] : [null, view];
    }
    case 'LoanCompleted':
      return ['completed', { completedOn: event.data.completedOn }];
    case 'LoanDefaulted':
      return ['defaulted', { defaultedOn: event.data.defaultedOn }];
  }
};

/** One row per loan, for lists. Nothing that depends on the business date is in it. */
export const loans: Projection = {
  name: 'loans',
  filter: { on: 'stream', prefixes: ['loan-'] },
  handles: [
    'LoanCreated',
    'DisbursementRequested',
    'DisbursementFailed',
    'LoanDisbursed',
    'LoanActivated',
    'RepaymentAllocated',
    'RepaymentReversed',
    'LoanCompleted',
    'LoanDefaulted',
  ],
  async apply(event, tx) {
    const fact = { type: event.type, data: event.data } as LoanEvent;
    if (fact.type === 'LoanCreated') {
      const { loanId, tenantId, customerId } = fact.data;
      await tx.query(
        `insert into read_loans(loan_id, tenant_id, customer_id, status, position, view)
         values ($1, $2, $3, 'approved', $4, $5)`,
        [loanId, tenantId, customerId, event.position, viewOf(fact.data)],
      );
      return;
    }
    const [status, view] = changeOf(fact);
    await tx.query(
      'update read_loans set status = coalesce($2, status), view = view || $3 where loan_id = $1',
      [fact.data.loanId, status, view],
    );
  },
  async reset(tx) {
    await tx.query('delete from read_loans');
  },
};
