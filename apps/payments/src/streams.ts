import { Inject, Injectable } from '@nestjs/common';
import { type Decision, Rejected } from '@daftari/kernel';
import type { RecordedEvent, TransactionalEventStore } from '@daftari/event-store';
import {
  Database,
  EVENT_STORE,
  type EventMeta,
  expectedOf,
  loadState,
  newEvents,
  retryConflict,
  type Tx,
} from '@daftari/service-kit';
import {
  decideDisbursement,
  type Disbursement,
  type DisbursementCommand,
  type DisbursementEvent,
  evolveDisbursement,
  noDisbursement,
} from './disbursement/domain/disbursement.js';
import {
  decidePayment,
  evolvePayment,
  noPayment,
  type Payment,
  type PaymentCommand,
  type PaymentEvent,
} from './payment/domain/payment.js';

/** A loaded aggregate: its state, and the metadata that what it causes carries on. */
export interface Loaded<S> {
  readonly state: S;
  readonly revision: bigint | null;
  readonly meta: EventMeta | null;
  /** When its first event was recorded. */
  readonly startedAt: Date | null;
}
interface Folded<S> {
  readonly state: S;
  readonly meta: EventMeta | null;
  readonly startedAt: Date | null;
}

const metaOf = (event: RecordedEvent): EventMeta => ({
  tenantId: event.metadata.tenantId ?? '',
  actorId: event.metadata.actorId ?? 'system',
  correlationId: event.metadata.correlationId ?? '',
  causationId: event.id,
});

/** Loads, decides and appends, together with whatever else must commit in the same transaction. */
@Injectable()
export class Streams {
  constructor(
    private readonly db: Database,
    @Inject(EVENT_STORE) private readonly store: TransactionalEventStore,
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
      `payment-${id}`,
      () => this.payment(id),
      (state) => decidePayment(command, state),
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
      `disbursement-${id}`,
      () => this.disbursement(id),
      (state) => decideDisbursement(command, state),
      meta,
      also,
    );
  }

  private async load<S>(
    stream: string,
    initial: S,
    evolve: (state: S, event: RecordedEvent) => S,
  ): Promise<Loaded<S>> {
    const first: Folded<S> = { state: initial, meta: null, startedAt: null };
    const { state, revision } = await loadState<Folded<S>>(
      this.store,
      stream,
      first,
      (folded, event) => ({
        state: evolve(folded.state, event),
        meta: metaOf(event),
        startedAt: folded.startedAt ?? event.recordedAt,
      }),
    );
    return { ...state, revision };
  }

  private change<S, E extends { type: string; data: unknown }>(
    stream: string,
    load: () => Promise<Loaded<S>>,
    decide: (state: S) => Decision<E, string>,
    given: EventMeta | null,
    also: (tx: Tx, changed: boolean) => Promise<void>,
  ): Promise<boolean> {
    return retryConflict(async () => {
      const { state, revision, meta: known } = await load();
      const decision = decide(state);
      if (!decision.accepted)
        throw new Rejected(decision.rejection, `${stream} does not allow this now`);
      const meta = given ?? known;
      const changed = decision.events.length > 0 && meta !== null;
      await this.db.transaction(async (tx) => {
        if (changed)
          await this.store.appendIn(
            tx.client,
            stream,
            newEvents(meta, `${stream}@${String(revision ?? -1n)}`, decision.events),
            { expected: expectedOf(revision) },
          );
        await also(tx, changed);
      });
      return changed;
    }, 5);
  }
}
