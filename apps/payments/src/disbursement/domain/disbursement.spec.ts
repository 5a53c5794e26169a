import { deciderSpec } from '@daftari/testing';
import fc from 'fast-check';
import { decideDisbursement } from './decide-disbursement.js';
import {
  type DisbursementCommand,
  type DisbursementEvent,
  type DisbursementStatus,
  evolveDisbursement,
  noDisbursement,
  type PayoutOrder,
} from './disbursement.js';

const given = deciderSpec({
  decide: decideDisbursement,
  evolve: evolveDisbursement,
  initialState: noDisbursement,
});
const order: PayoutOrder = {
  disbursementId: 'd1',
  loanId: 'l1',
  customerId: 'c1',
  amount: { amount: '25000.00', currency: 'KES' },
  phone: '254700000001',
  effectiveOn: '2026-01-31',
};
const refusal = { code: '1', reason: 'no balance' };
const started: DisbursementEvent = { type: 'DisbursementStarted', data: order };
const reserved: DisbursementEvent = { type: 'FundsReserved', data: {} };
const submitting: DisbursementEvent = { type: 'PayoutSubmitStarted', data: {} };
const acceptedByProvider: DisbursementEvent = {
  type: 'PayoutAccepted',
  data: { providerRef: 'AG_1' },
};
const unknown: DisbursementEvent = { type: 'PayoutUnknown', data: { reason: 'timeout' } };
const settled: DisbursementEvent = { type: 'PayoutSettled', data: { ...order, receipt: 'R1' } };
const declined: DisbursementEvent = { type: 'PayoutDeclined', data: { ...order, ...refusal } };
const completed: DisbursementEvent = {
  type: 'DisbursementCompleted',
  data: { ...order, receipt: 'R1' },
};
const failed: DisbursementEvent = {
  type: 'DisbursementFailed',
  data: { ...order, reason: 'no balance' },
};

const recovered: DisbursementEvent = {
  type: 'PayoutRecovered',
  data: { ...order, receipt: 'R1', note: 'seen in the statement' },
};
const word = { providerReference: 'R1', reason: 'seen in the statement' };

const SUBMITTED = [started, reserved, submitting];
const HISTORY: Readonly<Record<DisbursementStatus, readonly DisbursementEvent[]>> = {
  none: [],
  reserving: [started],
  reserved: [started, reserved],
  submitting: SUBMITTED,
  accepted: [...SUBMITTED, acceptedByProvider],
  unknown: [...SUBMITTED, unknown],
  settled: [...SUBMITTED, settled],
  releasing: [...SUBMITTED, declined],
  completed: [...SUBMITTED, settled, completed],
  recovering: [...SUBMITTED, declined, failed, recovered],
  failed: [...SUBMITTED, declined, failed],
};
const STATUSES = Object.keys(HISTORY) as DisbursementStatus[];
const COMMANDS: Readonly<Record<DisbursementCommand['type'], DisbursementCommand>> = {
  Start: { type: 'Start', data: order },
  ConfirmReservation: { type: 'ConfirmReservation' },
  RefuseReservation: { type: 'RefuseReservation', data: { reason: 'no funds' } },
  StartSubmit: { type: 'StartSubmit' },
  RecordNotSent: { type: 'RecordNotSent', data: { reason: 'dns' } },
  RecordAccepted: { type: 'RecordAccepted', data: { providerRef: 'AG_1' } },
  RecordUnknown: { type: 'RecordUnknown', data: { reason: 'timeout' } },
  Settle: { type: 'Settle', data: { receipt: 'R1' } },
  Decline: { type: 'Decline', data: refusal },
  ConfirmPosting: { type: 'ConfirmPosting' },
  ConfirmRelease: { type: 'ConfirmRelease' },
  ConfirmRecovery: { type: 'ConfirmRecovery' },
  RefuseRecovery: { type: 'RefuseRecovery', data: { reason: 'no funds' } },
  ConfirmExecuted: { type: 'ConfirmExecuted', data: word },
  ConfirmFailed: { type: 'ConfirmFailed', data: word },
  DismissReview: { type: 'DismissReview', data: { reason: 'a mistake' } },
};
/** The only moves; every other pair of command and state moves nothing. */
const MOVES: Readonly<Record<string, DisbursementStatus>> = {
  'none Start': 'reserving',
  'reserving ConfirmReservation': 'reserved',
  'reserving RefuseReservation': 'failed',
  'reserved StartSubmit': 'submitting',
  'submitting RecordNotSent': 'reserved',
  'submitting RecordAccepted': 'accepted',
  'submitting RecordUnknown': 'unknown',
  'submitting Settle': 'settled',
  'submitting Decline': 'releasing',
  'accepted Settle': 'settled',
  'accepted Decline': 'releasing',
  'unknown RecordAccepted': 'accepted',
  'unknown Settle': 'settled',
  'unknown Decline': 'releasing',
  'settled ConfirmPosting': 'completed',
  'releasing ConfirmRelease': 'failed',
  'reserved ConfirmFailed': 'releasing',
  'submitting ConfirmExecuted': 'settled',
  'submitting ConfirmFailed': 'releasing',
  'accepted ConfirmExecuted': 'settled',
  'accepted ConfirmFailed': 'releasing',
  'unknown ConfirmExecuted': 'settled',
  'unknown ConfirmFailed': 'releasing',
  'failed ConfirmExecuted': 'recovering',
  'recovering ConfirmRecovery': 'settled',
  'recovering RefuseRecovery': 'failed',
};
const PAIRS = STATUSES.flatMap((from) =>
  (Object.keys(COMMANDS) as DisbursementCommand['type'][]).map(
    (command) => [from, command, MOVES[`${from} ${command}`] ?? from] as const,
  ),
);

