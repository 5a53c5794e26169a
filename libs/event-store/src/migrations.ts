import { schemaName } from './encoding.js';

/** The first append function: one append, one insert an event. */
const appendOneByOne = (
  schema: string,
): string => `${schema}.append(p jsonb) returns jsonb language plpgsql as $$
declare
  s ${schema}.stream; e jsonb; exp bigint := (p->>'expected')::bigint; cur bigint; n int := jsonb_array_length(p->'events');
  i int; rv bigint; v_pos bigint; v_hash bytea; d bytea; m bytea; t timestamptz; matches int := 0;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception '${schema}.append needs READ COMMITTED' using errcode = 'ES400';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('daftari.event-store.${schema}', 0));
  select * into s from ${schema}.stream where name = p->>'stream';
  cur := coalesce(s.revision, -1);
  if exp >= -1 then
    if exp < cur then
      for i in 0..n-1 loop
        if exists(select 1 from ${schema}.event x where x.stream_id = s.stream_id and x.revision = exp + 1 + i and x.event_id = (p->'events'->i->>'id')::uuid) then matches := matches + 1; end if;
      end loop;
      if matches < n then return jsonb_build_object('ok', false, 'actual', cur::text); end if;
      select pos into v_pos from ${schema}.event where stream_id = s.stream_id and revision = exp + n;
      return jsonb_build_object('ok', true, 'revision', (exp + n)::text, 'pos', v_pos::text);
    end if;
    if exp > cur then return jsonb_build_object('ok', false, 'actual', cur::text); end if;
  else
    if exp = -4 and cur < 0 then return jsonb_build_object('ok', false, 'actual', cur::text); end if;
    for i in 0..n-1 loop
      select min(x.revision) into rv from ${schema}.event x where x.event_id = (p->'events'->i->>'id')::uuid and x.stream_id = s.stream_id;
      exit when rv is null;
      matches := matches + 1;
    end loop;
    if matches = n then
      select pos into v_pos from ${schema}.event where stream_id = s.stream_id and revision = rv;
      return jsonb_build_object('ok', true, 'revision', rv::text, 'pos', v_pos::text);
    end if;
    if matches > 0 then return jsonb_build_object('ok', false, 'actual', cur::text); end if;
  end if;
  if s.stream_id is null then insert into ${schema}.stream(name) values (p->>'stream') returning * into s; end if;
  select x.pos, x.hash into v_pos, v_hash from ${schema}.event x order by x.pos desc limit 1;
  v_pos := coalesce(v_pos, 0); v_hash := coalesce(v_hash, decode(repeat('00', 32), 'hex'));
  for i in 0..n-1 loop
    e := p->'events'->i; v_pos := v_pos + 1; cur := cur + 1;
    d := convert_to(e->>'data', 'UTF8'); m := convert_to(e->>'meta', 'UTF8'); t := clock_timestamp();
    v_hash := ${schema}.hash(v_hash, v_pos, s.name, cur, (e->>'id')::uuid, e->>'type', t, d, m);
    insert into ${schema}.event(pos, stream_id, revision, event_id, type, created, data, metadata, hash)
    values (v_pos, s.stream_id, cur, (e->>'id')::uuid, e->>'type', t, d, m, v_hash);
  end loop;
  update ${schema}.stream set revision = cur where stream_id = s.stream_id;
  perform pg_notify('${schema}', v_pos::text);
  return jsonb_build_object('ok', true, 'revision', cur::text, 'pos', v_pos::text);
end $$;

`;

/**
 * The store's tables and its append function. The advisory lock comes first, so positions are dense and in commit
 * order (a reader that remembers its last position misses nothing), and every event is chained by SHA-256 over its
 * bytes. The decision table is KurrentDB's `IndexWriter.CheckCommit`, without deletes, which applications do not have.
 */
