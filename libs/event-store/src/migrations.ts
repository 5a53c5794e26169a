import { schemaName } from './encoding.js';

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
create function ${schema}.append(p jsonb) returns jsonb language plpgsql as $$
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

create table if not exists projection_checkpoint(
  name text primary key, backend text not null, position text not null, version int not null, updated_at timestamptz not null default now());
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
