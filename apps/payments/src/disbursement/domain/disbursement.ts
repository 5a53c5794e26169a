import { accept, type Decision, type MoneyJson, reject } from '@daftari/kernel';

/** What is to be paid out. */
export interface PayoutOrder {
  readonly disbursementId: string;
  readonly loanId: string;
  readonly customerId: string;
  readonly amount: MoneyJson;
  readonly phone: string;
  readonly effectiveOn: string;
}

/** Stored events of a disbursement. */
export type DisbursementEvent =
  | { readonly type: 'DisbursementStarted'; readonly data: PayoutOrder }
  | { readonly type: 'FundsReserved'; readonly data: Record<string, never> }
  | {
      readonly type: 'ReservationRefused';
      readonly data: PayoutOrder & { readonly reason: string };
    }
  | { readonly type: 'PayoutSubmitStarted'; readonly data: Record<string, never> }
  | { readonly type: 'PayoutNotSent'; readonly data: { readonly reason: string } }
  | { readonly type: 'PayoutAccepted'; readonly data: { readonly providerRef: string } }
  | { readonly type: 'PayoutUnknown'; readonly data: { readonly reason: string } }
  | {
      readonly type: 'PayoutSettled';
      /** `note`: why a person says so, when it was not the provider's own callback. */
      readonly data: PayoutOrder & { readonly receipt: string; readonly note?: string };
    }
  | {
      readonly type: 'PayoutDeclined';
      readonly data: PayoutOrder & { readonly code: string; readonly reason: string };
    }
  | { readonly type: 'ContradictoryPayoutEvidence'; readonly data: { readonly reason: string } }
  /** A payout that was called failed was executed after all: its money is reserved again. */
  | {
      readonly type: 'PayoutRecovered';
      readonly data: PayoutOrder & { readonly receipt: string; readonly note: string };
    }
  | { readonly type: 'RecoveryReserved'; readonly data: PayoutOrder & { readonly receipt: string } }
  | { readonly type: 'RecoveryRefused'; readonly data: { readonly reason: string } }
  | { readonly type: 'ReviewDismissed'; readonly data: { readonly reason: string } }
  | {
      readonly type: 'DisbursementCompleted';
      readonly data: PayoutOrder & { readonly receipt: string };
    }
  | {
      readonly type: 'DisbursementFailed';
      readonly data: PayoutOrder & { readonly reason: string };
    };

/** Where the process stands. Before `settled` it can go back; after it only forward. */
export type DisbursementStatus =
  | 'none'
  | 'reserving'
  | 'reserved'
  | 'submitting'
  | 'accepted'
  | 'unknown'
  | 'settled'
  | 'releasing'
  | 'recovering'
  | 'completed'
  | 'failed';

/** A disbursement folded. */
export interface Disbursement {
  readonly status: DisbursementStatus;
  readonly order: PayoutOrder | null;
  readonly receipt: string | null;
  readonly reason: string | null;
  /** Why people must look at it: evidence against how it ended. */
  readonly review: string | null;
}

/** Before the first event. */
export const noDisbursement: Disbursement = {
  status: 'none',
  order: null,
  receipt: null,
  reason: null,
  review: null,
};

/** Folds one event; checks nothing. */
export const evolveDisbursement = (state: Disbursement, event: DisbursementEvent): Disbursement => {
  switch (event.type) {
    case 'DisbursementStarted':
      return { ...noDisbursement, status: 'reserving', order: event.data };
    case 'FundsReserved':
    case 'PayoutNotSent':
      return { ...state, status: 'reserved' };
    case 'ReservationRefused':
      return { ...state, status: 'failed', reason: event.data.reason };
    case 'PayoutSubmitStarted':
      return { ...state, status: 'submitting' };
    case 'PayoutAccepted':
      return { ...state, status: 'accepted' };
    case 'PayoutUnknown':
      return { ...state, status: 'unknown' };
    case 'PayoutSettled':
      return { ...state, status: 'settled', receipt: event.data.receipt };
    case 'PayoutDeclined':
      return { ...state, status: 'releasing', reason: event.data.reason };
    case 'ContradictoryPayoutEvidence':
      return { ...state, review: event.data.reason };
    case 'PayoutRecovered':
      return { ...state, status: 'recovering', receipt: event.data.receipt, review: null };
    case 'RecoveryReserved':
      return { ...state, status: 'settled' };
    case 'RecoveryRefused':
      return { ...state, status: 'failed', receipt: null, review: event.data.reason };
    case 'ReviewDismissed':
      return { ...state, review: null };
    case 'DisbursementCompleted':
      return { ...state, status: 'completed' };
    case 'DisbursementFailed':
      return { ...state, status: 'failed' };
  }
};