const up = (schema: string): string => `
create schema ${schema};
create table ${schema}.stream(
  stream_id bigint generated always as identity primary key,
  name text not null unique check (name <> '' and length(name) <= 512 and left(name, 1) <> '$'),
  revision bigint not null default -1) with (fillfactor = 70);
create table ${schema}.event(
  pos bigint primary key, stream_id bigint not null references ${schema}.stream, revision bigint not null,
  event_id uuid not null, type text not null check (type <> '' and left(type, 1) <> '$'),
  data bytea not null, metadata bytea not null, created timestamptz not null, hash bytea not null,
  unique (stream_id, revision));
create index event_id_ix on ${schema}.event(event_id);

create function ${schema}.forbid() returns trigger language plpgsql as $$
begin raise exception '${schema}.event is append-only' using errcode = 'ES405'; end $$;
create trigger event_no_change before update or delete on ${schema}.event for each row execute function ${schema}.forbid();
create trigger event_no_truncate before truncate on ${schema}.event for each statement execute function ${schema}.forbid();

-- Lengths stand before texts, so no byte can move from one field to its neighbour unseen.
create function ${schema}.hash(prev bytea, pos bigint, stream text, revision bigint, event_id uuid, type text, created timestamptz, data bytea, metadata bytea)
returns bytea language sql immutable as $$
  select sha256(prev || convert_to(concat_ws('|', pos, length(stream), stream, revision, event_id, length(type), type,
    (extract(epoch from created) * 1000000)::bigint, length(data), length(metadata)), 'UTF8') || data || metadata) $$;

-- p: {stream, expected: -1 none, -2 any, -4 exists, n exact, events: [{id, type, data, meta}]}; gives {ok, revision, pos} or {ok: false, actual}
create function ${appendOneByOne(schema)}create table if not exists projection_checkpoint(
  name text primary key, backend text not null, position text not null, version int not null, updated_at timestamptz not null default now());
`;

/**
 * The same decisions for a whole batch: the head is read once, and the events of all appends go in as one insert. An
 * append to a stream that this batch has already touched is decided on what was written so far. The events' foreign key
 * goes: only this function writes them, no stream is ever deleted, and verifyChain sees an event without its stream. The old function stays for
 * processes of the version before.
 */