describe('disbursement', () => {
  it.each(PAIRS)('in state %s, %s leads to %s', (from, command, to) => {
    const { decision } = given(...HISTORY[from]).when(COMMANDS[command]);
    const events = decision.accepted ? decision.events : [];
    expect([...HISTORY[from], ...events].reduce(evolveDisbursement, noDisbursement).status).toBe(
      to,
    );
  });

  it('asks for people when evidence contradicts its end', () => {
    const late: DisbursementEvent = {
      type: 'ContradictoryPayoutEvidence',
      data: { reason: 'paid out after a refusal' },
    };
    const state = [...HISTORY.failed, late].reduce(evolveDisbursement, noDisbursement);
    expect(state).toMatchObject({ status: 'failed', review: 'paid out after a refusal' });
  });

  it('keeps evidence against its end and does not act on it', () => {
    given(...HISTORY.failed)
      .when(COMMANDS.Settle)
      .then({
        type: 'ContradictoryPayoutEvidence',
        data: { reason: 'paid out as R1 after a refusal' },
      });
    given(...HISTORY.completed)
      .when(COMMANDS.Decline)
      .then({ type: 'ContradictoryPayoutEvidence', data: { reason: 'no balance' } });
  });
});

describe("a person's word about a payout", () => {
  it("settles an undecided one, with the provider's reference and the reason", () => {
    given(...HISTORY.unknown)
      .when(COMMANDS.ConfirmExecuted)
      .then({
        type: 'PayoutSettled',
        data: { ...order, receipt: 'R1', note: 'seen in the statement' },
      });
    given(...HISTORY.unknown)
      .when(COMMANDS.ConfirmFailed)
      .then({
        type: 'PayoutDeclined',
        data: { ...order, code: 'operator', reason: 'seen in the statement (R1)' },
      });
  });

  it.each(['settled', 'recovering', 'completed'] as const)(
    'changes nothing when it repeats what is so in state %s, and is refused against it',
    (status) => {
      given(...HISTORY[status])
        .when(COMMANDS.ConfirmExecuted)
        .then();
      given(...HISTORY[status])
        .when({ type: 'ConfirmExecuted', data: { ...word, providerReference: 'R2' } })
        .thenRejects('disbursement/already-executed');
      given(...HISTORY[status])
        .when(COMMANDS.ConfirmFailed)
        .thenRejects('disbursement/already-executed');
    },
  );

  it('is refused before anything was sent', () => {
    for (const status of ['reserving', 'reserved'] as const)
      given(...HISTORY[status])
        .when(COMMANDS.ConfirmExecuted)
        .thenRejects('disbursement/illegal-transition');
    given(...HISTORY.reserving)
      .when(COMMANDS.ConfirmFailed)
      .thenRejects('disbursement/illegal-transition');
  });

  it('ends a review that there is, and only that', () => {
    const late: DisbursementEvent = {
      type: 'ContradictoryPayoutEvidence',
      data: { reason: 'paid out after a refusal' },
    };
    given(...HISTORY.failed, late)
      .when(COMMANDS.DismissReview)
      .then({ type: 'ReviewDismissed', data: { reason: 'a mistake' } });
    given(...HISTORY.failed)
      .when(COMMANDS.DismissReview)
      .thenRejects('disbursement/nothing-to-review');
  });

  it('asks for people again when there is no money for a recovery', () => {
    const refused: DisbursementEvent = { type: 'RecoveryRefused', data: { reason: 'no funds' } };
    const state = [...HISTORY.recovering, refused].reduce(evolveDisbursement, noDisbursement);
    expect(state).toMatchObject({ status: 'failed', receipt: null, review: 'no funds' });
  });
});