/** What can happen to a disbursement. */
export type DisbursementCommand =
  | { readonly type: 'Start'; readonly data: PayoutOrder }
  | { readonly type: 'ConfirmReservation' }
  | { readonly type: 'RefuseReservation'; readonly data: { readonly reason: string } }
  | { readonly type: 'StartSubmit' }
  | { readonly type: 'RecordNotSent'; readonly data: { readonly reason: string } }
  | { readonly type: 'RecordAccepted'; readonly data: { readonly providerRef: string } }
  | { readonly type: 'RecordUnknown'; readonly data: { readonly reason: string } }
  | { readonly type: 'Settle'; readonly data: { readonly receipt: string } }
  | { readonly type: 'Decline'; readonly data: { readonly code: string; readonly reason: string } }
  | { readonly type: 'ConfirmPosting' }
  | { readonly type: 'ConfirmRelease' }
  | { readonly type: 'ConfirmRecovery' }
  | { readonly type: 'RefuseRecovery'; readonly data: { readonly reason: string } }
  | { readonly type: 'ConfirmExecuted'; readonly data: OperatorsWord }
  | { readonly type: 'ConfirmFailed'; readonly data: OperatorsWord }
  | { readonly type: 'DismissReview'; readonly data: { readonly reason: string } };

/** What a person found out at the provider. */
export interface OperatorsWord {
  readonly providerReference: string;
  readonly reason: string;
}

/** Why a command is refused. */
export type DisbursementRejection =
  | 'disbursement/illegal-transition'
  | 'disbursement/already-executed'
  | 'disbursement/nothing-to-review';

const SENT: readonly DisbursementStatus[] = ['submitting', 'accepted', 'unknown'];
const FROM: Readonly<Record<DisbursementCommand['type'], readonly DisbursementStatus[]>> = {
  Start: ['none'],
  ConfirmReservation: ['reserving'],
  RefuseReservation: ['reserving'],
  StartSubmit: ['reserved'],
  RecordNotSent: ['submitting'],
  RecordAccepted: ['submitting', 'unknown'],
  RecordUnknown: ['submitting'],
  Settle: SENT,
  Decline: SENT,
  ConfirmPosting: ['settled'],
  ConfirmRelease: ['releasing'],
  ConfirmRecovery: ['recovering'],
  RefuseRecovery: ['recovering'],
  ConfirmExecuted: [...SENT, 'failed'],
  ConfirmFailed: ['reserved', ...SENT],
  DismissReview: [],
};
const ORDER: readonly DisbursementStatus[] = [
  'none',
  'reserving',
  'reserved',
  'submitting',
  'accepted',
  'unknown',
  'settled',
  'releasing',
  'recovering',
  'completed',
  'failed',
];
const EXECUTED: readonly DisbursementStatus[] = ['settled', 'recovering', 'completed'];