const batched = (schema: string): string => `
alter table ${schema}.event drop constraint event_stream_id_fkey;
create trigger stream_no_delete before delete on ${schema}.stream for each row execute function ${schema}.forbid();
create trigger stream_no_truncate before truncate on ${schema}.stream for each statement execute function ${schema}.forbid();

create type ${schema}.outcome as (ok boolean, revision bigint, pos bigint, actual bigint);

-- Of an append that does not stand at the stream's end: null when it is to be written, else its outcome.
create function ${schema}.decide(sid bigint, cur bigint, exp bigint, ids uuid[]) returns ${schema}.outcome language plpgsql as $$
declare
  n int := cardinality(ids); rv bigint; v_pos bigint; matches int := 0;
begin
  if exp >= -1 then
    if exp > cur then return row(false, null, null, cur)::${schema}.outcome; end if;
    for i in 1..n loop
      if exists(select 1 from ${schema}.event x where x.stream_id = sid and x.revision = exp + i and x.event_id = ids[i]) then matches := matches + 1; end if;
    end loop;
    if matches < n then return row(false, null, null, cur)::${schema}.outcome; end if;
    rv := exp + n;
  else
    if exp = -4 and cur < 0 then return row(false, null, null, cur)::${schema}.outcome; end if;
    for i in 1..n loop
      select min(x.revision) into rv from ${schema}.event x where x.event_id = ids[i] and x.stream_id = sid;
      exit when rv is null;
      matches := matches + 1;
    end loop;
    if matches = 0 then return null; end if;
    if matches < n then return row(false, null, null, cur)::${schema}.outcome; end if;
  end if;
  select pos into v_pos from ${schema}.event where stream_id = sid and revision = rv;
  return row(true, rv, v_pos, null)::${schema}.outcome;
end $$;

-- Of each append: its stream, what it expects (-1 none, -2 any, -4 exists, n exact) and how many of the events are its own.
create function ${schema}.append_batch(streams text[], expected bigint[], counts int[], ids uuid[], types text[], datas text[], metas text[])
returns setof ${schema}.outcome language plpgsql as $$
declare
  outcome ${schema}.outcome; exp bigint; sid bigint; cur bigint; last_pos bigint; last_hash bytea; first_pos bigint; name text;
  d bytea; m bytea; t timestamptz; k int := 0; until int := 0;
  sids bigint[] := '{}'; revisions bigint[] := '{}';
  e_pos bigint[] := '{}'; e_sid bigint[] := '{}'; e_rev bigint[] := '{}'; e_id uuid[] := '{}'; e_type text[] := '{}'; e_data bytea[] := '{}'; e_meta bytea[] := '{}'; e_time timestamptz[] := '{}'; e_hash bytea[] := '{}';
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception '${schema}.append needs READ COMMITTED' using errcode = 'ES400';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('daftari.event-store.${schema}', 0));
  select x.pos, x.hash into last_pos, last_hash from ${schema}.event x order by x.pos desc limit 1;
  last_pos := coalesce(last_pos, 0); last_hash := coalesce(last_hash, decode(repeat('00', 32), 'hex')); first_pos := last_pos;
  for a in 1..cardinality(streams) + 1 loop
    k := until;
    if a <= cardinality(streams) then
      name := streams[a]; exp := expected[a]; until := k + counts[a];
      sid := null; cur := null;
      select s.stream_id, s.revision into sid, cur from ${schema}.stream s where s.name = streams[a];
    end if;
    if cardinality(e_pos) > 0 and (a > cardinality(streams) or sid = any(sids)) then
      insert into ${schema}.event(pos, stream_id, revision, event_id, type, data, metadata, created, hash)
        select * from unnest(e_pos, e_sid, e_rev, e_id, e_type, e_data, e_meta, e_time, e_hash);
      update ${schema}.stream s set revision = u.r from unnest(sids, revisions) u(i, r) where s.stream_id = u.i;
      e_pos := '{}'; e_sid := '{}'; e_rev := '{}'; e_id := '{}'; e_type := '{}'; e_data := '{}'; e_meta := '{}'; e_time := '{}'; e_hash := '{}'; sids := '{}'; revisions := '{}';
      select s.revision into cur from ${schema}.stream s where s.stream_id = sid;
    end if;
    exit when a > cardinality(streams);
    cur := coalesce(cur, -1);
    if exp <> cur then
      outcome := ${schema}.decide(sid, cur, exp, ids[k + 1:until]);
      if outcome.ok is not null then return next outcome; continue; end if;
    end if;
    if sid is null then insert into ${schema}.stream(name) values (streams[a]) returning stream_id into sid; end if;
    while k < until loop
      k := k + 1; last_pos := last_pos + 1; cur := cur + 1;
      d := convert_to(datas[k], 'UTF8'); m := convert_to(metas[k], 'UTF8'); t := clock_timestamp();
      last_hash := ${schema}.hash(last_hash, last_pos, name, cur, ids[k], types[k], t, d, m);
      e_pos := e_pos || last_pos; e_sid := e_sid || sid; e_rev := e_rev || cur; e_id := e_id || ids[k]; e_type := e_type || types[k];
      e_data := e_data || d; e_meta := e_meta || m; e_time := e_time || t; e_hash := e_hash || last_hash;
    end loop;
    sids := sids || sid; revisions := revisions || cur;
    outcome := (true, cur, last_pos, null);
    return next outcome;
  end loop;
  if last_pos > first_pos then perform pg_notify('${schema}', last_pos::text); end if;
end $$;

create or replace function ${schema}.append(p jsonb) returns jsonb language sql as $$
  select case when o.ok then jsonb_build_object('ok', true, 'revision', o.revision::text, 'pos', o.pos::text)
    else jsonb_build_object('ok', false, 'actual', o.actual::text) end
  from (
    select array_agg((e->>'id')::uuid order by n) as ids, array_agg(e->>'type' order by n) as types,
      array_agg(e->>'data' order by n) as datas, array_agg(e->>'meta' order by n) as metas
    from jsonb_array_elements(p->'events') with ordinality x(e, n)) a,
  lateral ${schema}.append_batch(array[p->>'stream'], array[(p->>'expected')::bigint], array[jsonb_array_length(p->'events')], a.ids, a.types, a.datas, a.metas) o $$;
`;

