import { Inject, Injectable } from '@nestjs/common';
import type { TransactionalEventStore } from '@daftari/event-store';
import { NotFound } from '@daftari/kernel';
import {
  EVENT_STORE,
  type EventMeta,
  eventMeta,
  expectedOf,
  newEvents,
  type RequestMeta,
  retryConflict,
} from '@daftari/service-kit';
import type { PoolClient } from 'pg';
import { loadLoan, loanStream } from '../aggregates.js';
import { errorFor } from '../rejections.js';
import { decideLoan } from './domain/decide-loan.js';
import { evolveLoan } from './domain/evolve-loan.js';
import type { Loan, LoanCommand } from './domain/loan.js';

/** Runs one command on a loan: loads, folds, decides, appends at the revision that was read. */
@Injectable()
export class ChangeLoan {
  constructor(@Inject(EVENT_STORE) private readonly store: TransactionalEventStore) {}

  /** For a request. Errors: NotFound, and Rejected for a rule. */
  async forRequest(loanId: string, command: LoanCommand, meta: RequestMeta): Promise<Loan> {
    return retryConflict(() => this.change(loanId, command, eventMeta(meta), meta.commandId));
  }

  /**
   * For a message, in the transaction that holds its inbox row; a race is left to the bus's retry. A repayment of
   * a loan that is not paid out yet is NotFound: it is tried again, and kept as a dead letter in the end.
   */
  async forMessage(
    tx: PoolClient,
    loanId: string,
    command: LoanCommand,
    meta: EventMeta,
  ): Promise<void> {
    await this.change(loanId, command, meta, meta.causationId, tx);
  }

  private async change(
    loanId: string,
    command: LoanCommand,
    meta: EventMeta,
    commandId: string,
    tx?: PoolClient,
  ): Promise<Loan> {
    const { state, revision } = await loadLoan(this.store, loanId);
    if (state.facts?.tenantId !== meta.tenantId) throw new NotFound('loan');
    const decision = decideLoan(command, state);
    if (!decision.accepted) {
      if (decision.rejection === 'loan/not-active') throw new NotFound('loan');
      throw errorFor(decision.rejection);
    }
    if (decision.events.length === 0) return state;
    const events = newEvents(meta, commandId, decision.events);
    const options = { expected: expectedOf(revision) };
    if (tx) await this.store.appendIn(tx, loanStream(loanId), events, options);
    else await this.store.append(loanStream(loanId), events, options);
    return decision.events.reduce(evolveLoan, state);
  }
}
