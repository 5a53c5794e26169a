import type { Pool } from 'pg';
import { positionOf } from './encoding.js';

/** What a walk over the whole log found. */
export interface ChainReport {
  readonly ok: boolean;
  readonly events: number;
  readonly gaps: number;
  readonly firstBadPosition?: string;
  /** Hash of the last event, hex; what a signed checkpoint would hold. */
  readonly headHash: string;
}

const CHECK = `
  with page as (
    select e.pos, e.hash, es.hash(coalesce(lag(e.hash) over (order by e.pos), $2::bytea), e.pos, s.name, e.revision, e.event_id, e.type, e.data, e.metadata) as expected,
      lag(e.pos) over (order by e.pos) as before
    from es.event e join es.stream s using (stream_id) where e.pos > $1 order by e.pos limit 5000)
  select count(*)::int as n, max(pos)::text as last,
    (select hash from page order by pos desc limit 1) as head,
    count(*) filter (where pos <> coalesce(before, $1::bigint) + 1)::int as gaps,
    min(pos) filter (where hash is distinct from expected)::text as bad
  from page`;

/** Recomputes positions and the SHA-256 chain of the whole log, page by page in constant memory. */
export const verifyChain = async (pool: Pool): Promise<ChainReport> => {
  let last = 0n;
  let head: Buffer = Buffer.alloc(32);
  let events = 0;
  let gaps = 0;
  let bad: string | null = null;
  for (;;) {
    const { rows } = await pool.query<{
      n: number;
      last: string | null;
      head: Buffer;
      gaps: number;
      bad: string | null;
    }>(CHECK, [last.toString(), head]);
    const page = rows[0];
    if (!page?.last) break;
    events += page.n;
    gaps += page.gaps;
    bad ??= page.bad;
    last = BigInt(page.last);
    head = page.head;
  }
  const firstBad = bad === null ? {} : { firstBadPosition: positionOf(BigInt(bad)) };
  return {
    ok: bad === null && gaps === 0,
    events,
    gaps,
    headHash: head.toString('hex'),
    ...firstBad,
  };
};