const unbatched = (schema: string): string => `
create or replace function ${appendOneByOne(schema)}
drop function ${schema}.append_batch(text[], bigint[], int[], uuid[], text[], text[], text[]);
drop function ${schema}.decide(bigint, bigint, bigint, uuid[]);
drop type ${schema}.outcome;
drop trigger stream_no_truncate on ${schema}.stream;
drop trigger stream_no_delete on ${schema}.stream;
alter table ${schema}.event add constraint event_stream_id_fkey foreign key (stream_id) references ${schema}.stream;
`;

/**
 * The short way for what nearly every append is: to streams that exist, each once, at their end. They are looked up with
 * the head in one statement and written in one; a single event is written by plain statements without arrays. Everything
 * else goes the long way, event by event. `hash` becomes stable, which lets PostgreSQL put its body in place of the call.
 */
const shortWay = (schema: string): string => `
alter function ${schema}.hash(bytea, bigint, text, bigint, uuid, text, timestamptz, bytea, bytea) stable;
alter function ${schema}.append_batch(text[], bigint[], int[], uuid[], text[], text[], text[]) rename to append_each;

create function ${schema}.append_batch(streams text[], expected bigint[], counts int[], ids uuid[], types text[], datas text[], metas text[])
returns setof ${schema}.outcome language plpgsql as $$
declare
  n int := cardinality(ids); k int := 0; until int := 0; at_end boolean; first_pos bigint; last_pos bigint; last_hash bytea;
  sid bigint; cur bigint; name text; d bytea; m bytea; t timestamptz; outcome ${schema}.outcome;
  sids bigint[]; heads bigint[]; e_sid bigint[] := '{}'; e_rev bigint[] := '{}'; e_hash bytea[] := '{}';
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception '${schema}.append needs READ COMMITTED' using errcode = 'ES400';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('daftari.event-store.${schema}', 0));
  if n = 1 then
    select s.stream_id, s.revision, s.revision = expected[1], h.pos, h.hash into sid, cur, at_end, last_pos, last_hash
    from ${schema}.stream s left join (select x.pos, x.hash from ${schema}.event x order by x.pos desc limit 1) h on true
    where s.name = streams[1];
  else
    select g.sids, g.heads, g.at_end, h.pos, h.hash into sids, heads, at_end, last_pos, last_hash
    from (
      select array_agg(s.stream_id order by u.a) as sids, array_agg(s.revision order by u.a) as heads,
        bool_and(s.revision is not null and s.revision = u.exp) and count(distinct s.stream_id) = count(*) as at_end
      from unnest(streams, expected) with ordinality u(name, exp, a) left join ${schema}.stream s on s.name = u.name) g
    left join (select x.pos, x.hash from ${schema}.event x order by x.pos desc limit 1) h on true;
  end if;
  if at_end is not true or last_pos is null then
    return query select * from ${schema}.append_each(streams, expected, counts, ids, types, datas, metas);
    return;
  end if;
  first_pos := last_pos; t := clock_timestamp();
  if n = 1 then
    last_pos := last_pos + 1; cur := cur + 1; d := convert_to(datas[1], 'UTF8'); m := convert_to(metas[1], 'UTF8');
    insert into ${schema}.event(pos, stream_id, revision, event_id, type, data, metadata, created, hash)
      values (last_pos, sid, cur, ids[1], types[1], d, m, t,
        ${schema}.hash(last_hash, last_pos, streams[1], cur, ids[1], types[1], t, d, m));
    update ${schema}.stream s set revision = cur where s.stream_id = sid;
    outcome := (true, cur, last_pos, null);
    return next outcome;
  else
    for a in 1..cardinality(streams) loop
      sid := sids[a]; cur := heads[a]; name := streams[a]; until := until + counts[a];
      while k < until loop
        k := k + 1; last_pos := last_pos + 1; cur := cur + 1; d := convert_to(datas[k], 'UTF8'); m := convert_to(metas[k], 'UTF8');
        last_hash := ${schema}.hash(last_hash, last_pos, name, cur, ids[k], types[k], t, d, m);
        e_sid := e_sid || sid; e_rev := e_rev || cur; e_hash := e_hash || last_hash;
      end loop;
      heads[a] := cur;
      outcome := (true, cur, last_pos, null);
      return next outcome;
    end loop;
    with written as (
      insert into ${schema}.event(pos, stream_id, revision, event_id, type, data, metadata, created, hash)
      select first_pos + u.i, u.sid, u.rev, u.id, u.type, convert_to(u.data, 'UTF8'), convert_to(u.meta, 'UTF8'), t, u.hash
      from unnest(e_sid, e_rev, ids, types, datas, metas, e_hash) with ordinality u(sid, rev, id, type, data, meta, hash, i))
    update ${schema}.stream s set revision = u.rev from unnest(sids, heads) u(sid, rev) where s.stream_id = u.sid;
  end if;
  perform pg_notify('${schema}', last_pos::text);
end $$;
`;

