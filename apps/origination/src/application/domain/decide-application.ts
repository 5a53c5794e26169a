import { accept, type Decision, moneyToJson, parseMoney, reject } from '@daftari/kernel';
import type {
  Application,
  ApplicationCommand,
  ApplicationEvent,
  ApplicationRejection,
  DecidedBy,
  Submission,
} from './application.js';
import { assess, failedRules, normalPhone } from './rules.js';

type Answer = Decision<ApplicationEvent, ApplicationRejection>;

const submit = (data: Submission, state: Application): Answer => {
  if (state.status !== 'none') return accept(); // The id derives from the command: this is its repeat.
  if (!data.emailVerified) return reject('application/email-not-verified');
  const failed = failedRules(data);
  const phone = normalPhone(data.phone);
  if (failed.length > 0 || !data.product || phone === null) {
    return reject(
      'application/invalid',
      failed.map((rule) => rule.code),
    );
  }
  const { applicationId, tenantId, customerId, product, numberOfInstallments } = data;
  const { purpose, submittedOn, vendorId = null } = data;
  const principal = moneyToJson(parseMoney(data.principal));
  const { installment, score } = assess(data, product);
  return accept<ApplicationEvent>(
    {
      type: 'ApplicationSubmitted',
      data: {
        applicationId,
        tenantId,
        customerId,
        product,
        principal,
        numberOfInstallments,
        phone,
        purpose,
        vendorId,
        submittedOn,
      },
    },
    { type: 'ApplicationScored', data: { ...score, applicationId, installment } },
  );
};

const by = ({ actorId, commandId, on }: DecidedBy): DecidedBy => ({ actorId, commandId, on });

/**
 * Decides one command; pure. pending → under_review or rejected; under_review → approved or rejected; anything
 * else is refused. The repeat of a command that already took effect is accepted and changes nothing.
 */
export const decideApplication = (command: ApplicationCommand, state: Application): Answer => {
  if (command.type === 'SubmitApplication') return submit(command.data, state);
  const { facts, status } = state;
  const { commandId } = command.data;
  if ([state.reviewedBy, state.decidedBy].some((done) => done?.commandId === commandId))
    return accept();
  if (!facts) return reject('application/illegal-transition');
  const { applicationId, customerId, vendorId = null } = facts;
  switch (command.type) {
    case 'ReviewApplication':
      if (status !== 'pending') return reject('application/illegal-transition');
      return accept({
        type: 'ApplicationReviewStarted',
        data: { ...by(command.data), applicationId },
      });
    case 'ApproveApplication': {
      if (status !== 'under_review') return reject('application/illegal-transition');
      const { actorId, loanId } = command.data;
      // Nobody approves what they reviewed, nor what they applied for themselves.
      if (state.reviewedBy?.actorId === actorId || customerId === actorId)
        return reject('application/same-person');
      return accept({
        type: 'ApplicationApproved',
        data: { ...by(command.data), applicationId, customerId, loanId },
      });
    }
    case 'RejectApplication': {
      if (status !== 'pending' && status !== 'under_review')
        return reject('application/illegal-transition');
      const { reason, nextSteps } = command.data;
      return accept({
        type: 'ApplicationRejected',
        data: { ...by(command.data), applicationId, customerId, vendorId, reason, nextSteps },
      });
    }
  }
};

/** Folds one event. */
export const evolveApplication = (state: Application, event: ApplicationEvent): Application => {
  switch (event.type) {
    case 'ApplicationSubmitted':
      return { ...state, status: 'pending', facts: event.data };
    case 'ApplicationScored': {
      const { card, inputs, factors, total, grade, installment } = event.data;
      return { ...state, score: { card, inputs, factors, total, grade }, installment };
    }
    case 'ApplicationReviewStarted':
      return { ...state, status: 'under_review', reviewedBy: by(event.data) };
    case 'ApplicationApproved':
      return {
        ...state,
        status: 'approved',
        decidedBy: by(event.data),
        loanId: event.data.loanId,
      };
    case 'ApplicationRejected': {
      const { reason, nextSteps } = event.data;
      return { ...state, status: 'rejected', decidedBy: by(event.data), reason, nextSteps };
    }
  }
};
