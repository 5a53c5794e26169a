import type { Pool, PoolClient } from 'pg';
import { positionOf, schemaName } from './encoding.js';
import { normalise } from './failures.js';
import type { ChainReport } from './port.js';
import { inTransaction } from './transaction.js';

interface Walk {
  head: Buffer;
  events: number;
  gaps: bigint;
  bad: string | null;
}
interface PageReport {
  readonly n: number;
  readonly last: string | null;
  readonly head: Buffer | null;
  readonly missing: string;
  readonly bad: string | null;
}

const PAGE = 2_000;

const check = (schema: string): string => `
  with page as materialized (
    select * from ${schema}.event where pos > $1 order by pos limit ${String(PAGE)}),
  linked as (
    select p.pos, p.hash, lag(p.pos, 1, $1::bigint) over (order by p.pos) as before,
      ${schema}.hash(lag(p.hash, 1, $2::bytea) over (order by p.pos), p.pos, s.name, p.revision, p.event_id, p.type, p.created, p.data, p.metadata) as expected
    from page p left join ${schema}.stream s using (stream_id))
  select count(*)::int as n, max(pos)::text as last, (select hash from page order by pos desc limit 1) as head,
    coalesce(sum(pos - before - 1), 0)::text as missing,
    min(pos) filter (where hash is distinct from expected)::text as bad
  from linked`;

const walk = async (tx: PoolClient, schema: string): Promise<Walk> => {
  const found: Walk = { head: Buffer.alloc(32), events: 0, gaps: 0n, bad: null };
  let last = '0';
  for (;;) {
    const { rows } = await tx.query<PageReport>(check(schema), [last, found.head]);
    const page = rows[0];
    if (!page?.last || !page.head) return found;
    found.events += page.n;
    found.gaps += BigInt(page.missing);
    found.bad ??= page.bad;
    last = page.last;
    found.head = page.head;
  }
};

/**
 * Recomputes positions and the SHA-256 chain of the whole log from one snapshot, page by page in constant memory.
 * `gaps` counts events that are missing, also at the end: the streams know how many they have had.
 */
export const verifyChain = (
  pool: Pool,
  options: { schema?: string } = {},
): Promise<ChainReport> => {
  const schema = schemaName(options.schema);
  const work = async (tx: PoolClient) => {
    const { head, events, gaps: holes, bad } = await walk(tx, schema);
    const { rows } = await tx.query<{ total: string }>(
      `select coalesce(sum(revision + 1), 0)::text as total from ${schema}.stream`,
    );
    const lost = BigInt(rows[0]?.total ?? 0) - BigInt(events);
    const gaps = Number(lost > holes ? lost : holes);
    const ok = bad === null && gaps === 0 && lost === 0n;
    const report = { ok, events, gaps, headHash: head.toString('hex') };
    return bad === null ? report : { ...report, firstBadPosition: positionOf(BigInt(bad)) };
  };
  return inTransaction(pool, work, 'begin isolation level repeatable read, read only').catch(
    (error: unknown) => {
      throw normalise(error, false);
    },
  );
};
