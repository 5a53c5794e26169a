import { accept, type Decision, reject } from '@daftari/kernel';
import type {
  Disbursement,
  DisbursementCommand,
  DisbursementEvent,
  DisbursementRejection,
  DisbursementStatus,
  OperatorsWord,
  PayoutOrder,
} from './disbursement.js';

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
