import { createHash } from 'node:crypto';
import {
  AmbiguousAppend,
  type EventStore,
  type NewEvent,
  type RecordedEvent,
  WrongExpectedRevision,
} from '@daftari/event-store';
import { ContractViolation, deterministicId, Unavailable } from '@daftari/kernel';
import { type EventMeta, expectedOf, loadState, newEvents } from '@daftari/service-kit';
import canonicalize from 'canonicalize';
import { decide, evolve } from '../domain/decide.js';
import {
  emptyJournal,
  type Journal,
  type JournalEvent,
  type PostCommand,
} from '../domain/journal.js';

/** The journal's stream of a tenant. */
export const journalStream = (tenantId: string): string => `journal-${tenantId}`;

/** SHA-256 of the canonical JSON of what is asked: tells a repeat from another request under the same id. */
export const requestHashOf = (request: unknown): string =>
  createHash('sha256')
    .update(canonicalize(request) ?? '')
    .digest('hex');

/** A stored event of a journal, typed. */
export const journalEvent = (event: RecordedEvent): JournalEvent =>
  ({ type: event.type, data: event.data }) as JournalEvent;

/** The entry that answers a command; `repeated` when it stood in the journal before. */
export interface PostResult {
  readonly revision: bigint;
  readonly repeated: boolean;
}

interface Waiting {
  readonly command: PostCommand;
  readonly meta: EventMeta;
  readonly resolve: (result: PostResult) => void;
  readonly reject: (error: unknown) => void;
}

const BATCH_MAX = 256;
const BATCH_BYTES_MAX = 700_000;
const QUEUE_MAX = 4_096;
const ATTEMPTS_MAX = 5;

const bytesOf = ({ command }: Waiting): number => 2_000 + Buffer.byteLength(command.reference);

/**
 * The one logical writer of a journal. It takes whatever commands have arrived, decides them in memory and appends
 * what follows as one batch at the revision it expects. That revision is the fence: when another writer was there, the
 * append fails, the memory is dropped and the commands are decided again on what really stands in the journal.
 */
export class JournalWriter {
  private readonly queue: Waiting[] = [];
  private memory: Journal | undefined;
  private busy = false;

  constructor(
    private readonly store: EventStore,
    private readonly tenantId: string,
  ) {}

  /** Settles when the entry is durable. Throws ContractViolation `ledger/id-reused`, Unavailable when too much waits. */
  post(command: PostCommand, meta: EventMeta): Promise<PostResult> {
    if (this.queue.length >= QUEUE_MAX)
      return Promise.reject(new Unavailable('Too many postings wait', 500));
    return new Promise((resolve, reject) => {
      this.queue.push({ command, meta, resolve, reject });
      if (!this.busy) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.busy = true;
    while (this.queue.length > 0) {
      const batch = this.take();
      try {
        await this.settle(batch);
      } catch (error) {
        this.memory = undefined;
        for (const waiting of batch) waiting.reject(error);
      }
    }
    this.busy = false;
  }

  private take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const waiting of this.queue.slice(0, BATCH_MAX)) {
      bytes += bytesOf(waiting);
      if (count > 0 && bytes > BATCH_BYTES_MAX) break;
      count++;
    }
    return this.queue.splice(0, count);
  }

  private async settle(batch: readonly Waiting[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answers = await this.decideAndAppend(batch);
        for (const answer of answers) answer();
        return;
      } catch (error) {
        this.memory = undefined;
        if (!(error instanceof WrongExpectedRevision) || attempt >= ATTEMPTS_MAX) throw error;
      }
    }
  }

  /** Answers are given only after the append: nothing is promised that is not durable. */
  private async decideAndAppend(batch: readonly Waiting[]): Promise<(() => void)[]> {
    let state = this.memory ?? (await this.load());
    const before = state.revision;
    const events: NewEvent[] = [];
    const answers: (() => void)[] = [];
    for (const { command, meta, resolve, reject } of batch) {
      const decision = decide(command, state);
      if (!decision.accepted) {
        const error = new ContractViolation(
          `Transaction ${command.transactionId} was posted with another content`,
          [],
          decision.rejection,
        );
        answers.push(() => {
          reject(error);
        });
        continue;
      }
      for (const event of decision.events) state = evolve(state, event);
      const id = deterministicId('journal', this.tenantId, command.transactionId);
      events.push(...newEvents(meta, id, decision.events));
      const revision = state.transactions.get(command.transactionId)?.revision ?? state.revision;
      const repeated = decision.events.length === 0;
      answers.push(() => {
        resolve({ revision, repeated });
      });
    }
    if (events.length > 0) await this.append(events, before);
    this.memory = state;
    return answers;
  }

  private async append(events: readonly NewEvent[], before: bigint): Promise<void> {
    const expected = expectedOf(before < 0n ? null : before);
    for (let attempt = 1; ; attempt++) {
      try {
        await this.store.append(journalStream(this.tenantId), events, { expected });
        return;
      } catch (error) {
        if (!(error instanceof AmbiguousAppend) || attempt >= ATTEMPTS_MAX) throw error;
      }
    }
  }

  private async load(): Promise<Journal> {
    const { state } = await loadState(
      this.store,
      journalStream(this.tenantId),
      emptyJournal(),
      (journal, event) => evolve(journal, journalEvent(event)),
    );
    return state;
  }
}
