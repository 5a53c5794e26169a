import type { Projection } from '@daftari/event-store';
import type { ApplicationEvent, ApplicationFacts } from '../application/domain/application.js';

const viewOf = (facts: ApplicationFacts): object => ({
  applicationId: facts.applicationId,
  customerId: facts.customerId,
  productId: facts.product.productId,
  productName: facts.product.name,
  principal: facts.principal,
  numberOfInstallments: facts.numberOfInstallments,
  purpose: facts.purpose,
  submittedOn: facts.submittedOn,
});

/** One row per application, for lists. */
export const applications: Projection = {
  name: 'applications',
  filter: { on: 'stream', prefixes: ['application-'] },
  handles: [
    'ApplicationSubmitted',
    'ApplicationScored',
    'ApplicationReviewStarted',
    'ApplicationApproved',
    'ApplicationRejected',
  ],
  async apply(event, tx) {
    const fact = { type: event.type, data: event.data } as ApplicationEvent;
    const change = async (status: string | null, view: object): Promise<void> => {
      await tx.query(
        'update read_applications set status = coalesce($2, status), view = view || $3 where application_id = $1',
        [fact.data.applicationId, status, view],
      );
    };
    switch (fact.type) {
      case 'ApplicationSubmitted': {
        const { applicationId, tenantId, customerId } = fact.data;
        await tx.query(
          `insert into read_applications(application_id, tenant_id, customer_id, status, position, view)
           values ($1, $2, $3, 'pending', $4, $5)`,
          [applicationId, tenantId, customerId, event.position, viewOf(fact.data)],
        );
        return;
      }
      case 'ApplicationScored':
        return change(null, { score: fact.data.total, grade: fact.data.grade });
      case 'ApplicationReviewStarted':
        return change('under_review', {});
      case 'ApplicationApproved':
        return change('approved', { loanId: fact.data.loanId, decidedOn: fact.data.on });
      case 'ApplicationRejected':
        return change('rejected', { reason: fact.data.reason, decidedOn: fact.data.on });
    }
  },
  async reset(tx) {
    await tx.query('delete from read_applications');
  },
};
