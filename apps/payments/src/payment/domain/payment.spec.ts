import { deciderSpec } from '@daftari/testing';
import fc from 'fast-check';
import { decidePayment } from './decide-payment.js';
import {
  evolvePayment,
  noPayment,
  type PaymentCommand,
  type PaymentEvent,
  type PaymentOrder,
  type PaymentStatus,
} from './payment.js';

const given = deciderSpec({
  decide: decidePayment,
  evolve: evolvePayment,
  initialState: noPayment,
});
const order: PaymentOrder = {
  paymentId: 'p1',
  loanId: 'l1',
  customerId: 'c1',
  method: 'mpesa-stk',
  amount: { amount: '100.00', currency: 'KES' },
  phone: '254700000000',
  accountReference: 'LN1',
};
const settlement = {
  receipt: 'R1',
  amount: { amount: '99.00', currency: 'KES' },
  effectiveOn: '2026-02-28',
  confirmedBy: 'callback and query',
};
const report = { checkoutRequestId: 'ws_1', success: true, receipt: 'R1', amount: null };
const refusal = { code: '1032', reason: 'cancelled' };
const why = { reason: 'x' };
const reversal = { ...why, providerReference: 'RV1', effectiveOn: '2026-03-01' };
const toLoan = {
  loanId: 'l1',
  customerId: 'c1',
  accountReference: 'LN1',
  reason: 'typing mistake',
};

const initiated: PaymentEvent = { type: 'PaymentInitiated', data: order };
const submitting: PaymentEvent = { type: 'SubmitStarted', data: order };
const prompted: PaymentEvent = { type: 'CustomerPrompted', data: { checkoutRequestId: 'ws_1' } };
const succeeded: PaymentEvent = { type: 'PaymentSucceeded', data: { ...order, ...settlement } };
const failed: PaymentEvent = { type: 'PaymentFailed', data: { ...order, ...refusal } };
const expired: PaymentEvent = { type: 'PaymentExpired', data: { ...order, ...why } };
const reversed: PaymentEvent = {
  type: 'PaymentReversed',
  data: { ...order, ...reversal, receipt: 'R1' },
};

const HISTORY: Readonly<Record<PaymentStatus, readonly PaymentEvent[]>> = {
  none: [],
  initiated: [initiated],
  submitting: [initiated, submitting],
  pending: [initiated, submitting, prompted],
  succeeded: [initiated, submitting, prompted, succeeded],
  failed: [initiated, submitting, prompted, failed],
  expired: [initiated, submitting, prompted, expired],
  reversed: [initiated, submitting, prompted, succeeded, reversed],
};
const COMMANDS: Readonly<Record<PaymentCommand['type'], PaymentCommand>> = {
  Initiate: { type: 'Initiate', data: order },
  StartSubmit: { type: 'StartSubmit' },
  RecordNotSent: { type: 'RecordNotSent', data: why },
  RecordPrompt: { type: 'RecordPrompt', data: { checkoutRequestId: 'ws_1' } },
  RecordUnknown: { type: 'RecordUnknown', data: why },
  RecordCallback: { type: 'RecordCallback', data: report },
  Succeed: { type: 'Succeed', data: settlement },
  Fail: { type: 'Fail', data: refusal },
  Expire: { type: 'Expire', data: why },
  Allocate: { type: 'Allocate', data: toLoan },
  MarkRefund: { type: 'MarkRefund', data: why },
  Reverse: { type: 'Reverse', data: reversal },
};
const STATUSES = Object.keys(HISTORY) as PaymentStatus[];
const NO = 'refused';

/** Where each command leads from each state; `refused` by the rule, the same state when it changes nothing. */
const TABLE: Readonly<Record<PaymentCommand['type'], readonly (PaymentStatus | typeof NO)[]>> = {
  // none, initiated, submitting, pending, succeeded, failed, expired, reversed
  Initiate: [
    'initiated',
    'initiated',
    'submitting',
    'pending',
    'succeeded',
    'failed',
    'expired',
    'reversed',
  ],
  StartSubmit: [NO, 'submitting', NO, NO, NO, NO, NO, NO],
  RecordNotSent: [NO, NO, 'initiated', NO, NO, NO, NO, NO],
  RecordPrompt: [NO, NO, 'pending', 'pending', 'succeeded', 'failed', 'expired', 'reversed'],
  RecordUnknown: [NO, NO, 'pending', 'pending', 'succeeded', 'failed', 'expired', 'reversed'],
  RecordCallback: [NO, NO, 'pending', 'pending', 'succeeded', 'failed', 'expired', 'reversed'],
  Succeed: [
    NO,
    'succeeded',
    'succeeded',
    'succeeded',
    'succeeded',
    'succeeded',
    'succeeded',
    'reversed',
  ],
  Fail: [NO, 'failed', 'failed', 'failed', 'succeeded', 'failed', 'expired', 'reversed'],
  Expire: [NO, NO, NO, 'expired', 'succeeded', 'failed', 'expired', 'reversed'],
  // The order names its loan already: to name it again changes nothing, and its money is no refund.
  Allocate: [NO, NO, NO, NO, 'succeeded', NO, NO, NO],
  MarkRefund: [NO, NO, NO, NO, NO, NO, NO, NO],
  Reverse: [NO, NO, NO, NO, 'reversed', NO, NO, 'reversed'],
};
const PAIRS = Object.entries(TABLE).flatMap(([command, row]) =>
  row.map((to, i) => [command as PaymentCommand['type'], STATUSES[i] ?? 'none', to] as const),
);

