import { Inject, Injectable } from '@nestjs/common';
import { type Decision, type ErrorCode, Rejected } from '@daftari/kernel';
import type { RecordedEvent, TransactionalEventStore } from '@daftari/event-store';
import {
  Database,
  EVENT_STORE,
  type EventMeta,
  expectedOf,
  loadState,
  LOGGER,
  type Logger,
  newEvents,
  retryConflict,
  type Tx,
} from '@daftari/service-kit';
import { decideDisbursement } from './disbursement/domain/decide-disbursement.js';
import {
  type Disbursement,
  type DisbursementCommand,
  type DisbursementEvent,
  evolveDisbursement,
  noDisbursement,
} from './disbursement/domain/disbursement.js';
import { decidePayment } from './payment/domain/decide-payment.js';
import {
  evolvePayment,
  noPayment,
  type Payment,
  type PaymentCommand,
  type PaymentEvent,
} from './payment/domain/payment.js';
import { ReviewDesk } from './review/review-desk.js';
import type { ReviewSubject } from './review/review-item.js';
import {
  type ReviewChange,
  reviewOfDisbursement,
  reviewOfPayment,
} from './review/review-of-events.js';

/** A loaded aggregate: its state, and the metadata that what it causes carries on. */
export interface Loaded<S> {
  readonly state: S;
  readonly revision: bigint | null;
  readonly meta: EventMeta | null;
  /** When its first event was recorded. */
  readonly startedAt: Date | null;
  /** When its last event was recorded. */
  readonly changedAt: Date | null;
}
interface Folded<S> {
  readonly state: S;
  readonly meta: EventMeta | null;
  readonly startedAt: Date | null;
  readonly changedAt: Date | null;
}

interface Change<S, E> {
  readonly subject: ReviewSubject;
  readonly command: string;
  readonly load: () => Promise<Loaded<S>>;
  readonly decide: (state: S) => Decision<E, ErrorCode>;
  readonly review: (event: E) => ReviewChange;
}

const metaOf = (event: RecordedEvent): EventMeta => ({
  tenantId: event.metadata.tenantId ?? '',
  actorId: event.metadata.actorId ?? 'system',
  correlationId: event.metadata.correlationId ?? '',
  causationId: event.id,
});

/**
 * What a decision is recognised by when its append is repeated: where it was made and what it says. Where alone is not
 * enough: of two different decisions at one revision, the store would take the second for a repeat of the first, and
 * what caused it would be lost without a conflict.
 */
const idOf = (stream: string, revision: bigint | null, events: readonly unknown[]): string =>
  `${stream}@${String(revision ?? -1n)} ${JSON.stringify(events)}`;

/** Loads, decides and appends, together with whatever else must commit in the same transaction. */
@Injectable()
export class Streams {
  constructor(
    private readonly db: Database,
    @Inject(EVENT_STORE) private readonly store: TransactionalEventStore,
    private readonly desk: ReviewDesk,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  payment(id: string): Promise<Loaded<Payment>> {
    return this.load(`payment-${id}`, noPayment, (state, event) =>
      evolvePayment(state, { type: event.type, data: event.data } as PaymentEvent),
    );
  }

  disbursement(id: string): Promise<Loaded<Disbursement>> {
    return this.load(`disbursement-${id}`, noDisbursement, (state, event) =>
      evolveDisbursement(state, { type: event.type, data: event.data } as DisbursementEvent),
    );
  }

  /** Applies a command to a payment; gives whether anything changed. `also` runs in the same transaction, change or not. */
  changePayment(
    id: string,
    command: PaymentCommand,
    meta: EventMeta | null,
    also: (tx: Tx, changed: boolean) => Promise<void> = async () => undefined,
  ): Promise<boolean> {
    return this.change(
      {
        subject: { type: 'payment', id },
        command: command.type,
        load: () => this.payment(id),
        decide: (state) => decidePayment(command, state),
        review: reviewOfPayment,
      },
      meta,
      also,
    );
  }

  /** The same for a disbursement. */
  changeDisbursement(
    id: string,
    command: DisbursementCommand,
    meta: EventMeta | null,
    also: (tx: Tx, changed: boolean) => Promise<void> = async () => undefined,
  ): Promise<boolean> {
    return this.change(
      {
        subject: { type: 'disbursement', id },
        command: command.type,
        load: () => this.disbursement(id),
        decide: (state) => decideDisbursement(command, state),
        review: reviewOfDisbursement,
      },
      meta,
      also,
    );
  }

  private async load<S>(
    stream: string,
    initial: S,
    evolve: (state: S, event: RecordedEvent) => S,
  ): Promise<Loaded<S>> {
    const first: Folded<S> = { state: initial, meta: null, startedAt: null, changedAt: null };
    const { state, revision } = await loadState<Folded<S>>(
      this.store,
      stream,
      first,
      (folded, event) => ({
        state: evolve(folded.state, event),
        meta: metaOf(event),
        startedAt: folded.startedAt ?? event.recordedAt,
        changedAt: event.recordedAt,
      }),
    );
    return { ...state, revision };
  }

  private change<S extends { readonly status: string }, E extends { type: string; data: unknown }>(
    { subject, command, load, decide, review }: Change<S, E>,
    given: EventMeta | null,
    also: (tx: Tx, changed: boolean) => Promise<void>,
  ): Promise<boolean> {
    const stream = `${subject.type}-${subject.id}`;
    return retryConflict(async () => {
      const { state, revision, meta: known } = await load();
      const decision = decide(state);
      if (!decision.accepted) {
        const { rejection } = decision;
        this.logger.warn(
          { stream, command, status: state.status, rejection },
          'a step was refused',
        );
        throw new Rejected(rejection, `${stream} is ${state.status}: it does not allow this now`);
      }
      const meta = given ?? known;
      const changed = decision.events.length > 0 && meta !== null;
      await this.db.transaction(async (tx) => {
        if (changed) {
          await this.store.appendIn(
            tx.client,
            stream,
            newEvents(meta, idOf(stream, revision, decision.events), decision.events),
            { expected: expectedOf(revision) },
          );
          for (const event of decision.events)
            await this.desk.follow(tx, meta.tenantId, subject, review(event), {
              event: event.type,
              by: meta.actorId,
            });
        }
        await also(tx, changed);
      });
      return changed;
    }, 5);
  }
}
