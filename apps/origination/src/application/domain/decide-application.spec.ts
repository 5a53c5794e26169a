import { deterministicId } from '@daftari/kernel';
import { deciderSpec } from '@daftari/testing';
import { productFixture } from '../../testing/product-fixture.js';
import {
  type ApplicationCommand,
  type ApplicationEvent,
  type DecidedBy,
  initialApplication,
  type Submission,
} from './application.js';
import { decideApplication, evolveApplication } from './decide-application.js';
import { failedRules, normalPhone } from './rules.js';
import { scoreOf } from './score.js';
import { basicV1 } from '../scorecards/basic-v1.js';

const given = deciderSpec({
  decide: decideApplication,
  evolve: evolveApplication,
  initialState: initialApplication,
});
const applicationId = deterministicId('application', 'a');
const customerId = deterministicId('user', 'customer');
const loanId = deterministicId('loan', applicationId);
const by = (who: string, commandId = `command of ${who}`): DecidedBy => ({
  actorId: who,
  commandId,
  on: '2026-01-31',
});
const submission = (changes: Partial<Submission> = {}): Submission => ({
  applicationId,
  tenantId: productFixture().tenantId,
  customerId,
  emailVerified: true,
  product: productFixture(),
  principal: { amount: '25000.00', currency: 'KES' },
  numberOfInstallments: 3,
  phone: '0700000001',
  purpose: null,
  submittedOn: '2026-01-31',
  customer: {
    monthlyIncome: { amount: '50000.00', currency: 'KES' },
    employed: true,
    completedLoans: 0,
  },
  ...changes,
});
const submit = (changes: Partial<Submission> = {}): ApplicationCommand => ({
  type: 'SubmitApplication',
  data: submission(changes),
});
const eventsOf = (command: ApplicationCommand): readonly ApplicationEvent[] => {
  const decision = decideApplication(command, initialApplication);
  return decision.accepted ? decision.events : [];
};

const review = (who = 'reviewer'): ApplicationCommand => ({
  type: 'ReviewApplication',
  data: by(who),
});
const approve = (who = 'approver'): ApplicationCommand => ({
  type: 'ApproveApplication',
  data: { ...by(who, `approval by ${who}`), loanId },
});
const refuse = (who = 'approver'): ApplicationCommand => ({
  type: 'RejectApplication',
  data: { ...by(who, `rejection by ${who}`), reason: 'Income', nextSteps: 'Wait' },
});
const started: ApplicationEvent = {
  type: 'ApplicationReviewStarted',
  data: { ...by('reviewer'), applicationId },
};
const approved: ApplicationEvent = {
  type: 'ApplicationApproved',
  data: { ...by('approver', 'approval by approver'), applicationId, customerId, loanId },
};
const rejected: ApplicationEvent = {
  type: 'ApplicationRejected',
  data: {
    ...by('approver', 'rejection by approver'),
    applicationId,
    customerId,
    reason: 'Income',
    nextSteps: 'Wait',
  },
};
const pending = eventsOf(submit());
const HISTORIES = {
  none: [],
  pending,
  under_review: [...pending, started],
  approved: [...pending, started, approved],
  rejected: [...pending, started, rejected],
} as const satisfies Record<string, readonly ApplicationEvent[]>;