/** A provider that carries out an order id once, and a network that loses, repeats, and reorders. */
const step = fc.constantFrom(
  'submit',
  'submit-lost',
  'submit-not-sent',
  'crash',
  'poll',
  'deliver-first',
  'deliver-last',
  'deliver-twice',
  'ledger',
);
type Step = 'submit' | 'submit-lost' | 'submit-not-sent' | 'crash' | 'poll' | 'ledger' | string;

class World {
  readonly events: DisbursementEvent[] = [started];
  readonly executed = new Set<string>();
  readonly orders: string[] = [];
  private readonly mailbox: DisbursementCommand[] = [];

  constructor(private readonly declines: boolean) {}

  get status(): DisbursementStatus {
    return this.events.reduce(evolveDisbursement, noDisbursement).status;
  }

  private tell(command: DisbursementCommand): boolean {
    const state = this.events.reduce(evolveDisbursement, noDisbursement);
    const decision = decideDisbursement(command, state);
    if (decision.accepted) this.events.push(...decision.events);
    return decision.accepted && decision.events.length > 0;
  }

  private provide(): void {
    this.orders.push(order.disbursementId);
    if (!this.declines) this.executed.add(order.disbursementId);
    this.report();
  }

  private report(): void {
    if (this.orders.length > 0)
      this.mailbox.push(this.declines ? COMMANDS.Decline : COMMANDS.Settle);
  }

  run(next: Step): void {
    if (next === 'ledger') {
      const answer = {
        reserving: COMMANDS.ConfirmReservation,
        settled: COMMANDS.ConfirmPosting,
        releasing: COMMANDS.ConfirmRelease,
      }[this.status as 'reserving' | 'settled' | 'releasing'] as DisbursementCommand | undefined;
      if (answer) this.tell(answer);
    } else if (next === 'crash') {
      this.tell(COMMANDS.RecordUnknown);
    } else if (next === 'poll') {
      this.report();
    } else if (next.startsWith('submit')) {
      if (!this.tell(COMMANDS.StartSubmit)) return;
      if (next === 'submit-not-sent') this.tell(COMMANDS.RecordNotSent);
      else this.provide();
      if (next === 'submit') this.tell(COMMANDS.RecordAccepted);
    } else {
      const fact = next === 'deliver-last' ? this.mailbox.pop() : this.mailbox.shift();
      if (fact) this.tell(fact);
      if (fact && next === 'deliver-twice') this.tell(fact);
    }
  }
}

describe('disbursement under loss, repetition, reordering and crashes', () => {
  it('never orders a second payout, and completes if and only if the provider paid', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(step, { maxLength: 60 }), (declines, steps) => {
        const world = new World(declines);
        for (const next of steps) world.run(next);
        expect(world.orders.length).toBeLessThan(2);
        if (['settled', 'completed'].includes(world.status)) expect(world.executed.size).toBe(1);
        if (['releasing', 'failed'].includes(world.status)) expect(world.executed.size).toBe(0);
        for (const next of [
          'ledger',
          'crash',
          'submit',
          'poll',
          'deliver-first',
          'ledger',
          'ledger',
        ])
          world.run(next);
        expect(world.status).toBe(world.executed.size === 1 ? 'completed' : 'failed');
        expect(world.orders.length).toBe(1);
      }),
      { numRuns: 1_000 },
    );
  });
});