const longWay = (schema: string): string => `
drop function ${schema}.append_batch(text[], bigint[], int[], uuid[], text[], text[], text[]);
alter function ${schema}.append_each(text[], bigint[], int[], uuid[], text[], text[], text[]) rename to append_batch;
alter function ${schema}.hash(bytea, bigint, text, bigint, uuid, text, timestamptz, bytea, bytea) immutable;
`;

/** Takes the store away again, unless it holds events: a log is never dropped. */
const down = (schema: string): string => `
do $$ begin
  if exists(select 1 from ${schema}.event) then
    raise exception '${schema}.event holds events and is not dropped' using errcode = 'ES405';
  end if;
end $$;
drop schema ${schema} cascade;${schema === 'es' ? ' drop table if exists projection_checkpoint;' : ''}`;

/** The migrations of a store in another schema than `es`; two stores in one database are two logs. */
export const eventStoreMigrationsIn = (schema: string): typeof eventStoreMigrations => [
  {
    name: '20260101_000010_event_store',
    up: up(schemaName(schema)),
    down: down(schemaName(schema)),
  },
  {
    name: '20260101_000012_event_store_batches',
    up: batched(schema),
    down: unbatched(schema),
  },
  {
    name: '20261126_000013_event_store_short_way',
    up: shortWay(schema),
    down: longWay(schema),
  },
];

/** Appends that were decided in a transaction here and are written to another store after its commit (ADR 0007). */
const staged = `
create table staged_append(
  id bigint generated always as identity primary key, stream text not null, after_revision bigint not null,
  last_revision bigint not null, last_hash text not null, events text not null, created_at timestamptz not null default now());
create index staged_append_stream on staged_append(stream, id);`;

/** Never while decided events wait in it. */
const unstaged = `
do $$ begin
  if exists (select from staged_append) then raise exception 'staged_append holds events that are not written yet'; end if;
end $$;
drop table staged_append;`;

/** Migrations of a database that holds an event store: schema `es`, the checkpoints of its projections, and staged appends. */
export const eventStoreMigrations: readonly {
  readonly name: string;
  readonly up: string;
  readonly down: string;
}[] = [
  ...eventStoreMigrationsIn('es'),
  { name: '20260101_000011_staged_appends', up: staged, down: unstaged },
];
