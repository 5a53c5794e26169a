import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { moneyToJson } from '@daftari/kernel';
import type { CallbackFact } from '@daftari/integrations';
import { CONFIG, Database, LOGGER, type Logger, type Tx } from '@daftari/service-kit';
import type { PaymentsConfig } from '../config.js';
import { Streams } from '../streams.js';
import { TaskQueue } from '../tasks/task-queue.js';
import { CallbackStore } from './callback-store.js';
import { factOf, type HookKind } from './facts.js';
import { Paybill } from './paybill.js';

interface Row {
  readonly id: string;
  readonly kind: HookKind;
  readonly our_ref: string | null;
  readonly raw: string;
  readonly attempts: number;
}

/** Covers a callback that is faster than our own write, and an outage of an hour. */
const RETRIES_MS = [200, 1_000, 5_000, 30_000, 120_000, 600_000, 3_600_000];

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Turns stored callbacks into events. The row and its events change in one transaction, so each counts once. */
@Injectable()
export class InboxWorker implements OnApplicationBootstrap, OnApplicationShutdown {
  private stopping = false;
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly db: Database,
    private readonly streams: Streams,
    private readonly queue: TaskQueue,
    private readonly paybill: Paybill,
    private readonly store: CallbackStore,
    @Inject(CONFIG) private readonly config: PaymentsConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.loop = this.run();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      const rows = await this.due().catch(() => []);
      await Promise.all(rows.map((row) => this.work(row)));
      if (rows.length === 0)
        await new Promise((resolve) => setTimeout(resolve, this.config.TASK_POLL_MS));
    }
  }

  /** Claims by moving next_at: a worker that dies leaves the row due again a little later. */
  private async due(): Promise<Row[]> {
    const { rows } = await this.db.pool.query<Row>(
      `update webhook_inbox set attempts = attempts + 1, next_at = now() + interval '15 seconds'
       where id in (select id from webhook_inbox where status = 'new' and next_at <= now() order by next_at limit 20 for update skip locked)
       returning id, kind, our_ref, raw, attempts`,
    );
    return rows;
  }

  private async work(row: Row): Promise<void> {
    try {
      const matched = await this.apply(row, factOf(row.kind, row.raw));
      if (!matched) await this.later(row, 'no payment with this reference', 'ignored');
    } catch (error) {
      this.logger.warn(
        { err: error, callback: row.id, attempt: row.attempts },
        'a callback waits for another try',
      );
      await this.later(row, error instanceof Error ? error.message : String(error), 'failed').catch(
        () => undefined,
      );
    }
  }

  private async later(row: Row, problem: string, end: 'ignored' | 'failed'): Promise<void> {
    const wait =
      row.attempts <= this.config.CALLBACK_RETRIES_MAX ? RETRIES_MS[row.attempts - 1] : undefined;
    await this.db.transaction(async (tx) => {
      const { rowCount } = await tx.client.query(
        `update webhook_inbox set status = $2, next_at = now() + make_interval(secs => $3), last_error = $4 where id = $1 and status = 'new'`,
        [row.id, wait === undefined ? end : 'new', (wait ?? 0) / 1_000, problem],
      );
      if (wait !== undefined || rowCount !== 1) return;
      const kind = end === 'ignored' ? 'unmatched-callback' : 'unreadable-callback';
      await this.store.show(tx, row.id, kind, problem, row.raw);
    });
  }

  private done(row: Row): (tx: Tx) => Promise<void> {
    return async (tx) => {
      await tx.client.query(
        `update webhook_inbox set status = 'done', last_error = null where id = $1`,
        [row.id],
      );
    };
  }

  private async apply(row: Row, fact: CallbackFact): Promise<boolean> {
    if (row.kind === 'c') return this.paybill.receive(row.id, fact, this.done(row));
    const ref = row.our_ref ?? fact.ourRef;
    if (ref === undefined || !UUID.test(ref)) return false;
    return row.kind === 's'
      ? this.reportPayment(row, ref, fact)
      : this.reportPayout(row, ref, fact);
  }

  /** An STK callback is hearsay: it is kept, and the provider is asked at once. */
  private async reportPayment(row: Row, paymentId: string, fact: CallbackFact): Promise<boolean> {
    const { state } = await this.streams.payment(paymentId);
    if (state.status === 'none' || state.status === 'initiated' || fact.providerRef === undefined)
      return false;
    const data = {
      checkoutRequestId: fact.providerRef,
      success: fact.outcome.kind === 'succeeded',
      receipt: fact.receipt ?? null,
      amount: fact.amount ? moneyToJson(fact.amount) : null,
    };
    await this.streams.changePayment(
      paymentId,
      { type: 'RecordCallback', data },
      null,
      async (tx) => {
        await this.queue.schedule(tx, 'poll-payment', paymentId, 0);
        await this.done(row)(tx);
      },
    );
    return true;
  }

  /** A payout's result. Anything that is not final makes us ask. */
  private async reportPayout(row: Row, id: string, fact: CallbackFact): Promise<boolean> {
    const { state } = await this.streams.disbursement(id);
    if (state.status === 'none' || state.status === 'reserving' || state.status === 'reserved')
      return false;
    const { outcome } = fact;
    if (fact.final && outcome.kind === 'succeeded') {
      await this.streams.changeDisbursement(
        id,
        { type: 'Settle', data: { receipt: fact.receipt ?? outcome.providerRef } },
        null,
        this.done(row),
      );
    } else if (fact.final && (outcome.kind === 'declined' || outcome.kind === 'rejected')) {
      await this.streams.changeDisbursement(
        id,
        { type: 'Decline', data: { code: outcome.code, reason: outcome.reason } },
        null,
        this.done(row),
      );
    } else {
      await this.db.transaction(async (tx) => {
        if (row.kind === 't') await this.queue.schedule(tx, 'poll-payout', id, 0);
        await this.done(row)(tx);
      });
    }
    return true;
  }
}