/** Decides one command. What is already so changes nothing; evidence against a final state is kept, never acted on alone. */
export const decideDisbursement = (
  command: DisbursementCommand,
  state: Disbursement,
): Decision<DisbursementEvent, DisbursementRejection> => {
  if (command.type === 'Start')
    return state.order
      ? accept()
      : accept<DisbursementEvent>({ type: 'DisbursementStarted', data: command.data });
  if (!state.order) return reject('disbursement/illegal-transition');
  if (FROM[command.type].includes(state.status))
    return accept<DisbursementEvent>(eventOf(command, state, state.order));
  if (command.type === 'ConfirmExecuted') return executedAlready(command.data, state);
  if (command.type === 'ConfirmFailed') return failedAlready(state);
  if (command.type === 'DismissReview') return dismiss(command.data, state);
  const isOver = ORDER.indexOf(state.status) >= ORDER.indexOf('settled');
  if (command.type === 'Settle' && (state.status === 'releasing' || state.status === 'failed')) {
    return accept<DisbursementEvent>({
      type: 'ContradictoryPayoutEvidence',
      data: { reason: `paid out as ${command.data.receipt} after a refusal` },
    });
  }
  if (command.type === 'Decline' && EXECUTED.includes(state.status)) {
    return accept<DisbursementEvent>({
      type: 'ContradictoryPayoutEvidence',
      data: { reason: command.data.reason },
    });
  }
  if (
    isOver ||
    command.type === 'RecordAccepted' ||
    command.type === 'RecordUnknown' ||
    command.type.startsWith('Confirm')
  )
    return accept();
  return reject('disbursement/illegal-transition');
};

type Answer = Decision<DisbursementEvent, DisbursementRejection>;

/** A repeat changes nothing; another reference for money that left once is refused. */
const executedAlready = ({ providerReference }: OperatorsWord, state: Disbursement): Answer => {
  if (!EXECUTED.includes(state.status)) return reject('disbursement/illegal-transition');
  return state.receipt === providerReference ? accept() : reject('disbursement/already-executed');
};

/** Money that is known to have left is not called back by a word. */
const failedAlready = ({ status }: Disbursement): Answer => {
  if (EXECUTED.includes(status)) return reject('disbursement/already-executed');
  return status === 'releasing' || status === 'failed'
    ? accept()
    : reject('disbursement/illegal-transition');
};

const dismiss = (data: { readonly reason: string }, { review }: Disbursement): Answer =>
  review === null
    ? reject('disbursement/nothing-to-review')
    : accept<DisbursementEvent>({ type: 'ReviewDismissed', data });

const settledByHand = (
  { providerReference: receipt, reason: note }: OperatorsWord,
  { status }: Disbursement,
  order: PayoutOrder,
): DisbursementEvent =>
  status === 'failed'
    ? { type: 'PayoutRecovered', data: { ...order, receipt, note } }
    : { type: 'PayoutSettled', data: { ...order, receipt, note } };

const eventOf = (
  command: Exclude<DisbursementCommand, { type: 'Start' }>,
  state: Disbursement,
  order: PayoutOrder,
): DisbursementEvent => {
  switch (command.type) {
    case 'ConfirmReservation':
      return { type: 'FundsReserved', data: {} };
    case 'RefuseReservation':
      return { type: 'ReservationRefused', data: { ...order, ...command.data } };
    case 'StartSubmit':
      return { type: 'PayoutSubmitStarted', data: {} };
    case 'RecordNotSent':
      return { type: 'PayoutNotSent', data: command.data };
    case 'RecordAccepted':
      return { type: 'PayoutAccepted', data: command.data };
    case 'RecordUnknown':
      return { type: 'PayoutUnknown', data: command.data };
    case 'Settle':
      return { type: 'PayoutSettled', data: { ...order, ...command.data } };
    case 'Decline':
      return { type: 'PayoutDeclined', data: { ...order, ...command.data } };
    case 'ConfirmPosting':
      return { type: 'DisbursementCompleted', data: { ...order, receipt: state.receipt ?? '' } };
    case 'ConfirmRecovery':
      return { type: 'RecoveryReserved', data: { ...order, receipt: state.receipt ?? '' } };
    case 'RefuseRecovery':
      return { type: 'RecoveryRefused', data: command.data };
    case 'ConfirmExecuted':
      return settledByHand(command.data, state, order);
    case 'ConfirmFailed': {
      const { providerReference, reason } = command.data;
      return {
        type: 'PayoutDeclined',
        data: { ...order, code: 'operator', reason: `${reason} (${providerReference})` },
      };
    }
    case 'DismissReview':
      return { type: 'ReviewDismissed', data: command.data };
    case 'ConfirmRelease':
      return {
        type: 'DisbursementFailed',
        data: { ...order, reason: state.reason ?? 'the payout was refused' },
      };
  }
};