/** Where a payment can go from each state, by any command; every other pair of states is impossible (PY-17). */
const REACHABLE: Readonly<Record<PaymentStatus, readonly PaymentStatus[]>> = {
  none: ['initiated'],
  initiated: ['submitting', 'succeeded', 'failed'],
  submitting: ['initiated', 'pending', 'succeeded', 'failed'],
  pending: ['succeeded', 'failed', 'expired'],
  succeeded: ['reversed'],
  failed: ['succeeded'],
  expired: ['succeeded'],
  reversed: [],
};
const STATE_PAIRS = STATUSES.flatMap((from) =>
  STATUSES.map((to) => [from, to, from === to || REACHABLE[from].includes(to)] as const),
);

describe('the states of a payment', () => {
  it.each(STATE_PAIRS)('%s to %s: allowed %p', (from, to, allowed) => {
    const reached = Object.values(COMMANDS).flatMap((command) => {
      const { decision } = given(...HISTORY[from]).when(command);
      const events = decision.accepted ? decision.events : [];
      return [[...HISTORY[from], ...events].reduce(evolvePayment, noPayment).status];
    });
    expect(reached.includes(to)).toBe(allowed);
  });
});

describe('a payment in suspense', () => {
  const nobodys = { ...order, loanId: null, customerId: null, accountReference: 'TYPO' };
  const arrived: PaymentEvent[] = [
    { type: 'PaymentInitiated', data: nobodys },
    { type: 'PaymentSucceeded', data: { ...nobodys, ...settlement } },
  ];
  const { receipt, effectiveOn, amount } = settlement;
  const allocated: PaymentEvent = {
    type: 'PaymentAllocated',
    data: { ...nobodys, ...toLoan, amount, receipt, effectiveOn },
  };
  const marked: PaymentEvent = { type: 'RefundMarked', data: { ...nobodys, amount, ...why } };

  it('goes to a loan with what was really paid, on the day on which it was paid, once', () => {
    given(...arrived)
      .when(COMMANDS.Allocate)
      .then(allocated);
    given(...arrived, allocated)
      .when(COMMANDS.Allocate)
      .then();
    given(...arrived, allocated)
      .when({ type: 'Allocate', data: { ...toLoan, loanId: 'l2' } })
      .thenRejects('payment/allocated-already');
  });

  it('is marked for refund once, and then belongs to no loan', () => {
    given(...arrived)
      .when(COMMANDS.MarkRefund)
      .then(marked);
    given(...arrived, marked)
      .when(COMMANDS.MarkRefund)
      .then();
    given(...arrived, marked)
      .when(COMMANDS.Allocate)
      .thenRejects('payment/refund-due');
    given(...arrived, allocated)
      .when(COMMANDS.MarkRefund)
      .thenRejects('payment/allocated-already');
  });

  it('is reversed with the receipt that it reverses', () => {
    given(...arrived, marked)
      .when(COMMANDS.Reverse)
      .then({ type: 'PaymentReversed', data: { ...nobodys, amount, ...reversal, receipt } });
  });
});

describe('payment', () => {
  it.each(PAIRS)('%s in state %s leads to %s', (command, from, to) => {
    const { decision } = given(...HISTORY[from]).when(COMMANDS[command]);
    const after = decision.accepted
      ? [...HISTORY[from], ...decision.events].reduce(evolvePayment, noPayment).status
      : NO;
    expect(after).toBe(to);
  });

  it('is not settled by a callback alone, only by what the provider confirms', () => {
    given(initiated, submitting, prompted)
      .when(COMMANDS.RecordCallback)
      .then({ type: 'CallbackReported', data: report });
  });

  it('settles the amount that was really paid', () => {
    given(initiated, submitting, prompted)
      .when(COMMANDS.Succeed)
      .then({ type: 'PaymentSucceeded', data: { ...order, ...settlement } });
  });

  it('keeps the receipt of a callback that comes after it was given up, and takes the late success', () => {
    const late: PaymentEvent = { type: 'CallbackReported', data: report };
    const state = [initiated, submitting, prompted, expired, late].reduce(evolvePayment, noPayment);
    expect(state).toMatchObject({ status: 'expired', reported: { receipt: 'R1' } });
    given(initiated, submitting, prompted, expired, late).when(COMMANDS.Succeed).then(succeeded);
  });

  it('keeps a success and notes the evidence against it', () => {
    given(initiated, submitting, prompted, succeeded)
      .when(COMMANDS.Fail)
      .then({ type: 'ContradictoryEvidence', data: { reason: 'cancelled' } });
  });

  it('settles at most once, whatever arrives in whatever order', () => {
    const command = fc.constantFrom(...Object.values(COMMANDS));
    fc.assert(
      fc.property(fc.array(command, { maxLength: 30 }), (commands) => {
        const events: PaymentEvent[] = [];
        for (const next of commands) {
          const decision = decidePayment(next, events.reduce(evolvePayment, noPayment));
          if (decision.accepted) events.push(...decision.events);
        }
        expect(events.filter(({ type }) => type === 'PaymentSucceeded').length).toBeLessThan(2);
        expect(events.filter(({ type }) => type === 'PaymentInitiated').length).toBeLessThan(2);
      }),
    );
  });
});
