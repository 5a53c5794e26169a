import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, Database, type Tx } from '@daftari/service-kit';
import type { PaymentsConfig } from '../config.js';
import { forLog } from '../provider/redact.js';
import { ReviewDesk } from '../review/review-desk.js';
import type { ReviewKind } from '../review/review-item.js';
import { dedupeKeyOf, type HookKind, saysTheSame, sha256 } from './facts.js';

/** A callback as it came in. */
export interface ArrivedCallback {
  readonly kind: HookKind;
  readonly ref: string | null;
  readonly raw: string;
  readonly remoteIp: string;
}

const SHOWN = 500;

/** Callbacks exactly as they came. What cannot be worked on by itself is shown to people, and stays. */
@Injectable()
export class CallbackStore {
  constructor(
    private readonly db: Database,
    private readonly desk: ReviewDesk,
    @Inject(CONFIG) private readonly config: PaymentsConfig,
  ) {}

  /** Stores it once. A repeat is forgotten; a repeat that says something else is kept beside the first, for people. */
  async keep(callback: ArrivedCallback): Promise<void> {
    const { kind, ref, raw } = callback;
    const { key, problem } = dedupeKeyOf(kind, ref, raw);
    await this.db.transaction(async (tx) => {
      const id = await this.insert(tx, callback, key, problem);
      if (id !== undefined) {
        if (problem !== null) await this.show(tx, id, 'unreadable-callback', problem, raw);
        return;
      }
      const first = await this.known(tx, key);
      if (!first || saysTheSame(kind, first.raw, raw)) return;
      const reason = `says something else than callback ${first.id}, which came before it`;
      const other = await this.insert(tx, callback, `${key}|${sha256(raw)}`, reason);
      if (other !== undefined) await this.show(tx, other, 'contradictory-callback', reason, raw);
    });
  }

  /** Puts a stored callback in front of people. */
  async show(tx: Tx, id: string, kind: ReviewKind, reason: string, raw: string): Promise<void> {
    const body = forLog(raw, this.config.DARAJA_HOOK_TOKEN)?.slice(0, SHOWN) ?? '';
    await this.desk.open(
      tx,
      this.config.DARAJA_TENANT_ID,
      { type: 'callback', id: `callback-${id}` },
      { kind, reason, amount: null, details: { body } },
    );
  }

  private async insert(
    tx: Tx,
    { kind, ref, raw, remoteIp }: ArrivedCallback,
    key: string,
    problem: string | null,
  ): Promise<string | undefined> {
    const { rows } = await tx.client.query<{ id: string }>(
      'insert into webhook_inbox(kind, our_ref, dedupe_key, raw, remote_ip, status, last_error) values ($1,$2,$3,$4,$5,$6,$7) on conflict do nothing returning id',
      [kind, ref, key, raw, remoteIp, problem === null ? 'new' : 'failed', problem],
    );
    return rows[0]?.id;
  }

  private async known(tx: Tx, key: string): Promise<{ id: string; raw: string } | undefined> {
    const { rows } = await tx.client.query<{ id: string; raw: string }>(
      'select id, raw from webhook_inbox where dedupe_key = $1',
      [key],
    );
    return rows[0];
  }
}
