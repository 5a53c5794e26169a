/**
 * The store's tables and its append function. The advisory lock comes first, so positions are dense and in commit
 * order (a reader that remembers its last position misses nothing), and every event is chained by SHA-256 over its
 * bytes. The decision table is KurrentDB's `IndexWriter.CheckCommit`, without deletes, which applications do not have.
 */
const up = `
create schema es;
create table es.stream(
  stream_id bigint generated always as identity primary key,
  name text not null unique check (name <> '' and length(name) <= 512 and left(name, 1) <> '$'),
  revision bigint not null default -1) with (fillfactor = 70);
create table es.event(
  pos bigint primary key, stream_id bigint not null references es.stream, revision bigint not null,
  event_id uuid not null, type text not null check (type <> '' and left(type, 1) <> '$'),
  data bytea not null, metadata bytea not null, created timestamptz not null default clock_timestamp(), hash bytea not null,
  unique (stream_id, revision));
create index event_id_ix on es.event(event_id);

create function es.forbid() returns trigger language plpgsql as $$
begin raise exception 'es.event is append-only' using errcode = 'ES405'; end $$;
create trigger event_no_change before update or delete on es.event for each row execute function es.forbid();
create trigger event_no_truncate before truncate on es.event for each statement execute function es.forbid();

create function es.hash(prev bytea, pos bigint, stream text, revision bigint, event_id uuid, type text, data bytea, metadata bytea)
returns bytea language sql immutable as $$
  select sha256(prev || convert_to(concat_ws('|', pos, stream, revision, event_id, type), 'UTF8') || data || metadata) $$;

-- p: {stream, expected: -1 none, -2 any, -4 exists, n exact, events: [{id, type, data, meta}]}; gives {ok, revision, pos} or {ok: false, actual}
create function es.append(p jsonb) returns jsonb language plpgsql as $$
declare
  s es.stream; e jsonb; exp bigint := (p->>'expected')::bigint; cur bigint; n int := jsonb_array_length(p->'events');
  i int; rv bigint; v_pos bigint; v_hash bytea; d bytea; m bytea; matches int := 0;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'es.append needs READ COMMITTED' using errcode = 'ES400';
  end if;
  perform pg_advisory_xact_lock(7700100);
  select * into s from es.stream where name = p->>'stream';
  cur := coalesce(s.revision, -1);
  if exp >= -1 then
    if exp < cur then
      for i in 0..n-1 loop
        if exists(select 1 from es.event x where x.stream_id = s.stream_id and x.revision = exp + 1 + i and x.event_id = (p->'events'->i->>'id')::uuid) then matches := matches + 1; end if;
      end loop;
      if matches < n then return jsonb_build_object('ok', false, 'actual', cur); end if;
      select pos into v_pos from es.event where stream_id = s.stream_id and revision = exp + n;
      return jsonb_build_object('ok', true, 'revision', exp + n, 'pos', v_pos);
    end if;
    if exp > cur then return jsonb_build_object('ok', false, 'actual', cur); end if;
  else
    if exp = -4 and cur < 0 then return jsonb_build_object('ok', false, 'actual', cur); end if;
    for i in 0..n-1 loop
      select min(x.revision) into rv from es.event x where x.event_id = (p->'events'->i->>'id')::uuid and x.stream_id = s.stream_id;
      exit when rv is null;
      matches := matches + 1;
    end loop;
    if matches = n then
      select pos into v_pos from es.event where stream_id = s.stream_id and revision = rv;
      return jsonb_build_object('ok', true, 'revision', rv, 'pos', v_pos);
    end if;
    if matches > 0 then return jsonb_build_object('ok', false, 'actual', cur); end if;
  end if;
  if s.stream_id is null then insert into es.stream(name) values (p->>'stream') returning * into s; end if;
  select x.pos, x.hash into v_pos, v_hash from es.event x order by x.pos desc limit 1;
  v_pos := coalesce(v_pos, 0); v_hash := coalesce(v_hash, decode(repeat('00', 32), 'hex'));
  for i in 0..n-1 loop
    e := p->'events'->i; v_pos := v_pos + 1; cur := cur + 1;
    d := convert_to(e->>'data', 'UTF8'); m := convert_to(e->>'meta', 'UTF8');
    v_hash := es.hash(v_hash, v_pos, s.name, cur, (e->>'id')::uuid, e->>'type', d, m);
    insert into es.event(pos, stream_id, revision, event_id, type, data, metadata, hash)
    values (v_pos, s.stream_id, cur, (e->>'id')::uuid, e->>'type', d, m, v_hash);
  end loop;
  update es.stream set revision = cur where stream_id = s.stream_id;
  perform pg_notify('es', v_pos::text);
  return jsonb_build_object('ok', true, 'revision', cur, 'pos', v_pos);
end $$;

create table projection_checkpoint(
  name text primary key, backend text not null, position text not null, version int not null, updated_at timestamptz not null default now());
`;

/** Migrations of a database that holds an event store. */
export const eventStoreMigrations: readonly {
  readonly name: string;
  readonly up: string;
  readonly down: string;
}[] = [
  {
    name: '20260101_000010_event_store',
    up,
    down: 'drop schema es cascade; drop table projection_checkpoint;',
  },
];