describe('sending in an application', () => {
  it('keeps what was applied for and a score that can be computed again', () => {
    const [sent, scored] = pending;
    expect(sent).toMatchObject({ type: 'ApplicationSubmitted', data: { phone: '254700000001' } });
    if (scored?.type !== 'ApplicationScored') throw new Error('it was not scored');
    const { installment, applicationId: id, ...score } = scored.data;
    expect([id, installment.currency]).toEqual([applicationId, 'KES']);
    expect(scoreOf(basicV1, score.inputs)).toEqual(score);
    expect(JSON.stringify(scored.data)).not.toContain(customerId);
  });

  it('changes nothing when it is repeated', () => {
    given(...pending)
      .when(submit())
      .then();
  });

  it('is refused before anything else while the e-mail address is not verified', () => {
    given()
      .when(submit({ emailVerified: false, phone: 'x' }))
      .thenRejects('application/email-not-verified');
  });

  const kes = (amount: string) => ({ amount, currency: 'KES' });
  const earning = (monthlyIncome: Submission['customer']['monthlyIncome']) => ({
    customer: { monthlyIncome, employed: true, completedLoans: 0 },
  });
  it.each([
    ['application/unknown-product', { product: null }],
    ['application/amount-invalid', { principal: kes('0.00') }],
    ['application/amount-invalid', { principal: kes('25000.001') }],
    ['application/wrong-currency', { principal: { amount: '25000.00', currency: 'UGX' } }],
    ['application/amount-too-small', { principal: kes('4999.99') }],
    ['application/amount-too-large', { principal: kes('100000.01') }],
    ['application/term-too-short', { numberOfInstallments: 0 }],
    ['application/term-too-long', { numberOfInstallments: 13 }],
    ['application/phone-invalid', { phone: '12345' }],
    ['application/income-missing', earning(null)],
    ['application/income-in-other-currency', earning({ amount: '50000.00', currency: 'EUR' })],
    ['application/income-too-low', earning(kes('9999.99'))],
    ['application/score-too-low', { product: productFixture({ minScore: 1_000 }) }],
  ] as const)('is refused with %s', (code, changes) => {
    given().when(submit(changes)).thenRejects('application/invalid');
    expect(failedRules(submission(changes)).map((rule) => rule.code)).toContain(code);
  });

  it.each([
    ['5000.00', 1],
    ['100000.00', 12],
  ])('accepts the limits themselves: %s in %i', (amount, numberOfInstallments) => {
    const product = productFixture({ minScore: null });
    expect(
      failedRules(submission({ product, principal: kes(amount), numberOfInstallments })),
    ).toEqual([]);
  });

  it('lists every failed rule at once', () => {
    const codes = failedRules(
      submission({
        principal: kes('1.00'),
        numberOfInstallments: 99,
        phone: '1',
        ...earning(null),
      }),
    ).map((rule) => `${rule.field} ${rule.code}`);
    expect(codes).toEqual([
      'principal.amount application/amount-too-small',
      'numberOfInstallments application/term-too-long',
      'phone application/phone-invalid',
      'monthlyIncome application/income-missing',
    ]);
  });

  it.each([
    ['0712 345 678', '254712345678'],
    ['+254112345678', '254112345678'],
    ['254712345678', '254712345678'],
    ['712345678', null],
    ['0812345678', null],
  ])('reads the phone %s as %s', (given, expected) => {
    expect(normalPhone(given)).toBe(expected);
  });
});

describe('deciding an application', () => {
  const commands = {
    review: review('somebody'),
    approve: approve('other'),
    reject: refuse('other'),
  };
  const legal: Record<string, string> = {
    'pending review': 'ApplicationReviewStarted',
    'pending reject': 'ApplicationRejected',
    'under_review approve': 'ApplicationApproved',
    'under_review reject': 'ApplicationRejected',
  };
  const pairs = Object.entries(HISTORIES).flatMap(([status, history]) =>
    Object.entries(commands).map(([name, command]) => ({
      pair: `${status} ${name}`,
      history: history as readonly ApplicationEvent[],
      command,
      event: legal[`${status} ${name}`],
    })),
  );
  it.each(pairs)('$pair → $event', ({ history, command, event }) => {
    const { decision, thenRejects } = given(...history).when(command);
    if (event === undefined) thenRejects('application/illegal-transition');
    else expect(decision).toMatchObject({ accepted: true, events: [{ type: event }] });
  });

  it.each(['reviewer', customerId])('is not for %s to approve', (who) => {
    given(...HISTORIES.under_review)
      .when(approve(who))
      .thenRejects('application/same-person');
  });

  it('says that the transition is illegal before it says that the person is wrong', () => {
    given(...HISTORIES.approved)
      .when({ type: 'ApproveApplication', data: { ...by('reviewer', 'again'), loanId } })
      .thenRejects('application/illegal-transition');
  });

  it.each([
    ['review', HISTORIES.under_review, review()],
    ['approve', HISTORIES.approved, approve()],
    ['reject', HISTORIES.rejected, refuse()],
  ])('takes the repeat of the same %s and changes nothing', (_, history, command) => {
    given(...history)
      .when(command)
      .then();
  });

  it('keeps reason and next steps of a rejection', () => {
    expect(HISTORIES.rejected.reduce(evolveApplication, initialApplication)).toMatchObject({
      status: 'rejected',
      reason: 'Income',
      nextSteps: 'Wait',
    });
  });
});
